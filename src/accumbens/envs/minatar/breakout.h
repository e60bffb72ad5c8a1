#pragma once

#include "accumbens/envs/minatar/minatar.h"

namespace accumbens {

/// A paddle keeps a ball, which flies along diagonals, from falling; every brick that it breaks is
/// worth 1. When all are broken and the ball comes down, there are three new rows. A ball that
/// falls ends the game. The game does not grow harder.
///
/// Channels: paddle, ball, trail (where the ball was), bricks.
class Breakout final : public MinAtar {
 public:
  /// seed: of all that is random in it.
  Breakout(const MinAtarOptions& options, uint64_t seed);

 protected:
  void begin(RandomStream& random) override;
  Outcome advance(Move move, RandomStream& random) override;
  void draw(Screen& screen) const override;
  void game_state(StateTree& tree) override;

 private:
  int64_t paddle_ = 0;  // its column
  int64_t ball_x_ = 0;
  int64_t ball_y_ = 0;
  int64_t last_x_ = 0;  // of the ball
  int64_t last_y_ = 0;
  int64_t dx_ = 0;        // cells per frame
  int64_t dy_ = 0;        // cells per frame
  bool strikes_ = false;  // the ball broke a brick and is among bricks since
  Grid bricks_;
};

}  // namespace accumbens
