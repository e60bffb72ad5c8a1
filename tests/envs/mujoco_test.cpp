#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/core/error.h"
#include "accumbens/envs/factory.h"
#include "accumbens/envs/mujoco/mujoco_task.h"
#include "accumbens/envs/mujoco_environment.h"
#include "envs/golden.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class MujocoTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(fs::path(ACCUMBENS_BINARY_DIR) / "accumbens_mujoco.so")) {
      GTEST_SKIP() << "built without MuJoCo";
    }
  }
};

std::string golden_name(const std::string& task) {
  std::string name = task;
  for (char& c : name) c = static_cast<char>(std::tolower(c));
  return "mujoco_" + name + ".bin";
}

// the scripts' random number in [-1, 1]
double draw(Lcg& random) {
  return static_cast<double>(random.below(2001)) / 1000 - 1;
}

std::vector<float> draw_action(const MujocoTask& task, Lcg& random) {
  std::vector<float> action;
  for (const float high : task.action_high()) {
    action.push_back(static_cast<float>(draw(random) * 1.2 * double{high}));
  }
  return action;
}

template <class T>
void append(std::vector<uint8_t>& shown, const T* values, size_t count) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values);
  shown.insert(shown.end(), bytes, bytes + count * sizeof(T));
}

void append(std::vector<uint8_t>& shown, const std::vector<double>& values) {
  append(shown, values.data(), values.size());
}

// one step with the scripts' action; appends what the digests are made of
MujocoOutcome step(MujocoTask& task, Lcg& random, std::vector<uint8_t>& shown) {
  const MujocoOutcome outcome = task.step(draw_action(task, random).data());
  append(shown, task.observe());
  append(shown, &outcome.reward, 1);
  shown.push_back(outcome.terminated ? 1 : 0);
  return outcome;
}

void begin(MujocoTask& task, Lcg& random) {
  const MujocoStart& start = task.start();
  std::vector<double> positions = start.positions;
  std::vector<double> velocities = start.velocities;
  for (double& x : positions) x += start.noise * draw(random);
  for (double& x : velocities) x += start.noise * draw(random);
  task.reset(positions, velocities);
}

// oracle: Gymnasium 1.4.0 with the same initial states and actions, tests/oracles/mujoco_tasks.py
TEST_F(MujocoTest, Equals10000StepsOfGymnasiumToTheLastBit) {
  for (const std::string& name : mujoco_tasks()) {
    SCOPED_TRACE(name);
    const auto task = make_mujoco_task(name);
    GoldenFile golden(golden_name(name));
    Lcg random(1);
    std::vector<uint8_t> shown;
    bool begins = true;
    int64_t steps = 0;
    while (!golden.at_end()) {
      if (begins) {
        begin(*task, random);
        append(shown, task->observe());
      }
      const MujocoOutcome outcome = step(*task, random, shown);
      begins = outcome.terminated;
      if (++steps % 10 == 0) {
        ASSERT_EQ(outcome.reward, golden.read<double>()) << "step " << steps;
        ASSERT_EQ(crc32(shown.data(), shown.size()), golden.read<uint32_t>()) << "step " << steps;
        shown.clear();
      }
    }
    EXPECT_EQ(steps, 10'000);
  }
}

// oracle: Gymnasium 1.4.0, where MuJoCo starts a simulation that diverges anew; see the script
TEST_F(MujocoTest, ASimulationThatDivergesGoesOnAsInGymnasium) {
  const fs::path folder = fs::path(ACCUMBENS_BINARY_DIR) / "tests" / "mujoco";
  fs::create_directories(folder);
  const fs::path before = fs::current_path();
  fs::current_path(folder);
  GoldenFile golden("mujoco_unstable.bin");
  for (const std::string& name : mujoco_tasks()) {
    SCOPED_TRACE(name);
    const auto task = make_mujoco_task(name);
    std::vector<double> velocities = task->start().velocities;
    velocities[0] = 1e12;
    task->reset(task->start().positions, velocities);
    Lcg random(1);
    for (int i = 0; i < 10; ++i) {
      std::vector<uint8_t> shown;
      const MujocoOutcome outcome = step(*task, random, shown);
      EXPECT_EQ(outcome.reward, golden.read<double>()) << "step " << i;
      EXPECT_EQ(crc32(shown.data(), shown.size()), golden.read<uint32_t>()) << "step " << i;
    }
  }
  EXPECT_TRUE(golden.at_end());
  EXPECT_TRUE(fs::is_empty(folder)) << "MuJoCo wrote its log";
  fs::current_path(before);
}

std::unique_ptr<Environment> make(const std::string& name, uint64_t seed) {
  return make_gym_environment({.environment_name = name, .version = "v5"}, seed);
}

torch::Tensor draw_actions(const Environment& environment, Lcg& random) {
  torch::Tensor actions = torch::empty({1, environment.spec().action_size()});
  for (int64_t i = 0; i < actions.numel(); ++i) {
    actions.mutable_data_ptr<float>()[i] = static_cast<float>(draw(random));
  }
  return actions;
}

// oracle: Gymnasium's spaces
TEST_F(MujocoTest, ObservationsAndActionsHaveGymnasiumsSizes) {
  const std::map<std::string, std::array<int64_t, 2>> sizes{{"Ant", {105, 8}},
                                                            {"HalfCheetah", {17, 6}},
                                                            {"Hopper", {11, 3}},
                                                            {"Humanoid", {348, 17}},
                                                            {"Walker2d", {17, 6}}};
  for (const auto& [name, size] : sizes) {
    const auto environment = make(name, /*seed=*/1);
    const EnvironmentSpec& spec = environment->spec();
    EXPECT_EQ(spec.name, name);
    EXPECT_EQ(spec.observation_shape, std::vector<int64_t>{size[0]});
    EXPECT_EQ(spec.action_size(), size[1]);
    const float bound = name == "Humanoid" ? 0.4F : 1.0F;
    EXPECT_THAT(spec.action_low, testing::Each(-bound));
    EXPECT_THAT(spec.action_high, testing::Each(bound));
  }
}

// oracle: the task itself, placed in the same state
TEST_F(MujocoTest, TheEnvironmentShowsTheTaskInSinglePrecisionUntilItEndsOrIsCut) {
  for (const std::string& name : mujoco_tasks()) {
    SCOPED_TRACE(name);
    const auto environment = make(name, /*seed=*/3);
    const auto task = make_mujoco_task(name);
    Lcg random(2);
    int64_t steps = 0;
    bool last = true;
    for (int i = 0; i < 2'100; ++i) {
      const torch::Tensor actions = draw_actions(*environment, random);
      const TimeStep time_step = environment->step(actions);
      ASSERT_EQ(time_step.first(0), last) << i;
      if (last) {
        // the initial state is in what the environment saves
        StateTree tree;
        environment->state(tree);
        StateTree saved(tree.contents());
        std::vector<double> simulation;
        saved("simulation", simulation);
        task->load_state(simulation);
        steps = 0;
        last = false;
        ASSERT_EQ(time_step.reward[0], 0);
        continue;
      }
      const MujocoOutcome outcome = task->step(actions.const_data_ptr<float>());
      const std::vector<double> seen = task->observe();
      last = outcome.terminated || ++steps == 1'000;
      ASSERT_EQ(time_step.last(0), last) << i;
      ASSERT_EQ(time_step.discount[0], outcome.terminated ? 0 : 1) << i;
      ASSERT_EQ(time_step.reward[0], static_cast<float>(outcome.reward)) << i;
      const float* shown = time_step.observation.const_data_ptr<float>();
      for (size_t k = 0; k < seen.size(); ++k) {
        ASSERT_EQ(shown[k], static_cast<float>(seen[k])) << i;
      }
    }
  }
}

// oracle: Gymnasium's rules: positions uniform, velocities normal or uniform, both around the
// model's
TEST_F(MujocoTest, InitialStatesHaveGymnasiumsDistribution) {
  for (const std::string& name : mujoco_tasks()) {
    SCOPED_TRACE(name);
    const auto task = make_mujoco_task(name);
    const MujocoStart& start = task->start();
    const auto environment = make(name, /*seed=*/5);
    double greatest_position = 0;
    double greatest_velocity = 0;
    double squares = 0;
    int64_t count = 0;
    for (int i = 0; i < 300; ++i) {
      environment->step(zero_actions(environment->spec()));
      environment->end_episode(0);
      StateTree tree;
      environment->state(tree);
      StateTree saved(tree.contents());
      std::vector<double> simulation;
      saved("simulation", simulation);

      // time, positions, velocities
      for (size_t k = 0; k < start.positions.size(); ++k) {
        greatest_position =
            std::max(greatest_position, std::abs(simulation[1 + k] - start.positions[k]));
      }
      for (size_t k = 0; k < start.velocities.size(); ++k) {
        const double velocity = simulation[1 + start.positions.size() + k] - start.velocities[k];
        greatest_velocity = std::max(greatest_velocity, std::abs(velocity));
        squares += velocity * velocity;
        ++count;
      }
    }
    const bool normal = name == "Ant" || name == "HalfCheetah";
    EXPECT_LE(greatest_position, start.noise * (1 + 1e-9));
    EXPECT_GT(greatest_position, 0.98 * start.noise);
    const double deviation = std::sqrt(squares / static_cast<double>(count)) / start.noise;
    EXPECT_NEAR(deviation, normal ? 1 : 1 / std::sqrt(3.0), 0.05);
    EXPECT_EQ(greatest_velocity > 2 * start.noise, normal);
  }
}

// oracle: the uninterrupted run
TEST_F(MujocoTest, ASavedEnvironmentGoesOnExactly) {
  for (const std::string& name : mujoco_tasks()) {
    SCOPED_TRACE(name);
    const auto environment = make(name, /*seed=*/7);
    const auto resumed = make(name, /*seed=*/8);
    Lcg random(3);
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 37; ++i) environment->step(draw_actions(*environment, random));
      StateTree saved;
      environment->state(saved);
      StateTree loaded(saved.contents());
      resumed->state(loaded);
      for (int i = 0; i < 200; ++i) {
        const torch::Tensor actions = draw_actions(*environment, random);
        const TimeStep a = environment->step(actions);
        const TimeStep b = resumed->step(actions);
        ASSERT_EQ(a.step_type, b.step_type) << round << " " << i;
        ASSERT_EQ(a.reward, b.reward) << round << " " << i;
        ASSERT_TRUE(torch::equal(a.observation, b.observation)) << round << " " << i;
      }
    }
  }
}

std::string failure_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

// oracle: the messages
TEST_F(MujocoTest, WhatDoesNotFitIsRefusedInOneSentence) {
  const auto hopper = make("Hopper", /*seed=*/1);
  hopper->step(torch::zeros({1, 3}));
  EXPECT_THAT(failure_of([&] {
                hopper->step(torch::zeros({1, 6}));
              }),
              HasSubstr("6 numbers as actions instead of 3"));
  EXPECT_THAT(failure_of([&] {
                hopper->step(torch::full({1, 3}, std::nan("")));
              }),
              HasSubstr("the action of Hopper is nan"));

  StateTree saved;
  hopper->state(saved);
  StateTree loaded(saved.contents());
  const auto walker = make("Walker2d", /*seed=*/1);
  EXPECT_THAT(failure_of([&] { walker->state(loaded); }), HasSubstr("another size"));
}

// oracle: the messages; MuJoCo itself ends the program where memory is too small
TEST_F(MujocoTest, ModelsThatAreMissingOrFailBecomeErrors) {
  const fs::path folder = fs::path(ACCUMBENS_BINARY_DIR) / "tests" / "mujoco_models";
  fs::create_directories(folder);
  setenv("ACCUMBENS_MUJOCO_ASSETS", folder.c_str(), /*overwrite=*/1);
  const auto failure = [&](const std::string& model) {
    std::ofstream(folder / "hopper.xml") << model;
    return failure_of([] { make("Hopper", /*seed=*/1); });
  };
  EXPECT_THAT(failure("<mujoco><nonsense/></mujoco>"), HasSubstr("hopper.xml is broken"));
  const std::string ball = "<body><freejoint/><geom size='1'/></body>";
  EXPECT_THAT(failure("<mujoco><size memory='4K'/><worldbody>" + ball + ball + ball +
                      "</worldbody></mujoco>"),
              HasSubstr("MuJoCo failed"));
  EXPECT_THAT(failure_of([] { make("Ant", /*seed=*/1); }), HasSubstr("there is no model"));
  unsetenv("ACCUMBENS_MUJOCO_ASSETS");
  fs::remove_all(folder);
}

// oracle: the message
TEST(MujocoTasks, OtherVersionsAreRefusedWithTheNameOfTheRightOne) {
  EXPECT_THAT(failure_of([] {
                make_gym_environment({.environment_name = "HalfCheetah", .version = "v2"}, 1);
              }),
              HasSubstr("bind create_gym_environment.version = 'v5'"));
  EXPECT_THAT(failure_of([] { make_gym_environment({.environment_name = "HalfCheetah-v4"}, 1); }),
              HasSubstr("bind create_gym_environment.environment_name = 'HalfCheetah-v5'"));
}

}  // namespace
}  // namespace accumbens
