#include "accumbens/envs/vector_environment.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "accumbens/core/error.h"
#include "accumbens/core/random.h"
#include "accumbens/envs/classic_control/cart_pole.h"
#include "accumbens/envs/classic_control/mountain_car.h"
#include "accumbens/envs/classic_control/pendulum.h"
#include "accumbens/envs/factory.h"

namespace accumbens {
namespace {

constexpr int64_t kStreams = 3;

std::unique_ptr<Environment> cart_pole(int64_t stream) {
  return std::make_unique<CartPole>(/*max_episode_steps=*/30, /*seed=*/7 + stream);
}

std::vector<std::unique_ptr<Environment>> cart_poles() {
  std::vector<std::unique_ptr<Environment>> environments;
  for (int64_t b = 0; b < kStreams; ++b) environments.push_back(cart_pole(b));
  return environments;
}

torch::Tensor actions(RandomStream& random) {
  torch::Tensor a = torch::empty({kStreams}, torch::kInt64);
  for (int64_t b = 0; b < kStreams; ++b) a[b] = random.below(2);
  return a;
}

// oracle: each environment by itself
TEST(VectorEnvironment, EachStreamIsTheEnvironmentByItself) {
  VectorEnvironment together(cart_poles());
  EXPECT_EQ(together.spec().batch_size, kStreams);
  const std::vector<std::unique_ptr<Environment>> alone = cart_poles();

  RandomStream random(1, "actions");
  for (int step = 0; step < 500; ++step) {
    if (step % 70 == 50) {
      together.end_episode(1);
      alone[1]->end_episode(0);
    }
    const torch::Tensor a = actions(random);
    const TimeStep all = together.step(a);
    ASSERT_EQ(all.batch_size(), kStreams);
    for (int64_t b = 0; b < kStreams; ++b) {
      const TimeStep one = alone[b]->step(a.narrow(0, b, 1));
      ASSERT_EQ(all.step_type[b], one.step_type[0]) << step;
      ASSERT_EQ(all.reward[b], one.reward[0]);
      ASSERT_EQ(all.discount[b], one.discount[0]);
      ASSERT_TRUE(torch::equal(all.observation[b], one.observation[0]));
    }
  }
}

// oracle: their specs
TEST(VectorEnvironment, StreamsThatAreNotAlikeAreRefused) {
  const auto together = [](std::unique_ptr<Environment> first,
                           std::unique_ptr<Environment> second) {
    std::vector<std::unique_ptr<Environment>> environments;
    environments.push_back(std::move(first));
    environments.push_back(std::move(second));
    const VectorEnvironment made(std::move(environments));
    return made.spec().batch_size;
  };
  const auto mountain_car = [] { return std::make_unique<MountainCar>(/*max_steps=*/9, 1); };
  EXPECT_EQ(together(cart_pole(0), cart_pole(1)), 2);
  EXPECT_THROW(together(cart_pole(0), mountain_car()), ConfigError);
  EXPECT_THROW(together(mountain_car(), cart_pole(0)), ConfigError);
  EXPECT_THROW(together(cart_pole(0), std::make_unique<Pendulum>(9, 1)), ConfigError);
}

// oracle: the uninterrupted environment
TEST(VectorEnvironment, GoesOnExactlyFromItsState) {
  VectorEnvironment whole(cart_poles());
  RandomStream random(1, "actions");
  for (int step = 0; step < 100; ++step) whole.step(actions(random));
  StateTree saved;
  whole.state(saved);
  VectorEnvironment loaded(cart_poles());
  StateTree tree(saved.contents());
  loaded.state(tree);
  for (int step = 0; step < 200; ++step) {
    const torch::Tensor a = actions(random);
    const TimeStep x = whole.step(a);
    const TimeStep y = loaded.step(a);
    ASSERT_EQ(x.step_type, y.step_type);
    ASSERT_TRUE(torch::equal(x.observation, y.observation));
  }
}

/// An environment with tensors of its own.
class Foreign final : public Environment {
 public:
  explicit Foreign(int64_t stream) : stream_(stream) {}

  const EnvironmentSpec& spec() const override { return spec_; }

  TimeStep step(const torch::Tensor& actions) override {
    if (actions.item<int64_t>() == 1) throw Error("stream " + std::to_string(stream_) + " fell");
    // not contiguous, and of the calling thread
    return {.step_type = {StepType::kMid},
            .reward = {static_cast<float>(stream_)},
            .discount = {1},
            .lost_life = {0},
            .observation = torch::arange(6 * stream_, 6 * stream_ + 6)
                               .to(torch::kFloat32)
                               .reshape({3, 2})
                               .t()
                               .unsqueeze(0)};
  }

  void end_episode(int64_t) override {}
  void state(StateTree&) override {}

 private:
  int64_t stream_;
  EnvironmentSpec spec_{.name = "Foreign", .observation_shape = {2, 3}, .num_actions = 2};
};

VectorEnvironment foreign_ones(int64_t streams, int64_t num_workers) {
  std::vector<std::unique_ptr<Environment>> environments;
  for (int64_t b = 0; b < streams; ++b) environments.push_back(std::make_unique<Foreign>(b));
  return VectorEnvironment(std::move(environments), num_workers);
}

/// Observations that are not what its spec says.
class Wrong final : public Environment {
 public:
  const EnvironmentSpec& spec() const override { return spec_; }
  TimeStep step(const torch::Tensor&) override {
    return {.step_type = {StepType::kFirst},
            .reward = {0},
            .discount = {1},
            .lost_life = {0},
            .observation = torch::zeros({1, 3}, torch::kFloat64)};
  }
  void end_episode(int64_t) override {}
  void state(StateTree&) override {}

 private:
  EnvironmentSpec spec_{.name = "Wrong", .observation_shape = {3}, .num_actions = 2};
};

// oracle: the spec
TEST(VectorEnvironment, AnObservationThatIsNotAsTheSpecSaysIsRefused) {
  std::vector<std::unique_ptr<Environment>> environments;
  for (int64_t b = 0; b < 2; ++b) environments.push_back(std::make_unique<Wrong>());
  VectorEnvironment environment(std::move(environments));
  try {
    environment.step(torch::zeros({2}, torch::kInt64));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "an observation of Wrong has 24 bytes where its spec says 12; make it of the spec's "
              "shape and type");
  }
}

// oracle: one thread, or written out by hand; more workers than streams are as many as streams
TEST(VectorEnvironment, ResultsDoNotDependOnTheNumberOfThreads) {
  for (const int64_t num_workers : {2, 3, 5}) {
    VectorEnvironment one(cart_poles());
    VectorEnvironment several(cart_poles(), num_workers);
    RandomStream random(1, "actions");
    for (int step = 0; step < 300; ++step) {
      const torch::Tensor a = actions(random);
      const TimeStep x = one.step(a);
      const TimeStep y = several.step(a);
      ASSERT_EQ(x.step_type, y.step_type);
      ASSERT_EQ(x.reward, y.reward);
      ASSERT_TRUE(torch::equal(x.observation, y.observation));
    }

    VectorEnvironment foreign = foreign_ones(7, num_workers);
    const TimeStep seen = foreign.step(torch::zeros({7}, torch::kInt64));
    EXPECT_EQ(seen.reward, (std::vector<float>{0, 1, 2, 3, 4, 5, 6}));
    EXPECT_TRUE(
        torch::equal(seen.observation,
                     torch::arange(42).to(torch::kFloat32).reshape({7, 3, 2}).transpose(1, 2)));
  }
}

// an environment for each stream, by the name of a test
struct Kind {
  std::string name;
  std::function<std::unique_ptr<Environment>(uint64_t seed)> make;
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.name;
}

Kind gym(const std::string& name, const std::string& id) {
  return {name,
          [id](uint64_t seed) { return make_gym_environment({.environment_name = id}, seed); }};
}

Kind minatar(const std::string& name, const std::string& game) {
  return {name,
          [game](uint64_t seed) { return make_minatar_environment({.game_name = game}, seed); }};
}

class EveryEnvironment : public testing::TestWithParam<Kind> {
 protected:
  static constexpr int64_t kBatch = 4;

  void SetUp() override {
    if (GetParam().name == "HalfCheetah" &&
        !std::filesystem::exists(ACCUMBENS_BINARY_DIR "/accumbens_mujoco.so")) {
      GTEST_SKIP() << "built without MuJoCo";
    }
  }

  static VectorEnvironment make(int64_t num_workers) {
    std::vector<std::unique_ptr<Environment>> environments;
    for (int64_t b = 0; b < kBatch; ++b) environments.push_back(GetParam().make(7 + b));
    return VectorEnvironment(std::move(environments), num_workers);
  }

  // for each stream one of the choices, or numbers that may lie a little beyond their bounds
  static torch::Tensor draw(const EnvironmentSpec& spec, RandomStream& random) {
    if (spec.num_actions > 0) {
      torch::Tensor a = torch::empty({kBatch}, torch::kInt64);
      for (int64_t b = 0; b < kBatch; ++b) a[b] = random.below(spec.num_actions);
      return a;
    }
    torch::Tensor a = torch::empty({kBatch, spec.action_size()});
    for (int64_t b = 0; b < kBatch; ++b) {
      for (int64_t i = 0; i < spec.action_size(); ++i) {
        a[b][i] = random.uniform(1.1 * spec.action_low[i], 1.1 * spec.action_high[i]);
      }
    }
    return a;
  }
};

// oracle: one thread
TEST_P(EveryEnvironment, DoesNotDependOnTheNumberOfThreads) {
  VectorEnvironment one = make(/*num_workers=*/1);
  VectorEnvironment three = make(/*num_workers=*/3);
  RandomStream random(1, "actions");
  bool streams_differ = false;
  for (int step = 0; step < 400; ++step) {
    if (step % 70 == 50) {
      one.end_episode(1);
      three.end_episode(1);
    }
    const torch::Tensor a = draw(one.spec(), random);
    const TimeStep x = one.step(a);
    const TimeStep y = three.step(a);
    ASSERT_EQ(x.step_type, y.step_type) << step;
    ASSERT_EQ(x.reward, y.reward) << step;
    ASSERT_EQ(x.discount, y.discount) << step;
    ASSERT_EQ(x.lost_life, y.lost_life) << step;
    ASSERT_TRUE(torch::equal(x.observation, y.observation)) << step;
    streams_differ = streams_differ || !torch::equal(x.observation[0], x.observation[1]);
  }
  EXPECT_TRUE(streams_differ);
}

INSTANTIATE_TEST_SUITE_P(
    , EveryEnvironment,
    testing::Values(gym("CartPole", "CartPole-v1"), gym("Acrobot", "Acrobot-v1"),
                    gym("MountainCar", "MountainCar-v0"),
                    gym("MountainCarContinuous", "MountainCarContinuous-v0"),
                    gym("Pendulum", "Pendulum-v1"), gym("HalfCheetah", "HalfCheetah-v5"),
                    minatar("Asterix", "asterix"), minatar("Breakout", "breakout"),
                    minatar("Freeway", "freeway"), minatar("Seaquest", "seaquest"),
                    minatar("SpaceInvaders", "space_invaders"),
                    Kind{"Pong",
                         [](uint64_t seed) {
                           return make_atari_environment(
                               {.game_name = "Pong", .sticky_actions = true}, {}, seed);
                         }},
                    gym("LunarLanderOfGymnasium", "LunarLander-v3")),
    [](const auto& info) { return info.param.name; });

// oracle: the message of the first stream that throws
TEST(VectorEnvironment, ThrowsWhatTheFirstEnvironmentThrows) {
  for (const int64_t num_workers : {1, 2, 4}) {
    VectorEnvironment foreign = foreign_ones(4, num_workers);
    try {
      foreign.step(torch::tensor(std::vector<int64_t>{0, 1, 1, 1}));
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "stream 1 fell");
    }
  }
}

// oracle: the number of streams
TEST(VectorEnvironment, RefusesActionsForAnotherNumberOfStreams) {
  VectorEnvironment environment(cart_poles());
  EXPECT_THROW(environment.step(torch::zeros({2}, torch::kInt64)), Error);
}

}  // namespace
}  // namespace accumbens
