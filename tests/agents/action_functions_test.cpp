#include "accumbens/agents/action_functions.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace accumbens {
namespace {

// the shares of discrete actions must be these; four standard deviations
void expect_shares(const torch::Tensor& drawn, const std::array<double, 3>& probability) {
  const auto draws = static_cast<double>(drawn.size(0));
  for (int64_t a = 0; a < 3; ++a) {
    const double share = (drawn == a).to(torch::kFloat64).mean().item<double>();
    const double p = probability[a];
    EXPECT_NEAR(share, p, 4.0 * std::sqrt(p * (1.0 - p) / draws)) << a;
  }
}

constexpr int64_t kDraws = 20'000;

// oracle: by hand
TEST(ActionFunctions, MaxTakesTheGreatestOfEachRowOrTheMean) {
  RandomStream random(1, "actions");
  const torch::Tensor logits = torch::tensor({{1.0F, 3.0F, 2.0F}, {-1.0F, -2.0F, -3.0F}});
  EXPECT_TRUE(
      torch::equal(max_action({.logits = logits}, random), torch::tensor({1, 0}, torch::kInt64)));
  const torch::Tensor mean = torch::tensor({{1.0F, -3.0F}});
  EXPECT_TRUE(
      torch::equal(max_action({.mean = mean, .log_std = torch::zeros_like(mean)}, random), mean));
}

// oracle: the softmax of each row's own logits
TEST(ActionFunctions, SampledFollowsTheSoftmax) {
  RandomStream random(1, "actions");
  const torch::Tensor logits = torch::tensor({{0.0F, 1.0F, -2.0F}, {1.0F, -1.0F, 0.5F}});
  const torch::Tensor drawn = sampled_action({.logits = logits.repeat({kDraws, 1})}, random);
  for (int64_t b = 0; b < 2; ++b) {
    std::array<double, 3> probability{};
    double sum = 0;
    for (int64_t a = 0; a < 3; ++a) sum += probability[a] = std::exp(logits[b][a].item<double>());
    for (double& p : probability) p /= sum;
    expect_shares(drawn.view({kDraws, 2}).select(1, b), probability);
  }
}

// oracle: the normal's mean and deviation; four standard deviations of both
TEST(ActionFunctions, SampledFollowsTheNormal) {
  RandomStream random(1, "actions");
  const torch::Tensor mean = torch::tensor({1.0F, -2.0F}).expand({kDraws, 2});
  const torch::Tensor log_std = torch::tensor({0.0F, -1.0F}).expand({kDraws, 2});
  const torch::Tensor drawn = sampled_action({.mean = mean, .log_std = log_std}, random);
  for (int64_t d = 0; d < 2; ++d) {
    const torch::Tensor x = drawn.select(1, d).to(torch::kFloat64);
    const double std = d == 0 ? 1.0 : std::exp(-1.0);
    const double error = 4.0 * std / std::sqrt(kDraws);
    EXPECT_NEAR(x.mean().item<double>(), d == 0 ? 1.0 : -2.0, error) << d;
    EXPECT_NEAR(x.std().item<double>(), std, error / std::sqrt(2.0)) << d;
  }
}

// oracle: the definition: epsilon / A each, and what is left for the greatest
TEST(ActionFunctions, EpsilonGreedyIsNowAndThenRandom) {
  RandomStream random(1, "actions");
  const PolicyOutput policy{.logits = torch::tensor({0.0F, 1.0F, -2.0F}).expand({kDraws, 3})};
  expect_shares(epsilon_greedy_action(0.3)(policy, random), {0.1, 0.8, 0.1});
  expect_shares(epsilon_greedy_action(1.0)(policy, random), {1.0 / 3, 1.0 / 3, 1.0 / 3});
  expect_shares(epsilon_greedy_action(0.0)(policy, random), {0.0, 1.0, 0.0});
}

}  // namespace
}  // namespace accumbens
