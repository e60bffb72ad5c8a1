#include "accumbens/agents/wrapper.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "accumbens/core/error.h"
#include "accumbens/core/random.h"

namespace accumbens {
namespace {

constexpr int64_t kStreams = 3;

const EnvironmentSpec kSpec{
    .name = "Somewhere", .batch_size = kStreams, .observation_shape = {2}, .num_actions = 2};

// another environment
EnvironmentSpec spec_with(const std::vector<int64_t>& observation_shape,
                          torch::ScalarType observation_dtype) {
  EnvironmentSpec spec = kSpec;
  spec.observation_shape = observation_shape;
  spec.observation_dtype = observation_dtype;
  return spec;
}

TimeStep time_step_with(const std::vector<float>& rewards) {
  TimeStep step;
  step.reward = rewards;
  return step;
}

// episodes of five steps, of which stream b begins its own b steps late
TimeStep time_step(int64_t t, RandomStream& random) {
  TimeStep step{.step_type = {}, .reward = {}, .discount = {}, .lost_life = {}, .observation = {}};
  for (int64_t b = 0; b < kStreams; ++b) {
    const int64_t at = (t + 5 - b) % 5;
    step.step_type.push_back(at == 0   ? StepType::kFirst
                             : at == 4 ? StepType::kLast
                                       : StepType::kMid);
    step.reward.push_back(at == 0 ? 0.0F : static_cast<float>(random.uniform(-3, 5)));
    step.discount.push_back(1);
    step.lost_life.push_back(0);
  }
  step.observation = torch::empty({kStreams, 2});
  for (int64_t i = 0; i < 2 * kStreams; ++i) {
    step.observation.flatten()[i] = random.uniform(10, 30) * (i % 2 == 0 ? 1 : -0.01);
  }
  return step;
}

// mean and variance of all samples and 1e-4 of one with mean 0 and variance 1
struct Pooled {
  explicit Pooled(const std::vector<double>& samples) {
    const double n = static_cast<double>(samples.size()) + 1e-4;
    for (const double x : samples) mean += x / n;
    variance = 1e-4 * (1 + mean * mean) / n;
    for (const double x : samples) variance += (x - mean) * (x - mean) / n;
  }

  double mean = 0;
  double variance = 0;
};

// oracle: the definition, over all that was seen
TEST(NormalizeObservation, TakesTheMeanAndDeviationOfAllSeenSoFar) {
  torch::set_num_threads(1);
  NormalizeObservation wrapper({.epsilon = 0.5, .clip = 1.5}, kSpec);
  EXPECT_EQ(wrapper.spec(spec_with({2}, torch::kUInt8)).observation_dtype, torch::kFloat32);
  RandomStream random(1, "time steps");
  std::vector<std::vector<double>> seen(2);
  bool clipped = false;
  for (int64_t t = 0; t < 40; ++t) {
    // the last ones are evaluation, of which nothing is learned
    wrapper.set_eval_mode(t >= 30);
    TimeStep step = time_step(t, random);
    const torch::Tensor before = step.observation;
    const torch::Tensor x = before.clone();
    wrapper.observe(step);
    EXPECT_TRUE(torch::equal(before, x));
    ASSERT_EQ(step.observation.scalar_type(), torch::kFloat32);
    for (int64_t i = 0; i < 2; ++i) {
      for (int64_t b = 0; b < kStreams && t < 30; ++b) seen[i].push_back(x[b][i].item<double>());
    }
    for (int64_t i = 0; i < 2; ++i) {
      const Pooled pooled(seen[i]);
      for (int64_t b = 0; b < kStreams; ++b) {
        const double z = (x[b][i].item<double>() - pooled.mean) / std::sqrt(pooled.variance + 0.5);
        clipped = clipped || std::abs(z) > 1.5;
        ASSERT_NEAR(step.observation[b][i].item<double>(), std::clamp(z, -1.5, 1.5), 1e-5) << t;
      }
    }
  }
  EXPECT_TRUE(clipped);
}

// oracle: the definition, over the discounted sums of all rewards of training, whose episodes go on
// after an evaluation
TEST(NormalizeReward, DividesByTheDeviationOfDiscountedSums) {
  torch::set_num_threads(1);
  NormalizeReward wrapper({.gamma = 0.9, .epsilon = 0.5, .clip = 1.2}, kSpec);
  RandomStream random(1, "time steps");
  std::vector<double> sums(kStreams);
  std::vector<double> seen;
  bool clipped = false;
  for (int64_t t = 0; t < 40; ++t) {
    // the evaluation is as long as two episodes
    const bool eval = t >= 18 && t < 28;
    wrapper.set_eval_mode(eval);
    TimeStep step = time_step(t, random);
    const std::vector<float> raw = step.reward;
    for (int64_t b = 0; b < kStreams && !eval; ++b) {
      sums[b] = step.first(b) ? 0 : 0.9 * sums[b] + raw[b];
      if (!step.first(b)) seen.push_back(sums[b]);
    }
    wrapper.observe(step);
    const double deviation = std::sqrt(Pooled(seen).variance + 0.5);
    for (int64_t b = 0; b < kStreams; ++b) {
      clipped = clipped || std::abs(raw[b] / deviation) > 1.2;
      ASSERT_NEAR(step.reward[b], std::clamp(raw[b] / deviation, -1.2, 1.2), 1e-5) << t;
    }
  }
  EXPECT_TRUE(clipped);
}

// oracle: written out by hand
TEST(ClipReward, CutsOffAtItsBounds) {
  TimeStep step = time_step_with({-3, -0.5, 0, 0.25, 7});
  ClipReward({.low = -1, .high = 2}).observe(step);
  EXPECT_EQ(step.reward, (std::vector<float>{-1, -0.5, 0, 0.25, 2}));
  SignReward().observe(step);
  EXPECT_EQ(step.reward, (std::vector<float>{-1, -1, 0, 1, 1}));
  EXPECT_THROW((ClipOptions{.low = 1, .high = 0}.check()), ConfigError);
}

// oracle: written out by hand; what others hold of the observation stays as it is
TEST(ClipObservation, CutsOffAtItsBounds) {
  TimeStep step = time_step_with({7});
  step.observation = torch::tensor({-3.0F, -0.5F, 2.5F}).reshape({1, 3});
  const torch::Tensor before = step.observation;
  ClipObservation({.low = -1, .high = 2}).observe(step);
  EXPECT_TRUE(torch::equal(step.observation, torch::tensor({-1.0F, -0.5F, 2.0F}).reshape({1, 3})));
  EXPECT_EQ(before[0][0].item<float>(), -3);
  EXPECT_EQ(step.reward, std::vector<float>{7});

  // bytes stay bytes
  step.observation = torch::tensor({0, 4, 255}, torch::kUInt8).reshape({1, 3});
  ClipObservation({.low = -1, .high = 9}).observe(step);
  EXPECT_TRUE(
      torch::equal(step.observation, torch::tensor({0, 4, 9}, torch::kUInt8).reshape({1, 3})));
}

// oracle: for-ai/rl's rule, written out by hand; the first observation answers no action
TEST(MountainCarReward, GrowsTowardsTheFlag) {
  MountainCarReward wrapper(spec_with({2}, torch::kFloat32));
  TimeStep step = time_step_with({0, -1, -1, -1, -1});
  step.step_type = {StepType::kFirst, StepType::kMid, StepType::kMid, StepType::kMid,
                    StepType::kLast};
  step.observation =
      torch::tensor({0.6F, 0.0F, 0.05F, 0.0F, 0.1F, 0.0F, 0.3F, 0.0F, 0.5F, 0.0F}).reshape({5, 2});
  wrapper.observe(step);
  EXPECT_EQ(step.reward, (std::vector<float>{0, -1, 9, 19, 99}));
  EXPECT_THROW(MountainCarReward(spec_with({4}, torch::kFloat32)), ConfigError);
}

// oracle: the straight line through the bounds
TEST(RescaleAction, TakesBoundsToBounds) {
  EnvironmentSpec environment = kSpec;
  environment.action_low = {-2, 0};
  environment.action_high = {2, 10};
  const RescaleAction wrapper({.low = -1, .high = 3}, environment);
  const EnvironmentSpec seen = wrapper.spec(environment);
  EXPECT_EQ(seen.action_low, (std::vector<float>{-1, -1}));
  EXPECT_EQ(seen.action_high, (std::vector<float>{3, 3}));
  const torch::Tensor action = torch::tensor({-1.0F, 3.0F, 1.0F, 0.0F}).reshape({2, 2});  // [B, D]
  const torch::Tensor expected = torch::tensor({-2.0F, 10.0F, 0.0F, 2.5F}).reshape({2, 2});
  EXPECT_TRUE(torch::allclose(wrapper.act(action), expected));
  EXPECT_THROW(RescaleAction({}, kSpec), ConfigError);
  EXPECT_THROW((RescaleActionOptions{.low = 1, .high = 1}.check()), ConfigError);
}

/// Answers with what it was told.
class Echo final : public Agent {
 public:
  torch::Tensor step(const TimeStep& time_step) override {
    seen = time_step;
    return torch::full({kStreams, 1}, eval ? -1.0F : 1.0F);
  }
  void set_eval_mode(bool now) override { eval = now; }
  std::map<std::string, double> statistics() const override { return {{"figure", 3.0}}; }
  void state(StateTree&) override {}

  TimeStep seen;
  bool eval = false;
};

/// Adds to rewards, and multiplies actions.
class Arithmetic final : public Wrapper {
 public:
  explicit Arithmetic(float number) : number_(number) {}
  void observe(TimeStep& time_step) override {
    for (float& reward : time_step.reward) reward = 10 * reward + number_;
  }
  torch::Tensor act(const torch::Tensor& action) const override { return 10 * action + number_; }

 private:
  float number_;
};

// oracle: written out by hand
TEST(WrappedAgent, TheFirstWrapperIsNextToTheEnvironment) {
  std::vector<std::unique_ptr<Wrapper>> wrappers;
  wrappers.push_back(std::make_unique<Arithmetic>(1));
  wrappers.push_back(std::make_unique<Arithmetic>(2));
  auto echo = std::make_unique<Echo>();
  Echo& agent = *echo;
  WrappedAgent wrapped(std::move(wrappers), std::move(echo));

  RandomStream random(1, "time steps");
  TimeStep step = time_step(0, random);
  step.reward = {0, 1, 2};
  const torch::Tensor action = wrapped.step(step);
  EXPECT_EQ(step.reward, (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(agent.seen.reward, (std::vector<float>{12, 112, 212}));
  EXPECT_TRUE(torch::equal(action, torch::full({kStreams, 1}, 121.0F)));
  wrapped.set_eval_mode(true);
  EXPECT_TRUE(torch::equal(wrapped.step(step), torch::full({kStreams, 1}, -79.0F)));
  EXPECT_EQ(wrapped.statistics().at("figure"), 3.0);
}

// oracle: a wrapper of its own, which is shown the time steps of training alone
TEST(WrappedAgent, WrappersLearnNothingInEvaluation) {
  std::vector<std::unique_ptr<Wrapper>> wrappers;
  wrappers.push_back(std::make_unique<NormalizeObservation>(NormalizeObservationOptions{}, kSpec));
  auto echo = std::make_unique<Echo>();
  Echo& agent = *echo;
  WrappedAgent wrapped(std::move(wrappers), std::move(echo));
  NormalizeObservation alone({}, kSpec);
  RandomStream random(1, "time steps");
  for (int64_t t = 0; t < 30; ++t) {
    const bool eval = t >= 10 && t < 20;
    wrapped.set_eval_mode(eval);
    TimeStep step = time_step(t, random);
    wrapped.step(step);
    if (eval) continue;
    alone.observe(step);
    ASSERT_TRUE(torch::equal(agent.seen.observation, step.observation)) << t;
  }
}

// oracle: the wrapper that was not interrupted
TEST(WrappedAgent, GoesOnExactlyFromItsState) {
  const auto make = [] {
    std::vector<std::unique_ptr<Wrapper>> wrappers;
    wrappers.push_back(
        std::make_unique<NormalizeObservation>(NormalizeObservationOptions{}, kSpec));
    wrappers.push_back(std::make_unique<NormalizeReward>(NormalizeRewardOptions{}, kSpec));
    auto echo = std::make_unique<Echo>();
    Echo* agent = echo.get();
    return std::make_pair(std::make_unique<WrappedAgent>(std::move(wrappers), std::move(echo)),
                          agent);
  };
  const auto [whole, seen_by_whole] = make();
  RandomStream random(1, "time steps");
  for (int64_t t = 0; t < 17; ++t) whole->step(time_step(t, random));
  StateTree saved;
  whole->state(saved);

  const auto [loaded, seen_by_loaded] = make();
  StateTree tree(saved.contents());
  loaded->state(tree);
  for (int64_t t = 17; t < 30; ++t) {
    const TimeStep step = time_step(t, random);
    whole->step(step);
    loaded->step(step);
    ASSERT_EQ(seen_by_whole->seen.reward, seen_by_loaded->seen.reward);
    ASSERT_TRUE(torch::equal(seen_by_whole->seen.observation, seen_by_loaded->seen.observation));
  }
}

}  // namespace
}  // namespace accumbens
