#include "accumbens/envs/minatar/asterix.h"

#include <algorithm>

namespace accumbens {
namespace {

enum Channel : int64_t { kPlayer, kEnemy, kTrail, kGold, kNumChannels };

// frames
constexpr int64_t kFirstSpawnInterval = 10;
constexpr int64_t kFirstMoveInterval = 5;
constexpr int64_t kRampInterval = 100;

}  // namespace

Asterix::Asterix(const MinAtarOptions& options, uint64_t seed)
    : MinAtar(options, kNumChannels,
              {Move::kNone, Move::kLeft, Move::kUp, Move::kRight, Move::kDown}, seed) {}

void Asterix::Thing::state(StateTree& tree) {
  tree("there", there)("x", x)("right", right)("gold", gold);
  tree.require("x", !there || (x >= 0 && x < kSize));
}

void Asterix::begin(RandomStream&) {
  player_x_ = 5;
  player_y_ = 5;
  things_ = {};
  spawn_interval_ = spawn_timer_ = kFirstSpawnInterval;
  move_interval_ = move_timer_ = kFirstMoveInterval;
  ramp_timer_ = kRampInterval;
  ramp_level_ = 0;
}

MinAtar::Outcome Asterix::advance(Move move, RandomStream& random) {
  Outcome outcome;
  if (spawn_timer_ == 0) {
    spawn(random);
    spawn_timer_ = spawn_interval_;
  }

  // the player stays between the first and the last row
  if (move == Move::kLeft) player_x_ = std::max<int64_t>(player_x_ - 1, 0);
  if (move == Move::kRight) player_x_ = std::min<int64_t>(player_x_ + 1, kSize - 1);
  if (move == Move::kUp) player_y_ = std::max<int64_t>(player_y_ - 1, 1);
  if (move == Move::kDown) player_y_ = std::min<int64_t>(player_y_ + 1, kSize - 2);
  for (size_t slot = 0; slot < things_.size(); ++slot) meet(slot, outcome);

  // things move, and are met once more
  if (move_timer_ == 0) {
    move_timer_ = move_interval_;
    for (size_t slot = 0; slot < things_.size(); ++slot) {
      Thing& thing = things_[slot];
      if (!thing.there) continue;
      thing.x += thing.right ? 1 : -1;
      if (thing.x < 0 || thing.x >= kSize) thing.there = false;
      meet(slot, outcome);
    }
  }

  --spawn_timer_;
  --move_timer_;
  if (ramping()) ramp();
  return outcome;
}

// something comes in at a random free row, if there is one
void Asterix::spawn(RandomStream& random) {
  const bool right = random.uniform() < 1.0 / 2.0;
  const bool gold = random.uniform() < 1.0 / 3.0;
  std::vector<size_t> free;
  for (size_t slot = 0; slot < things_.size(); ++slot) {
    if (!things_[slot].there) free.push_back(slot);
  }
  if (free.empty()) return;
  const size_t slot = free[static_cast<size_t>(random.below(static_cast<int64_t>(free.size())))];
  things_[slot] = {.there = true, .x = right ? 0 : kSize - 1, .right = right, .gold = gold};
}

void Asterix::meet(size_t slot, Outcome& outcome) {
  Thing& thing = things_[slot];
  const auto row = static_cast<int64_t>(slot) + 1;
  if (!thing.there || thing.x != player_x_ || row != player_y_) return;
  if (thing.gold) {
    thing.there = false;
    outcome.reward += 1;
  } else {
    outcome.terminated = true;
  }
}

// things come more often every time, and move faster every other time
void Asterix::ramp() {
  if (spawn_interval_ <= 1 && move_interval_ <= 1) return;
  if (ramp_timer_ >= 0) {
    --ramp_timer_;
    return;
  }
  if (move_interval_ > 1 && ramp_level_ % 2 == 1) --move_interval_;
  if (spawn_interval_ > 1) --spawn_interval_;
  ++ramp_level_;
  ramp_timer_ = kRampInterval;
}

void Asterix::draw(Screen& screen) const {
  screen.mark(kPlayer, player_x_, player_y_);
  for (size_t slot = 0; slot < things_.size(); ++slot) {
    const Thing& thing = things_[slot];
    if (!thing.there) continue;
    const auto row = static_cast<int64_t>(slot) + 1;
    screen.mark(thing.gold ? kGold : kEnemy, thing.x, row);
    const int64_t behind = thing.right ? thing.x - 1 : thing.x + 1;
    if (behind >= 0 && behind < kSize) screen.mark(kTrail, behind, row);
  }
}

void Asterix::game_state(StateTree& tree) {
  cell_state(tree, "player_x", player_x_);
  cell_state(tree, "player_y", player_y_);
  for (size_t slot = 0; slot < things_.size(); ++slot) {
    tree("thing_" + std::to_string(slot), things_[slot]);
  }
  tree("spawn_interval", spawn_interval_)("spawn_timer", spawn_timer_);
  tree("move_interval", move_interval_)("move_timer", move_timer_);
  tree("ramp_timer", ramp_timer_)("ramp_level", ramp_level_);
}

}  // namespace accumbens
