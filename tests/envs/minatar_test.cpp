#include "accumbens/envs/minatar/minatar.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "accumbens/core/error.h"
#include "accumbens/envs/factory.h"
#include "envs/golden.h"

namespace accumbens {
namespace {

const std::vector<std::string> kGames{"asterix", "breakout", "freeway", "seaquest",
                                      "space_invaders"};

torch::Tensor action(int64_t value) {
  return torch::full({1}, value, torch::kInt64);
}

// replays golden steps: every step type, discount and reward and all observations must agree
void expect_golden(const MinAtarOptions& options, const std::string& file, int64_t expected_steps) {
  SCOPED_TRACE(file);
  const auto environment = make_minatar_environment(options, /*seed=*/1);
  GoldenFile golden(file);
  std::vector<uint8_t> shown;
  int64_t steps = 0;
  while (!golden.at_end()) {
    const auto event = golden.read<uint8_t>();
    const bool first = event & 8;
    const bool terminated = event & 16;
    const TimeStep time_step = environment->step(action(event & 7));
    ASSERT_EQ(time_step.first(0), first) << "step " << steps;
    ASSERT_EQ(time_step.last(0), terminated) << "step " << steps;
    ASSERT_EQ(time_step.discount[0], terminated ? 0 : 1) << "step " << steps;
    ASSERT_EQ(time_step.reward[0], golden.read<uint8_t>()) << "step " << steps;

    const uint8_t* cells = time_step.observation.const_data_ptr<uint8_t>();
    shown.insert(shown.end(), cells, cells + time_step.observation.numel());
    if (++steps % 10 == 0) {
      ASSERT_EQ(crc32(shown.data(), shown.size()), golden.read<uint32_t>()) << "step " << steps;
      shown.clear();
    }
  }
  EXPECT_EQ(steps, expected_steps);
}

// oracle: the package minatar 1.0.15 with the same random numbers, tests/oracles/minatar_games.py
TEST(MinAtar, Equals10000StepsOfThePackage) {
  for (const std::string& game : kGames) {
    expect_golden({.game_name = game}, "minatar_" + game + ".bin", 10'000);
  }
}

// oracle: the same without sticky actions and without ramping
TEST(MinAtar, EqualsThePackageWithoutItsExtras) {
  for (const std::string& game : kGames) {
    expect_golden({.game_name = game, .sticky_action_prob = 0, .difficulty_ramping = false},
                  "minatar_" + game + "_plain.bin", 2'000);
  }
}

// oracle: the package's minimal_action_set, and the full set with the same moves
TEST(MinAtar, MinimalActionsAreThoseOfThePackage) {
  const std::map<std::string, std::vector<int64_t>> minimal{{"asterix", {0, 1, 2, 3, 4}},
                                                            {"breakout", {0, 1, 3}},
                                                            {"freeway", {0, 2, 4}},
                                                            {"seaquest", {0, 1, 2, 3, 4, 5}},
                                                            {"space_invaders", {0, 1, 3, 5}}};
  for (const auto& [game, actions] : minimal) {
    const auto few =
        make_minatar_environment({.game_name = game, .use_minimal_action_set = true}, /*seed=*/3);
    const auto all = make_minatar_environment({.game_name = game}, /*seed=*/3);
    const auto count = static_cast<int64_t>(actions.size());
    ASSERT_EQ(few->spec().num_actions, count) << game;
    EXPECT_EQ(all->spec().num_actions, 6);
    Lcg random(1);
    for (int step = 0; step < 300; ++step) {
      const int64_t i = random.below(count);
      const TimeStep a = few->step(action(i));
      const TimeStep b = all->step(action(actions[static_cast<size_t>(i)]));
      ASSERT_TRUE(torch::equal(a.observation, b.observation)) << game << " " << step;
    }
  }
}

// oracle: nothing has been done before the first action, so nothing is done for ever
TEST(MinAtar, ActionsThatAlwaysStickAreTheFirst) {
  const MinAtarOptions sticky{.game_name = "seaquest", .sticky_action_prob = 1};
  const auto idle = make_minatar_environment(sticky, /*seed=*/3);
  const auto busy = make_minatar_environment(sticky, /*seed=*/3);
  for (int step = 0; step < 300; ++step) {
    ASSERT_TRUE(
        torch::equal(idle->step(action(0)).observation, busy->step(action(step % 6)).observation));
  }
}

// oracle: the uninterrupted game
TEST(MinAtar, ASavedGameGoesOnExactly) {
  for (const std::string& game : kGames) {
    const auto environment = make_minatar_environment({.game_name = game}, /*seed=*/7);
    const auto resumed = make_minatar_environment({.game_name = game}, /*seed=*/8);
    Lcg random(3);
    for (int round = 0; round < 10; ++round) {
      for (int i = 0; i < 37; ++i) environment->step(action(random.below(6)));
      StateTree saved;
      environment->state(saved);
      StateTree loaded(saved.contents());
      resumed->state(loaded);
      for (int i = 0; i < 200; ++i) {
        const int64_t act = random.below(6);
        const TimeStep a = environment->step(action(act));
        const TimeStep b = resumed->step(action(act));
        ASSERT_EQ(a.step_type, b.step_type) << game << " " << round << " " << i;
        ASSERT_EQ(a.reward, b.reward) << game << " " << round << " " << i;
        ASSERT_TRUE(torch::equal(a.observation, b.observation)) << game << " " << round << " " << i;
      }
    }
  }
}

// oracle: the environment that goes on; a number off the grid is refused
TEST(MinAtar, EveryStateOfAGameIsLoadedAndNoneOffTheGrid) {
  for (const std::string& game : kGames) {
    const auto environment = make_minatar_environment({.game_name = game}, /*seed=*/5);
    const auto other = make_minatar_environment({.game_name = game}, /*seed=*/6);
    Lcg random(1);
    StateTree::Contents contents;
    for (int i = 0; i < 3'000; ++i) {
      StateTree saved;
      environment->state(saved);
      contents = saved.contents();
      StateTree tree(contents);
      ASSERT_NO_THROW(other->state(tree)) << game << " " << i;
      environment->step(action(random.below(6)));
    }
    int refused = 0;
    for (const auto& [key, value] : contents.values.items()) {
      const std::string name = key.substr(key.rfind('/') + 1);
      const bool may_be_negative =
          name == "oxygen" || name == "diver_count" || name == "direction" || name == "frames_left";
      if (name != "paddle" && name != "cannon" && !name.ends_with("_x") && !name.ends_with("_y") &&
          name != "last_move" && name != "size" && !may_be_negative) {
        continue;
      }
      const int64_t too_low = may_be_negative ? std::numeric_limits<int64_t>::min() : -1;
      for (const int64_t wrong : {too_low, int64_t{3'000}}) {
        StateTree::Contents forged = contents;
        forged.values[key] = wrong;
        StateTree tree(forged);
        EXPECT_THROW(other->state(tree), Error) << game << " " << key << " " << wrong;
        ++refused;
      }
    }
    EXPECT_GE(refused, 4) << game;
  }
}

// oracle: the last row is the paddle's, where a ball has fallen; there are no cells below
TEST(MinAtar, ABallThatWouldLeaveTheGridIsRefused) {
  const auto breakout = make_minatar_environment({.game_name = "breakout"}, /*seed=*/5);
  breakout->step(action(0));
  StateTree saved;
  breakout->state(saved);
  StateTree::Contents fallen = saved.contents(), walled = saved.contents();
  fallen.values["game/ball_y"] = 9;
  walled.tensors["game/bricks/cells"] = torch::ones({100}, torch::kUInt8);
  for (const StateTree::Contents& forged : {fallen, walled}) {
    StateTree tree(forged);
    EXPECT_THROW(breakout->state(tree), Error);
  }
}

TEST(MinAtar, SaysWhatItIs) {
  const std::map<std::string, int64_t> channels{
      {"asterix", 4}, {"breakout", 4}, {"freeway", 7}, {"seaquest", 10}, {"space_invaders", 6}};
  for (const auto& [game, count] : channels) {
    const auto environment = make_minatar_environment({.game_name = game}, /*seed=*/1);
    EXPECT_EQ(environment->spec().name, "MinAtar/" + game);
    EXPECT_EQ(environment->spec().observation_shape, std::vector<int64_t>({count, 10, 10}));
    EXPECT_EQ(environment->spec().observation_dtype, torch::kUInt8);

    // an episode that is ended from outside begins anew
    EXPECT_TRUE(environment->step(action(0)).first(0));
    EXPECT_FALSE(environment->step(action(0)).first(0));
    environment->end_episode(0);
    EXPECT_TRUE(environment->step(action(0)).first(0));
  }
}

TEST(MinAtar, WhatDoesNotExistIsRefused) {
  EXPECT_THROW(make_minatar_environment({.game_name = "pong"}, /*seed=*/1), ConfigError);
  const auto environment = make_minatar_environment(
      {.game_name = "breakout", .use_minimal_action_set = true}, /*seed=*/1);
  environment->step(action(9));  // ignored: the episode begins
  EXPECT_THROW(environment->step(action(3)), Error);
  EXPECT_THROW(environment->step(action(-1)), Error);
}

}  // namespace
}  // namespace accumbens
