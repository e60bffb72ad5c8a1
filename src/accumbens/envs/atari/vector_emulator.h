#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace accumbens {

/// What a VectorEmulator is made for.
struct VectorEmulatorOptions {
  std::string game;               // a name that EmulatorLibrary::games() lists
  int64_t num_streams = 1;        // B
  int64_t num_threads = 1;        // that emulate
  double sticky_probability = 0;  // of repeating the previous frame's action, drawn every frame
  int64_t frame_skip = 4;         // emulator frames per step
  int64_t screen_size = 84;       // height and width of what is shown, in pixels
  int64_t max_frames = 108'000;   // of a game, then it is cut
  int64_t max_noops = 0;          // a game begins with up to this many frames of doing nothing
};

/// Games of one kind that an emulator steps, pools and scales on threads of its own. As in
/// Emulator, this seam knows neither torch nor Python, and failures are std::runtime_error.
class VectorEmulator {
 public:
  virtual ~VectorEmulator() = default;

  /// Of the minimal set of this game.
  virtual int64_t num_actions() const = 0;

  /// Starts games in some streams. seeds: for each of them, or -1 to go on with its generator;
  /// screens: [B, size, size], of all.
  virtual void reset(const std::vector<int64_t>& streams, const std::vector<int64_t>& seeds,
                     uint8_t* screens) = 0;

  /// One step of all streams; where a game is over, another begins instead, with a reward of 0.
  /// actions: [B]; screens: [B, size, size]; rewards, terminated, truncated: [B].
  virtual void step(const int64_t* actions, uint8_t* screens, float* rewards, uint8_t* terminated,
                    uint8_t* truncated) = 0;
};

}  // namespace accumbens
