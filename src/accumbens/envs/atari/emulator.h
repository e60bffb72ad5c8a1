#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/envs/atari/vector_emulator.h"

namespace accumbens {

/// The console's whole memory.
inline constexpr int64_t kRamBytes = 128;

/// What an emulator is made for.
struct EmulatorOptions {
  std::string game;               // a name that EmulatorLibrary::games() lists
  double sticky_probability = 0;  // of repeating the previous frame's action, drawn every frame
  uint32_t seed = 0;              // of those draws, below 2^31
  bool window = false;            // shows the screen there, by ale-py
};

/// An Atari 2600 with one game in it. This seam knows neither torch nor Python.
///
/// Sticky actions are those of Machado et al. (2018), as the Arcade Learning Environment draws
/// them: per emulator frame, whatever the agent's frame skip. Functions may be called from any
/// thread, by one at a time. Failures are std::runtime_error.
class Emulator {
 public:
  virtual ~Emulator() = default;

  /// Starts a game.
  virtual void reset() = 0;

  /// Emulates one frame and returns its reward. action: 0 ... num_actions()-1, of the minimal set,
  /// of which 0 is to do nothing. Does nothing once the game is over.
  virtual int64_t act(int64_t action) = 0;

  /// Whether the game has ended, so that only reset() goes on.
  virtual bool game_over() = 0;

  /// Lives left, 0 in games without lives.
  virtual int64_t lives() = 0;

  /// Of the minimal set of this game.
  virtual int64_t num_actions() const = 0;

  /// Whether action 1 fires, and does nothing else: games that wait for it begin when it does.
  virtual bool fires() const = 0;

  /// H, in pixels.
  virtual int64_t screen_height() const = 0;

  /// W, in pixels.
  virtual int64_t screen_width() const = 0;

  /// The present screen, rows from the top. pixels: [H, W].
  virtual void screen_grayscale(uint8_t* pixels) = 0;

  /// The same in colour. pixels: [H, W, 3].
  virtual void screen_rgb(uint8_t* pixels) = 0;

  /// The console's memory. bytes: [kRamBytes].
  virtual void ram(uint8_t* bytes) = 0;

  /// Everything that decides how the game goes on, the random generator included; not the screen,
  /// which is valid again after the next act() or reset().
  virtual std::string save_state() = 0;

  /// Continues from what save_state() gave for the same game.
  virtual void load_state(const std::string& state) = 0;
};

/// What a plug-in gives: emulators, and the games that they play. Functions are called by one
/// thread at a time.
class EmulatorLibrary {
 public:
  virtual ~EmulatorLibrary() = default;

  /// Names as in Gymnasium and Dopamine ("SpaceInvaders"), sorted.
  virtual std::vector<std::string> games() = 0;

  /// A game that games() lists, reset. Throws std::runtime_error if it cannot.
  virtual std::unique_ptr<Emulator> create(const EmulatorOptions& options) = 0;
};

/// The same, and many games at once.
class VectorEmulatorLibrary : public EmulatorLibrary {
 public:
  /// Not begun. Throws as create() does.
  virtual std::unique_ptr<VectorEmulator> create_vector(const VectorEmulatorOptions& options) = 0;
};

/// ALE's own C++ library in the plug-in accumbens_ale where there is one, whose emulators run at
/// the same time on different threads; else ale-py's, which take turns. Their games are the same,
/// frame by frame. Throws Error if the plug-in does not load.
EmulatorLibrary& emulator_library();

/// ale-py in the plug-in accumbens_python. Throws Error if that is not there or does not load.
VectorEmulatorLibrary& python_emulator_library();

/// What "space_invaders" and "SpaceInvaders" have in common: "spaceinvaders".
std::string plain_game_name(const std::string& name);

/// A game from the library. Throws ConfigError naming the nearest games if there is none of that
/// name; "space_invaders", the way ROMs are named, is understood as well.
std::unique_ptr<Emulator> make_emulator(EmulatorOptions options);

/// The same for many games at once.
std::unique_ptr<VectorEmulator> make_vector_emulator(VectorEmulatorOptions options);

}  // namespace accumbens
