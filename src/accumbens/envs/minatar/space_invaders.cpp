#include "accumbens/envs/minatar/space_invaders.h"

#include <algorithm>

namespace accumbens {
namespace {

enum Channel : int64_t {
  kCannon,
  kAlien,
  kAlienLeft,
  kAlienRight,
  kBullet,
  kEnemyBullet,
  kNumChannels
};

// frames
constexpr int64_t kReloading = 5;
constexpr int64_t kFirstMoveInterval = 12;
constexpr int64_t kLastMoveInterval = 6;
constexpr int64_t kAlienReloading = 10;

}  // namespace

SpaceInvaders::SpaceInvaders(const MinAtarOptions& options, uint64_t seed)
    : MinAtar(options, kNumChannels, {Move::kNone, Move::kLeft, Move::kRight, Move::kFire}, seed) {}

void SpaceInvaders::begin(RandomStream&) {
  cannon_ = 5;
  shot_timer_ = 0;
  bullets_ = {};
  enemy_bullets_ = {};
  aliens_ = {};
  aliens_.fill(2, 0, 7, 3, 1);
  direction_ = -1;
  move_interval_ = move_timer_ = kFirstMoveInterval;
  alien_shot_timer_ = kAlienReloading;
}

MinAtar::Outcome SpaceInvaders::advance(Move move, RandomStream&) {
  constexpr int64_t kBottom = kSize - 1;
  Outcome outcome;
  if (move == Move::kFire && shot_timer_ == 0) {
    bullets_.at(cannon_, kBottom) = 1;
    shot_timer_ = kReloading;
  }
  if (move == Move::kLeft) cannon_ = std::max<int64_t>(cannon_ - 1, 0);
  if (move == Move::kRight) cannon_ = std::min<int64_t>(cannon_ + 1, kSize - 1);

  // bullets fly, up and down
  bullets_.roll(0, -1);
  bullets_.fill(0, kBottom, kSize - 1, kBottom, 0);
  enemy_bullets_.roll(0, 1);
  enemy_bullets_.fill(0, 0, kSize - 1, 0, 0);
  if (enemy_bullets_.at(cannon_, kBottom)) outcome.terminated = true;

  if (aliens_.at(cannon_, kBottom)) outcome.terminated = true;
  if (move_timer_ == 0) march(outcome);
  if (alien_shot_timer_ == 0) shoot_back();

  // a bullet and an alien in one cell destroy each other
  for (int64_t y = 0; y < kSize; ++y) {
    for (int64_t x = 0; x < kSize; ++x) {
      if (!aliens_.at(x, y) || !bullets_.at(x, y)) continue;
      aliens_.at(x, y) = bullets_.at(x, y) = 0;
      outcome.reward += 1;
    }
  }

  shot_timer_ = std::max<int64_t>(shot_timer_ - 1, 0);
  --move_timer_;
  --alien_shot_timer_;

  // the next wave
  if (aliens_.count() == 0) {
    if (ramping() && move_interval_ > kLastMoveInterval) --move_interval_;
    aliens_.fill(2, 0, 7, 3, 1);
  }
  return outcome;
}

// all aliens to the side, or at an edge down; those at the bottom come in at the top
void SpaceInvaders::march(Outcome& outcome) {
  move_timer_ = std::min(aliens_.count(), move_interval_);
  const int64_t edge = direction_ < 0 ? 0 : kSize - 1;
  bool at_edge = false;
  bool at_bottom = false;
  for (int64_t i = 0; i < kSize; ++i) {
    at_edge = at_edge || aliens_.at(edge, i);
    at_bottom = at_bottom || aliens_.at(i, kSize - 1);
  }
  if (at_edge) {
    direction_ = -direction_;
    if (at_bottom) outcome.terminated = true;
    aliens_.roll(0, 1);
  } else {
    aliens_.roll(direction_, 0);
  }
  if (aliens_.at(cannon_, kSize - 1)) outcome.terminated = true;
}

// the lowest alien of the nearest column that has any, the left one of two
void SpaceInvaders::shoot_back() {
  alien_shot_timer_ = kAlienReloading;
  for (int64_t distance = 0; distance < kSize; ++distance) {
    for (const int64_t x : {cannon_ - distance, cannon_ + distance}) {
      if (x < 0 || x >= kSize) continue;
      for (int64_t y = kSize - 1; y >= 0; --y) {
        if (!aliens_.at(x, y)) continue;
        enemy_bullets_.at(x, y) = 1;
        return;
      }
    }
  }
}

void SpaceInvaders::draw(Screen& screen) const {
  screen.mark(kCannon, cannon_, kSize - 1);
  screen.mark(kAlien, aliens_);
  screen.mark(direction_ < 0 ? kAlienLeft : kAlienRight, aliens_);
  screen.mark(kBullet, bullets_);
  screen.mark(kEnemyBullet, enemy_bullets_);
}

void SpaceInvaders::game_state(StateTree& tree) {
  cell_state(tree, "cannon", cannon_);
  tree("shot_timer", shot_timer_)("bullets", bullets_)("enemy_bullets", enemy_bullets_)(
      "aliens", aliens_)("direction", direction_);
  tree.require("direction", direction_ >= -1 && direction_ <= 1);  // 0 before the first game
  tree("move_interval", move_interval_)("move_timer", move_timer_)("alien_shot_timer",
                                                                   alien_shot_timer_);
}

}  // namespace accumbens
