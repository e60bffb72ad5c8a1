#include "accumbens/agents/action_functions.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace accumbens {
namespace {

// oracle: by hand
TEST(ActionFunctions, MaxTakesTheGreatestOfEachRow) {
  const torch::Tensor preferences = torch::tensor({{1.0F, 3.0F, 2.0F}, {-1.0F, -2.0F, -3.0F}});
  EXPECT_TRUE(torch::equal(max_actions(preferences), torch::tensor({1, 0}, torch::kInt64)));
}

// oracle: the softmax; four standard deviations of 20,000 draws
TEST(ActionFunctions, SampledFollowsTheSoftmax) {
  constexpr int64_t kDraws = 20'000;
  RandomStream random(1, "actions");
  const torch::Tensor logits = torch::tensor({0.0F, 1.0F, -2.0F}).expand({kDraws, 3});
  const torch::Tensor drawn = sampled_actions(logits, random);
  const double sum = 1.0 + std::exp(1.0) + std::exp(-2.0);
  const std::array<double, 3> probability{1.0 / sum, std::exp(1.0) / sum, std::exp(-2.0) / sum};
  for (int64_t a = 0; a < 3; ++a) {
    const double share = (drawn == a).to(torch::kFloat64).mean().item<double>();
    const double p = probability[a];
    EXPECT_NEAR(share, p, 4.0 * std::sqrt(p * (1.0 - p) / kDraws)) << a;
  }
}

// oracle: the names in Gin, with and without a scope
TEST(ActionFunctions, AreToldApartByName) {
  EXPECT_TRUE(names_max_action({"max_action"}));
  EXPECT_TRUE(names_max_action({"scope/max_action"}));
  EXPECT_FALSE(names_max_action({"sampled_action"}));
}

}  // namespace
}  // namespace accumbens
