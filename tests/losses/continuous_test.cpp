#include "accumbens/losses/continuous.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <numbers>

namespace accumbens {
namespace {

torch::Tensor doubles(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64);
}

const ActionBounds kBounds{.centre = doubles({0.5, -1.0}), .reach = doubles({1.5, 4.0})};

// oracle: the change of variables, log N(u) - log |da/du|, in long double
TEST(SquashedNormal, LogProbabilityIsThatOfTheDensity) {
  const torch::Tensor mean = doubles({0.3, -2.0}).unsqueeze(0);
  const torch::Tensor log_std = doubles({-1.0, 0.5}).unsqueeze(0);
  const torch::Tensor noise = doubles({1.2, -0.7}).unsqueeze(0);
  const ActionSample sample = squashed_normal(torch::cat({mean, log_std}, 1), noise, kBounds, {});

  long double expected = 0;
  for (int d = 0; d < 2; ++d) {
    const long double std = std::exp((long double)log_std[0][d].item<double>());
    const long double z = noise[0][d].item<double>();
    const long double u = mean[0][d].item<double>() + std * z;
    const long double reach = kBounds.reach[d].item<double>();
    const long double slope = reach / (std::cosh(u) * std::cosh(u));
    expected += -0.5L * z * z - std::log(std * std::sqrt(2 * std::numbers::pi_v<long double>)) -
                std::log(slope);
    EXPECT_NEAR(sample.action[0][d].item<double>(),
                kBounds.centre[d].item<double>() + reach * std::tanh(u), 1e-12);
  }
  EXPECT_NEAR(sample.log_prob.item<double>(), expected, 1e-12);
}

// oracle: log(1 - tanh^2 u) = log 4 - 2 |u| + O(exp(-2 |u|)), where tanh itself rounds to 1
TEST(SquashedNormal, StaysExactWhereTanhRoundsToOne) {
  for (const double u : {-40.0, -12.0, 12.0, 40.0}) {
    const torch::Tensor outputs = torch::tensor({{static_cast<float>(u), 0.0F}});
    const ActionBounds unit{.centre = torch::zeros({1}), .reach = torch::ones({1})};
    const ActionSample sample = squashed_normal(outputs, torch::zeros({1, 1}), unit, {});
    EXPECT_EQ(std::abs(sample.action.item<float>()), 1.0F);
    const double expected =
        -0.5 * std::log(2 * std::numbers::pi) - (2 * std::numbers::ln2 - 2 * std::abs(u));
    EXPECT_NEAR(sample.log_prob.item<double>(), expected, 1e-5 * std::abs(expected)) << u;
  }
}

// oracle: central differences in float64, from the middle to far beyond where float32's tanh is 1
TEST(SquashedNormal, GradientsEqualFiniteDifferences) {
  const ActionBounds bounds{.centre = doubles({0.5}), .reach = doubles({1.5})};
  for (const double m : {-30.0, -9.0, -1.0, 0.0, 0.7, 8.7, 25.0}) {
    for (const double l : {-5.0, -1.0, 1.0}) {
      const torch::Tensor noise = torch::full({1, 1}, 0.8, torch::kFloat64);
      const auto log_prob = [&](double mean, double log_std) {
        return squashed_normal(doubles({mean, log_std}).unsqueeze(0), noise, bounds, {})
            .log_prob.item<double>();
      };
      const torch::Tensor outputs = doubles({m, l}).unsqueeze(0).requires_grad_();
      squashed_normal(outputs, noise, bounds, {}).log_prob.sum().backward();
      const double h = 1e-5;
      EXPECT_NEAR(outputs.grad()[0][0].item<double>(),
                  (log_prob(m + h, l) - log_prob(m - h, l)) / (2 * h), 1e-6)
          << m << " " << l;
      EXPECT_NEAR(outputs.grad()[0][1].item<double>(),
                  (log_prob(m, l + h) - log_prob(m, l - h)) / (2 * h), 1e-6)
          << m << " " << l;
    }
  }
}

// oracle: the definition with torch's own clamp and gradients, of several numbers at once
TEST(SquashedNormal, GradientsOfActionsAndProbabilitiesAreTorchs) {
  torch::manual_seed(1);
  const auto draw = [](int64_t numbers) { return torch::randn({20, numbers}, torch::kFloat64); };
  const torch::Tensor outputs = draw(4).requires_grad_(), noise = draw(2);
  const torch::Tensor of_action = draw(2), of_log_prob = draw(1).squeeze(1);
  for (const LogStdBounds bounds : {LogStdBounds{}, LogStdBounds{.least = -0.5, .greatest = 0.4}}) {
    const torch::Tensor mean = outputs.slice(1, 0, 2);
    const torch::Tensor log_std = outputs.slice(1, 2, 4).clamp(bounds.least, bounds.greatest);
    const torch::Tensor u = mean + log_std.exp() * noise;
    const torch::Tensor action = squash(u, kBounds);
    const torch::Tensor log_normal =
        -0.5 * noise.square() - log_std - 0.5 * std::log(2.0 * std::numbers::pi);
    const torch::Tensor slope = kBounds.reach / u.cosh().square();
    const torch::Tensor log_prob = (log_normal - slope.log()).sum(1);
    const auto expected = torch::autograd::grad(
        {(of_action * action).sum() + (of_log_prob * log_prob).sum()}, {outputs});

    const ActionSample sample = squashed_normal(outputs, noise, kBounds, bounds);
    EXPECT_TRUE(torch::allclose(sample.action, action, 1e-12, 1e-12));
    EXPECT_TRUE(torch::allclose(sample.log_prob, log_prob, 1e-10, 1e-10));
    const auto gradients = torch::autograd::grad(
        {(of_action * sample.action).sum() + (of_log_prob * sample.log_prob).sum()}, {outputs});
    EXPECT_TRUE(torch::allclose(gradients[0], expected[0], 1e-10, 1e-10)) << bounds.least;
  }
}

// oracle: the definition, by hand
TEST(CriticTarget, TakesTheLeastCriticAndEndsAtATermination) {
  const torch::Tensor r_t = doubles({1.0, 2.0, 3.0});
  const torch::Tensor discount_t = doubles({0.9, 0.0, 0.5});
  const torch::Tensor q_t = doubles({10.0, 20.0, 4.0, 8.0, 30.0, 6.0}).view({2, 3});
  EXPECT_TRUE(torch::allclose(critic_target(r_t, discount_t, q_t), doubles({8.2, 2.0, 5.0})));
  const torch::Tensor soft =
      soft_critic_target(r_t, discount_t, q_t, doubles({-2.0, 7.0, 4.0}), doubles({0.5}).squeeze());
  EXPECT_TRUE(torch::allclose(soft, doubles({9.1, 2.0, 4.0})));
}

// oracle: the definition, by hand; the gradient is 2 (q - target) / N
TEST(CriticLoss, SumsTheCriticsMeanSquaredErrors) {
  const torch::Tensor q = doubles({1.0, 2.0, 5.0, 6.0}).view({2, 2}).requires_grad_();
  const torch::Tensor loss = critic_loss(q, doubles({0.0, 4.0}));
  EXPECT_DOUBLE_EQ(loss.item<double>(), (1.0 + 4.0) / 2 + (25.0 + 4.0) / 2);
  loss.backward();
  const torch::Tensor gradient = doubles({1.0, -2.0, 5.0, 2.0}).view({2, 2});
  EXPECT_TRUE(torch::allclose(q.grad(), gradient));

  // half of it has half the gradient
  q.mutable_grad().reset();
  const torch::Tensor half = critic_loss(q, doubles({0.0, 4.0}), /*weight=*/0.5);
  EXPECT_DOUBLE_EQ(half.item<double>(), 0.5 * loss.item<double>());
  (3.0 * half).backward();
  EXPECT_TRUE(torch::allclose(q.grad(), 1.5 * gradient));
}

// oracle: the definition with torch's own gradients; of two equal critics the first has it
TEST(SoftPolicyLoss, WeighsTheLeastCriticAgainstThePriceOfEntropy) {
  const torch::Tensor q = doubles({1.0, 2.0, 5.0, 0.5, 2.0, 7.0}).view({2, 3}).requires_grad_();
  const torch::Tensor log_prob = doubles({-1.0, 0.5, 2.0}).requires_grad_();
  const torch::Tensor alpha = doubles({0.3}).squeeze();
  const torch::Tensor expected = (alpha * log_prob).mean() - (q[1][0] + q[0][1] + q[0][2]) / 3.0;
  const torch::Tensor loss = soft_policy_loss(q, log_prob, alpha);
  EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-12);
  const auto wanted = torch::autograd::grad({2.0 * expected}, {q, log_prob});
  const auto gradients = torch::autograd::grad({2.0 * loss}, {q, log_prob});
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_TRUE(torch::allclose(gradients[i], wanted[i], 1e-12, 1e-12)) << i;
  }
}

}  // namespace
}  // namespace accumbens
