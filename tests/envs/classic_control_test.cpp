#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "accumbens/core/error.h"
#include "accumbens/core/state_tree.h"
#include "accumbens/envs/classic_control/acrobot.h"
#include "accumbens/envs/classic_control/cart_pole.h"
#include "accumbens/envs/classic_control/mountain_car.h"
#include "accumbens/envs/classic_control/mountain_car_continuous.h"
#include "accumbens/envs/classic_control/pendulum.h"
#include "accumbens/envs/factory.h"
#include "envs/golden.h"

namespace accumbens {
namespace {

torch::Tensor action(int64_t value) {
  return torch::full({1}, value, torch::kInt64);
}

struct Difference {
  double variables = 0;    // largest absolute difference
  double observation = 0;  // likewise, relative to float32's spacing at 1
  int64_t steps = 0;
};

// reads a golden state and observation; an episode's first state is taken over
void compare(ClassicControl& environment, const TimeStep& time_step, GoldenFile& golden,
             size_t num_variables, Difference& difference) {
  std::array<double, 4> variables{};
  for (size_t i = 0; i < num_variables; ++i) variables[i] = golden.read<double>();
  if (time_step.first(0)) environment.set_variables(variables);
  for (size_t i = 0; i < 4; ++i) {
    difference.variables =
        std::max(difference.variables, std::abs(environment.variables()[i] - variables[i]));
  }
  const float* values = time_step.observation.const_data_ptr<float>();
  for (int64_t i = 0; i < time_step.observation.numel(); ++i) {
    const double error = std::abs(double{values[i]} - golden.read<float>());
    if (!time_step.first(0)) {
      difference.observation = std::max(difference.observation, error * 0x1.0p23);
    }
  }
}

// replays golden steps: every reward, step type and discount must agree
Difference replay(ClassicControl& environment, const std::string& file, float reward_at_end,
                  float reward_else, size_t num_variables = 4) {
  GoldenFile golden(file);
  Difference difference;
  while (!golden.at_end()) {
    const auto act = golden.read<uint8_t>();
    const auto flags = golden.read<uint8_t>();
    const bool first = flags & 1;
    const bool terminated = flags & 2;
    const bool truncated = flags & 4;
    const bool sampled = flags & 8;

    const TimeStep time_step = environment.step(action(act));
    EXPECT_EQ(time_step.first(0), first) << "step " << difference.steps;
    EXPECT_EQ(time_step.last(0), terminated || truncated) << "step " << difference.steps;
    EXPECT_EQ(time_step.discount[0], terminated ? 0 : 1);
    EXPECT_EQ(time_step.reward[0], first ? 0 : terminated ? reward_at_end : reward_else);
    if (sampled) compare(environment, time_step, golden, num_variables, difference);
    ++difference.steps;
  }
  return difference;
}

// oracle: Gymnasium 1.x, tests/oracles/cartpole_acrobot.py
TEST(CartPole, Equals10000RandomStepsOfGymnasium) {
  CartPole environment(500, /*seed=*/1);
  const Difference difference = replay(environment, "cartpole_v1.bin", 1, 1);
  EXPECT_EQ(difference.steps, 10'000);

  // bit for bit wherever sine and cosine round as in glibc
  EXPECT_EQ(difference.variables, 0);
  EXPECT_EQ(difference.observation, 0);
}

// oracle: Gymnasium 1.x, tests/oracles/cartpole_acrobot.py
TEST(Acrobot, Equals10000RandomStepsOfGymnasium) {
  Acrobot environment(500, /*seed=*/1);
  const Difference difference = replay(environment, "acrobot_v1.bin", 0, -1);
  EXPECT_EQ(difference.steps, 10'000);

  // numpy squares scalars with pow(), which rounds otherwise once in a thousand times; over 500
  // steps that grows to 6e-10, far below float32 (with pow() here too, all bits agree)
  EXPECT_LT(difference.variables, 1e-8);
  EXPECT_LE(difference.observation, 1);
}

// oracle: Gymnasium 1.x, tests/oracles/cartpole_acrobot.py
TEST(MountainCar, Equals10000StepsOfGymnasium) {
  MountainCar environment(200, /*seed=*/1);
  const Difference difference =
      replay(environment, "mountain_car_v0.bin", -1, -1, /*num_variables=*/2);
  EXPECT_EQ(difference.steps, 10'000);
  EXPECT_EQ(difference.variables, 0);
  EXPECT_EQ(difference.observation, 0);
}

// replays golden steps of a task with continuous actions
Difference replay_continuous(ClassicControl& environment, const std::string& file,
                             bool expects_goal) {
  GoldenFile golden(file);
  Difference difference;
  bool reached_goal = false;
  while (!golden.at_end()) {
    const auto act = golden.read<float>();
    const auto flags = golden.read<uint8_t>();
    const auto reward = golden.read<double>();
    const bool first = flags & 1;
    const bool terminated = flags & 2;
    const bool truncated = flags & 4;

    const TimeStep time_step = environment.step(torch::full({1, 1}, act));
    EXPECT_EQ(time_step.first(0), first) << "step " << difference.steps;
    EXPECT_EQ(time_step.last(0), terminated || truncated) << "step " << difference.steps;
    EXPECT_EQ(time_step.discount[0], terminated ? 0 : 1);
    EXPECT_FLOAT_EQ(time_step.reward[0], static_cast<float>(reward)) << difference.steps;
    reached_goal = reached_goal || terminated;
    if (flags & 8) compare(environment, time_step, golden, /*num_variables=*/2, difference);
    ++difference.steps;
  }
  EXPECT_EQ(reached_goal, expects_goal);
  return difference;
}

// oracle: Gymnasium 1.x, tests/oracles/continuous_control.py
TEST(Pendulum, Equals10000RandomStepsOfGymnasium) {
  Pendulum environment(200, /*seed=*/1);
  const Difference difference =
      replay_continuous(environment, "pendulum_v1.bin", /*expects_goal=*/false);
  EXPECT_EQ(difference.steps, 10'000);
  EXPECT_EQ(difference.variables, 0);
  EXPECT_EQ(difference.observation, 0);
}

// oracle: Gymnasium 1.x, tests/oracles/continuous_control.py
TEST(MountainCarContinuous, Equals10000StepsOfGymnasium) {
  MountainCarContinuous environment(999, /*seed=*/1);
  const Difference difference = replay_continuous(environment, "mountain_car_continuous_v0.bin",
                                                  /*expects_goal=*/true);
  EXPECT_EQ(difference.steps, 10'000);
  EXPECT_EQ(difference.variables, 0);
  EXPECT_EQ(difference.observation, 0);
}

// oracle: the message
TEST(Pendulum, AnActionThatIsNoNumberIsNamed) {
  Pendulum environment(200, /*seed=*/1);
  environment.step(torch::zeros({1, 1}));
  EXPECT_THROW(environment.step(torch::full({1, 1}, std::nan(""))), Error);
}

// oracle: the definition; a simple controller keeps the pole up for ever
TEST(CartPole, TimeLimitTruncatesAndDoesNotTerminate) {
  for (const auto& [version, limit] : {std::pair<std::string, int>{"v0", 200}, {"v1", 500}}) {
    const auto environment =
        make_gym_environment({.environment_name = "CartPole", .version = version}, /*seed=*/3);
    TimeStep time_step = environment->step(action(0));
    EXPECT_TRUE(time_step.first(0));
    int steps = 0;
    while (!time_step.last(0)) {
      const float* x = time_step.observation.const_data_ptr<float>();
      time_step = environment->step(action(x[2] + x[3] + 0.1 * x[1] + 0.05 * x[0] > 0));
      ++steps;
    }
    EXPECT_EQ(steps, limit);
    EXPECT_EQ(time_step.discount[0], 1);
    EXPECT_EQ(time_step.reward[0], 1);
    EXPECT_TRUE(environment->step(action(0)).first(0));
  }
}

// oracle: Gymnasium's rule that a task which ends on the last allowed step has terminated
TEST(CartPole, AFallOnTheLastStepIsATermination) {
  CartPole environment(/*max_episode_steps=*/1, /*seed=*/1);
  environment.step(action(0));
  environment.set_variables({5, 0, 0, 0});
  const TimeStep time_step = environment.step(action(0));
  EXPECT_TRUE(time_step.last(0));
  EXPECT_EQ(time_step.discount[0], 0);
}

// oracle: Gymnasium's bounds of the initial state
TEST(ClassicControl, InitialStatesAreUniformWithinGymnasiumsBounds) {
  CartPole cart_pole(200, /*seed=*/5);
  Acrobot acrobot(500, /*seed=*/5);
  for (const auto& [environment, bound] :
       {std::pair<ClassicControl*, double>{&cart_pole, 0.05}, {&acrobot, 0.1}}) {
    double low = 0, high = 0;
    for (int i = 0; i < 500; ++i) {
      environment->step(action(0));
      environment->end_episode(0);
      for (const double variable : environment->variables()) {
        low = std::min(low, variable);
        high = std::max(high, variable);
      }
    }
    EXPECT_GE(low, -bound * (1 + 1e-6));
    EXPECT_LT(low, -0.98 * bound);
    EXPECT_LE(high, bound * (1 + 1e-6));
    EXPECT_GT(high, 0.98 * bound);
  }
}

// oracle: the uninterrupted run
TEST(ClassicControl, ASavedEnvironmentGoesOnExactly) {
  for (const std::string name : {"CartPole", "Acrobot", "MountainCar"}) {
    const GymOptions options{.environment_name = name,
                             .version = name == "MountainCar" ? "v0" : "v1"};
    const auto environment = make_gym_environment(options, /*seed=*/7);
    Lcg random(3);
    for (int i = 0; i < 333; ++i) environment->step(action(random.below(2)));

    StateTree saved;
    environment->state(saved);
    StateTree loaded(saved.contents());
    const auto resumed = make_gym_environment(options, /*seed=*/8);
    resumed->state(loaded);
    for (int i = 0; i < 700; ++i) {
      const int64_t act = random.below(2);
      const TimeStep a = environment->step(action(act));
      const TimeStep b = resumed->step(action(act));
      ASSERT_EQ(a.step_type, b.step_type) << name << " " << i;
      ASSERT_TRUE(torch::equal(a.observation, b.observation)) << name << " " << i;
    }
  }
}

// oracle: the environment that goes on; a far angle is one that Acrobot would turn back for ever
TEST(ClassicControl, EveryStateOfATaskIsLoadedAndNoneFarAway) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const std::string name :
       {"Acrobot-v1", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1"}) {
    const auto environment = make_gym_environment({.environment_name = name}, /*seed=*/5);
    const auto other = make_gym_environment({.environment_name = name}, /*seed=*/6);
    const int64_t num_actions = environment->spec().num_actions;
    Lcg random(1);
    StateTree::Contents contents;
    for (int i = 0; i < 2'000; ++i) {
      StateTree saved;
      environment->state(saved);
      contents = saved.contents();
      StateTree tree(contents);
      ASSERT_NO_THROW(other->state(tree)) << name << " " << i;
      environment->step(num_actions > 0 ? action(random.below(num_actions))
                                        : torch::full({1, 1}, double(random.below(5) - 2)));
    }
    const auto expect_refusal = [&](const StateTree::Contents& forged) {
      StateTree tree(forged);
      EXPECT_THROW(other->state(tree), Error) << name;
    };
    for (const double wrong : {1e300, -1e300, inf, -inf, std::nan("")}) {
      StateTree::Contents forged = contents;
      forged.tensors["variables"] = torch::full({4}, wrong, torch::kFloat64);
      expect_refusal(forged);
    }
    for (const int64_t wrong : {int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
      StateTree::Contents forged = contents;
      forged.values["episode_steps"] = wrong;
      expect_refusal(forged);
    }

    // a velocity that takes an angle far away within a step
    for (const int64_t velocity : {2, 3}) {
      if (name != "Acrobot-v1") continue;
      StateTree::Contents forged = contents;
      forged.tensors["variables"] = contents.tensors["variables"].clone();
      forged.tensors["variables"][velocity] = 1e6;
      expect_refusal(forged);
    }
  }
}

TEST(ClassicControl, ActionsThatDoNotExistAreRefused) {
  CartPole environment(200, /*seed=*/1);
  environment.step(action(7));  // ignored: the episode begins
  EXPECT_THROW(environment.step(action(2)), Error);
  EXPECT_THROW(environment.step(action(-1)), Error);
}

// oracle: counting; who never pushes never reaches the goal
TEST(Factory, EpisodesAreCutWhereTheyAreToldTo) {
  const auto length = [](std::optional<int64_t> limit) {
    const auto environment = make_gym_environment(
        {.environment_name = "MountainCar", .version = "v0", .max_episode_steps = limit},
        /*seed=*/1);
    environment->step(action(1));
    int64_t steps = 1;
    while (!environment->step(action(1)).last(0) && steps < 3'000) ++steps;
    return steps;
  };
  EXPECT_EQ(length(std::nullopt), 200);
  EXPECT_EQ(length(600), 600);
  EXPECT_EQ(length(0), 3'000);
}

TEST(Factory, UnknownVersionNamesThoseThatExist) {
  try {
    make_gym_environment({.environment_name = "MountainCar", .version = "v7"}, /*seed=*/1);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("'MountainCar-v7'"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("[ `v0` ]"), std::string::npos);
  }
}

}  // namespace
}  // namespace accumbens
