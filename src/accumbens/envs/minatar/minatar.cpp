#include "accumbens/envs/minatar/minatar.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "accumbens/core/error.h"

namespace accumbens {

int64_t MinAtar::Grid::count() const {
  return std::count(cells_.begin(), cells_.end(), uint8_t{1});
}

void MinAtar::Grid::fill(int64_t left, int64_t top, int64_t right, int64_t bottom, uint8_t value) {
  for (int64_t y = top; y <= bottom; ++y) {
    for (int64_t x = left; x <= right; ++x) at(x, y) = value;
  }
}

void MinAtar::Grid::roll(int64_t dx, int64_t dy) {
  const Grid before = *this;
  for (int64_t y = 0; y < kSize; ++y) {
    for (int64_t x = 0; x < kSize; ++x) {
      at((x + dx + kSize) % kSize, (y + dy + kSize) % kSize) = before.at(x, y);
    }
  }
}

void MinAtar::Grid::state(StateTree& tree) {
  std::string cells(cells_.begin(), cells_.end());
  tree.bytes("cells", cells);
  if (cells.size() != cells_.size()) {
    throw Error("the saved state of a MinAtar game does not fit: a grid has " +
                std::to_string(cells.size()) + " cells instead of 100");
  }
  std::copy(cells.begin(), cells.end(), cells_.begin());
}

void MinAtar::cell_state(StateTree& tree, const std::string& name, int64_t& value) {
  tree(name, value);
  tree.require(name, value >= 0 && value < kSize);
}

void MinAtar::Screen::mark(int64_t channel, const Grid& grid) {
  for (int64_t y = 0; y < kSize; ++y) {
    for (int64_t x = 0; x < kSize; ++x) {
      if (grid.at(x, y)) mark(channel, x, y);
    }
  }
}

MinAtar::MinAtar(const MinAtarOptions& options, int64_t num_channels,
                 std::vector<Move> minimal_actions, uint64_t seed)
    : moves_(std::move(minimal_actions)),
      sticky_action_prob_(options.sticky_action_prob),
      ramping_(options.difficulty_ramping),
      random_(seed, "environment/0") {
  if (!options.use_minimal_action_set) {
    moves_ = {Move::kNone, Move::kLeft, Move::kUp, Move::kRight, Move::kDown, Move::kFire};
  }
  spec_ = {.name = "MinAtar/" + options.game_name,
           .observation_shape = {num_channels, kSize, kSize},
           .observation_dtype = torch::kUInt8,
           .num_actions = static_cast<int64_t>(moves_.size())};
}

StreamStep MinAtar::step_stream(const StreamAction& action, void* observation) {
  StreamStep step;
  if (begins_) {
    // a new episode ignores the action
    begin(random_);
    begins_ = false;
  } else {
    const int64_t chosen = discrete_action(spec_, action);

    // the first action of an episode may repeat the last of the one before, as in the package
    const bool sticks = random_.uniform() < sticky_action_prob_;
    if (!sticks) last_move_ = moves_[static_cast<size_t>(chosen)];
    const Outcome outcome = advance(last_move_, random_);
    step = answer(outcome.reward, outcome.terminated, /*truncated=*/false);
  }

  std::memset(observation, 0, static_cast<size_t>(spec_.observation_size()));
  Screen screen(static_cast<uint8_t*>(observation));
  draw(screen);
  return step;
}

void MinAtar::state(StateTree& tree) {
  tree("random", random_)("last_move", last_move_)("begins", begins_);
  tree.require("last_move", last_move_ >= Move::kNone && last_move_ <= Move::kFire);
  tree.scope("game", [&](StateTree& game) { game_state(game); });
}

}  // namespace accumbens
