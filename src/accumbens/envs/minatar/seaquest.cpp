#include "accumbens/envs/minatar/seaquest.h"

#include <algorithm>

namespace accumbens {
namespace {

enum Channel : int64_t {
  kFront,
  kBack,
  kBullet,
  kTrail,
  kShot,
  kFish,
  kSubmarine,
  kOxygen,
  kDiverCount,
  kDiver,
  kNumChannels
};

constexpr int64_t kMostThings = 1'000;  // of a kind, in a saved state

constexpr int64_t kMaxOxygen = 200;  // frames
constexpr int64_t kMaxDivers = 6;    // on board

// below none, every surfacing takes one more; more than any game takes
constexpr int64_t kFewestDivers = -1'000'000'000;

// frames
constexpr int64_t kFirstSpawnInterval = 20;
constexpr int64_t kDiverSpawnInterval = 30;
constexpr int64_t kFirstMoveInterval = 5;
constexpr int64_t kDiverMoveInterval = 5;
constexpr int64_t kReloading = 5;
constexpr int64_t kEnemyReloading = 10;

}  // namespace

Seaquest::Seaquest(const MinAtarOptions& options, uint64_t seed)
    : MinAtar(options, kNumChannels,
              {Move::kNone, Move::kLeft, Move::kUp, Move::kRight, Move::kDown, Move::kFire}, seed) {
}

void Seaquest::Thing::state(StateTree& tree) {
  cell_state(tree, "x", x);
  cell_state(tree, "y", y);
  tree("right", right)("move_timer", move_timer)("shot_timer", shot_timer);
}

void Seaquest::begin(RandomStream&) {
  player_ = {.x = 5, .y = 0};
  for (Things* things : {&bullets_, &divers_, &fish_, &submarines_, &shots_}) things->clear();
  oxygen_ = kMaxOxygen;
  diver_count_ = 0;
  at_surface_ = true;
  spawn_interval_ = spawn_timer_ = kFirstSpawnInterval;
  diver_timer_ = kDiverSpawnInterval;
  move_interval_ = kFirstMoveInterval;
  ramp_level_ = 0;
}

MinAtar::Outcome Seaquest::advance(Move move, RandomStream& random) {
  Outcome outcome;
  if (spawn_timer_ == 0) {
    spawn_enemy(random);
    spawn_timer_ = spawn_interval_;
  }
  if (diver_timer_ == 0) {
    spawn_diver(random);
    diver_timer_ = kDiverSpawnInterval;
  }

  // in this order; within each, the youngest first
  steer(move);
  move_bullets(outcome);
  move_divers();
  move_submarines(outcome);
  move_shots(outcome);
  move_fish(outcome);

  for (int64_t* timer : {&spawn_timer_, &diver_timer_, &player_.shot_timer}) {
    *timer = std::max<int64_t>(*timer - 1, 0);
  }
  breathe(outcome);
  return outcome;
}

// not in a row where something swims the other way
void Seaquest::spawn_enemy(RandomStream& random) {
  const bool right = random.uniform() < 1.0 / 2.0;
  const bool submarine = random.uniform() < 1.0 / 3.0;
  const int64_t row = 1 + random.below(kSize - 2);
  for (const Things* things : {&submarines_, &fish_}) {
    for (const Thing& thing : *things) {
      if (thing.y == row && thing.right != right) return;
    }
  }
  (submarine ? submarines_ : fish_)
      .push_back({.x = right ? 0 : kSize - 1,
                  .y = row,
                  .right = right,
                  .move_timer = move_interval_,
                  .shot_timer = kEnemyReloading});
}

void Seaquest::spawn_diver(RandomStream& random) {
  const bool right = random.uniform() < 1.0 / 2.0;
  const int64_t row = 1 + random.below(kSize - 2);
  divers_.push_back(
      {.x = right ? 0 : kSize - 1, .y = row, .right = right, .move_timer = kDiverMoveInterval});
}

void Seaquest::steer(Move move) {
  if (move == Move::kFire && player_.shot_timer == 0) {
    bullets_.push_back({.x = player_.x, .y = player_.y, .right = player_.right});
    player_.shot_timer = kReloading;
  }
  if (move == Move::kLeft || move == Move::kRight) {
    player_.right = move == Move::kRight;
    player_.advance();
    player_.x = std::clamp<int64_t>(player_.x, 0, kSize - 1);
  }

  // the last row is the gauges'
  if (move == Move::kUp) player_.y = std::max<int64_t>(player_.y - 1, 0);
  if (move == Move::kDown) player_.y = std::min<int64_t>(player_.y + 1, kSize - 2);
}

// takes away the oldest of `things` that is at the place of another
bool Seaquest::take_at(Things& things, const Thing& place) {
  const auto found = std::find_if(things.begin(), things.end(),
                                  [&](const Thing& thing) { return thing.meets(place); });
  if (found == things.end()) return false;
  things.erase(found);
  return true;
}

void Seaquest::move_bullets(Outcome& outcome) {
  for (auto i = std::ssize(bullets_); i-- > 0;) {
    Thing& bullet = bullets_[static_cast<size_t>(i)];
    bullet.advance();
    const bool outside = bullet.outside();
    const bool hits = !outside && (take_at(fish_, bullet) || take_at(submarines_, bullet));
    if (hits) outcome.reward += 1;
    if (hits || outside) bullets_.erase(bullets_.begin() + i);
  }
}

void Seaquest::move_divers() {
  for (auto i = std::ssize(divers_); i-- > 0;) {
    Thing& diver = divers_[static_cast<size_t>(i)];
    const auto boards = [&] { return diver.meets(player_) && diver_count_ < kMaxDivers; };
    bool on_board = boards();
    bool outside = false;
    if (!on_board) {
      if (diver.move_timer > 0) {
        --diver.move_timer;
        continue;
      }
      diver.move_timer = kDiverMoveInterval;
      diver.advance();
      outside = diver.outside();
      on_board = boards();
    }
    if (on_board) ++diver_count_;
    if (on_board || outside) divers_.erase(divers_.begin() + i);
  }
}

// a frame of a fish or an enemy submarine; whether it is gone
bool Seaquest::swim(Thing& thing, Outcome& outcome) {
  if (thing.meets(player_)) outcome.terminated = true;
  if (thing.move_timer > 0) {
    --thing.move_timer;
    return false;
  }
  thing.move_timer = move_interval_;
  thing.advance();
  if (thing.outside()) return true;
  if (thing.meets(player_)) {
    outcome.terminated = true;
    return false;
  }
  if (!take_at(bullets_, thing)) return false;
  outcome.reward += 1;
  return true;
}

void Seaquest::move_submarines(Outcome& outcome) {
  for (auto i = std::ssize(submarines_); i-- > 0;) {
    Thing& submarine = submarines_[static_cast<size_t>(i)];
    const bool gone = swim(submarine, outcome);

    // one that is gone may still shoot
    if (submarine.shot_timer == 0) {
      submarine.shot_timer = kEnemyReloading;
      shots_.push_back({.x = submarine.x, .y = submarine.y, .right = submarine.right});
    } else {
      --submarine.shot_timer;
    }
    if (gone) submarines_.erase(submarines_.begin() + i);
  }
}

void Seaquest::move_shots(Outcome& outcome) {
  for (auto i = std::ssize(shots_); i-- > 0;) {
    Thing& shot = shots_[static_cast<size_t>(i)];
    if (shot.meets(player_)) outcome.terminated = true;
    shot.advance();
    if (shot.meets(player_)) outcome.terminated = true;
    if (shot.outside()) shots_.erase(shots_.begin() + i);
  }
}

void Seaquest::move_fish(Outcome& outcome) {
  for (auto i = std::ssize(fish_); i-- > 0;) {
    if (swim(fish_[static_cast<size_t>(i)], outcome)) fish_.erase(fish_.begin() + i);
  }
}

void Seaquest::breathe(Outcome& outcome) {
  if (oxygen_ <= 0) outcome.terminated = true;
  if (player_.y > 0) {
    --oxygen_;
    at_surface_ = false;
  } else if (!at_surface_) {
    if (diver_count_ == 0) {
      outcome.terminated = true;
    } else {
      outcome.reward += static_cast<float>(surface());
    }
  }
}

// returns the reward
int64_t Seaquest::surface() {
  at_surface_ = true;
  int64_t reward = 0;
  if (diver_count_ == kMaxDivers) {
    diver_count_ = 0;
    reward = oxygen_ * 10 / kMaxOxygen;
  }
  oxygen_ = kMaxOxygen;
  --diver_count_;

  // harder, until enemies come every frame and move every third
  if (ramping() && (spawn_interval_ > 1 || move_interval_ > 2)) {
    if (move_interval_ > 2 && ramp_level_ % 2 == 1) --move_interval_;
    if (spawn_interval_ > 1) --spawn_interval_;
    ++ramp_level_;
  }
  return reward;
}

// things with their trails
void Seaquest::draw_things(Screen& screen, int64_t channel, const Things& things) {
  for (const Thing& thing : things) {
    screen.mark(channel, thing.x, thing.y);
    const int64_t behind = thing.right ? thing.x - 1 : thing.x + 1;
    if (behind >= 0 && behind < kSize) screen.mark(kTrail, behind, thing.y);
  }
}

void Seaquest::draw(Screen& screen) const {
  screen.mark(kFront, player_.x, player_.y);
  screen.mark(kBack, player_.right ? player_.x - 1 : player_.x + 1, player_.y);
  for (const Thing& bullet : bullets_) screen.mark(kBullet, bullet.x, bullet.y);
  for (const Thing& shot : shots_) screen.mark(kShot, shot.x, shot.y);
  draw_things(screen, kFish, fish_);
  draw_things(screen, kSubmarine, submarines_);
  draw_things(screen, kDiver, divers_);

  // the gauges: oxygen from the left, divers from the right of the ninth column on
  for (int64_t x = 0; x < oxygen_ * kSize / kMaxOxygen; ++x) screen.mark(kOxygen, x, kSize - 1);
  for (int64_t x = kSize - 1 - diver_count_; x < kSize - 1; ++x) {
    screen.mark(kDiverCount, x, kSize - 1);
  }
}

void Seaquest::things_state(StateTree& tree, const std::string& name, Things& things) {
  tree.scope(name, [&](StateTree& inside) {
    auto size = std::ssize(things);
    inside("size", size);
    inside.require("size", size >= 0 && size <= kMostThings);
    things.resize(static_cast<size_t>(size));
    for (size_t i = 0; i < things.size(); ++i) inside(std::to_string(i), things[i]);
  });
}

void Seaquest::game_state(StateTree& tree) {
  tree("player", player_);
  things_state(tree, "bullets", bullets_);
  things_state(tree, "divers", divers_);
  things_state(tree, "fish", fish_);
  things_state(tree, "submarines", submarines_);
  things_state(tree, "shots", shots_);
  tree("oxygen", oxygen_)("diver_count", diver_count_)("at_surface", at_surface_);
  tree.require("oxygen", oxygen_ >= -1 && oxygen_ <= kMaxOxygen);  // -1 where it ended the game
  tree.require("diver_count", diver_count_ >= kFewestDivers && diver_count_ <= kMaxDivers);
  tree("spawn_interval", spawn_interval_)("spawn_timer", spawn_timer_)("diver_timer", diver_timer_);
  tree("move_interval", move_interval_)("ramp_level", ramp_level_);
}

}  // namespace accumbens
