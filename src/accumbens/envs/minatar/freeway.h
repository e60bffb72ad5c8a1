#pragma once

#include <array>

#include "accumbens/envs/minatar/minatar.h"

namespace accumbens {

/// A chicken crosses eight lanes, a row every three frames at most; each time it comes to the top
/// is worth 1, gives all cars other speeds, and takes it back to the bottom, as does a car that
/// hits it. The game ends in the frame after 2,500, and does not grow harder.
///
/// Channels: chicken, cars, then five of trails (where cars were), one for each speed: a car that
/// moves every frame is in the first, one that moves every fifth in the last.
class Freeway final : public MinAtar {
 public:
  /// seed: of all that is random in it.
  Freeway(const MinAtarOptions& options, uint64_t seed);

 protected:
  void begin(RandomStream& random) override;
  Outcome advance(Move move, RandomStream& random) override;
  void draw(Screen& screen) const override;
  void game_state(StateTree& tree) override;

 private:
  struct Car {
    int64_t x = 0;
    int64_t interval = 1;  // between its moves, 1 to 5
    int64_t timer = 0;     // frames until the next
    int64_t dx = 1;        // 1 to the right, -1 to the left

    void state(StateTree& tree);
  };

  void draw_speeds(RandomStream& random);

  int64_t chicken_y_ = 0;
  int64_t move_timer_ = 0;   // frames until the chicken can move
  int64_t frames_left_ = 0;  // of the episode
  std::array<Car, 8> cars_;  // car i is in row i + 1
};

}  // namespace accumbens
