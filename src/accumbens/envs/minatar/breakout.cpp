#include "accumbens/envs/minatar/breakout.h"

#include <algorithm>

namespace accumbens {
namespace {

enum Channel : int64_t { kPaddle, kBall, kTrail, kBrick, kNumChannels };

}  // namespace

Breakout::Breakout(const MinAtarOptions& options, uint64_t seed)
    : MinAtar(options, kNumChannels, {Move::kNone, Move::kLeft, Move::kRight}, seed) {}

void Breakout::begin(RandomStream& random) {
  // the ball comes down from one of the sides
  const bool left = random.below(2) == 0;
  ball_x_ = last_x_ = left ? 0 : kSize - 1;
  ball_y_ = last_y_ = 3;
  dx_ = left ? 1 : -1;
  dy_ = 1;
  strikes_ = false;

  paddle_ = 4;
  bricks_ = {};
  bricks_.fill(0, 1, kSize - 1, 3, 1);
}

MinAtar::Outcome Breakout::advance(Move move, RandomStream&) {
  Outcome outcome;
  if (move == Move::kLeft) paddle_ = std::max<int64_t>(paddle_ - 1, 0);
  if (move == Move::kRight) paddle_ = std::min<int64_t>(paddle_ + 1, kSize - 1);

  // the ball flies on; walls turn it
  last_x_ = ball_x_;
  last_y_ = ball_y_;
  int64_t x = ball_x_ + dx_;
  int64_t y = ball_y_ + dy_;
  if (x < 0 || x >= kSize) {
    x = std::clamp<int64_t>(x, 0, kSize - 1);
    dx_ = -dx_;
  }

  bool among_bricks = false;
  if (y < 0) {
    y = 0;
    dy_ = -dy_;
  } else if (bricks_.at(x, y)) {
    // only the first of bricks in a row breaks, and turns the ball
    among_bricks = true;
    if (!strikes_) {
      outcome.reward += 1;
      strikes_ = true;
      bricks_.at(x, y) = 0;
      y = last_y_;
      dy_ = -dy_;
    }
  } else if (y == kSize - 1) {
    if (bricks_.count() == 0) bricks_.fill(0, 1, kSize - 1, 3, 1);

    // the paddle under the ball sends it on, beside it back to where it came from
    if (ball_x_ == paddle_) {
      dy_ = -dy_;
      y = last_y_;
    } else if (x == paddle_) {
      dx_ = -dx_;
      dy_ = -dy_;
      y = last_y_;
    } else {
      outcome.terminated = true;
    }
  }
  if (!among_bricks) strikes_ = false;
  ball_x_ = x;
  ball_y_ = y;
  return outcome;
}

void Breakout::draw(Screen& screen) const {
  screen.mark(kPaddle, paddle_, kSize - 1);
  screen.mark(kBall, ball_x_, ball_y_);
  screen.mark(kTrail, last_x_, last_y_);
  screen.mark(kBrick, bricks_);
}

void Breakout::game_state(StateTree& tree) {
  cell_state(tree, "paddle", paddle_);
  cell_state(tree, "ball_x", ball_x_);
  cell_state(tree, "ball_y", ball_y_);
  cell_state(tree, "last_x", last_x_);
  cell_state(tree, "last_y", last_y_);
  tree("dx", dx_)("dy", dy_)("strikes", strikes_)("bricks", bricks_);
  tree.require("dx", dx_ >= -1 && dx_ <= 1);
  tree.require("dy", dy_ >= -1 && dy_ <= 1);

  // in the last row a ball has fallen, and no brick may let it pass
  tree.require("ball_y", begins_ || ball_y_ < kSize - 1);
  for (int64_t x = 0; x < kSize; ++x) tree.require("bricks", !bricks_.at(x, kSize - 1));
}

}  // namespace accumbens
