#include "accumbens/envs/minatar/freeway.h"

#include <algorithm>

namespace accumbens {
namespace {

constexpr int64_t kSlowest = 5;  // frames for a cell, of a car

// a channel for each speed
enum Channel : int64_t { kChicken, kCar, kFirstSpeed, kNumChannels = kFirstSpeed + kSlowest };

constexpr int64_t kColumn = 4;         // of the chicken
constexpr int64_t kMoveInterval = 3;   // frames, of the chicken
constexpr int64_t kTimeLimit = 2'500;  // frames

}  // namespace

Freeway::Freeway(const MinAtarOptions& options, uint64_t seed)
    : MinAtar(options, kNumChannels, {Move::kNone, Move::kUp, Move::kDown}, seed) {}

void Freeway::Car::state(StateTree& tree) {
  cell_state(tree, "x", x);
  tree("interval", interval)("timer", timer)("dx", dx);
  tree.require("interval", interval >= 0 && interval <= kSlowest);
  tree.require("dx", dx >= -1 && dx <= 1);
}

void Freeway::begin(RandomStream& random) {
  cars_ = {};
  draw_speeds(random);
  chicken_y_ = kSize - 1;
  move_timer_ = kMoveInterval;
  frames_left_ = kTimeLimit;
}

// all speeds first, then all directions
void Freeway::draw_speeds(RandomStream& random) {
  for (Car& car : cars_) car.interval = car.timer = 1 + random.below(kSlowest);
  for (Car& car : cars_) car.dx = random.uniform() < 0.5 ? -1 : 1;
}

MinAtar::Outcome Freeway::advance(Move move, RandomStream& random) {
  Outcome outcome;
  if (move_timer_ == 0 && (move == Move::kUp || move == Move::kDown)) {
    move_timer_ = kMoveInterval;
    chicken_y_ = std::clamp<int64_t>(chicken_y_ + (move == Move::kUp ? -1 : 1), 0, kSize - 1);
  }

  // across
  if (chicken_y_ == 0) {
    outcome.reward += 1;
    draw_speeds(random);
    chicken_y_ = kSize - 1;
  }

  // cars hit before and after they move, and come in again at the other side
  int64_t row = 0;
  for (Car& car : cars_) {
    ++row;
    const auto hit = [&] {
      if (car.x == kColumn && row == chicken_y_) chicken_y_ = kSize - 1;
    };
    hit();
    if (car.timer > 0) {
      --car.timer;
      continue;
    }
    car.timer = car.interval;
    car.x = (car.x + car.dx + kSize) % kSize;
    hit();
  }

  move_timer_ = std::max<int64_t>(move_timer_ - 1, 0);
  outcome.terminated = --frames_left_ < 0;
  return outcome;
}

void Freeway::draw(Screen& screen) const {
  screen.mark(kChicken, kColumn, chicken_y_);
  int64_t row = 0;
  for (const Car& car : cars_) {
    ++row;
    screen.mark(kCar, car.x, row);
    screen.mark(kFirstSpeed + car.interval - 1, (car.x - car.dx + kSize) % kSize, row);
  }
}

void Freeway::game_state(StateTree& tree) {
  cell_state(tree, "chicken_y", chicken_y_);
  tree("move_timer", move_timer_)("frames_left", frames_left_);
  tree.require("frames_left", frames_left_ >= -1 && frames_left_ <= kTimeLimit);
  for (size_t i = 0; i < cars_.size(); ++i) tree("car_" + std::to_string(i), cars_[i]);
}

}  // namespace accumbens
