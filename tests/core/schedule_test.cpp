#include "accumbens/core/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "golden_tensors.h"

namespace accumbens {
namespace {

// oracle: dopamine-rl 4.1.2, tests/oracles/dqn_epsilon.py (float32)
TEST(LinearlyDecayingEpsilon, EqualsDopamines) {
  const auto golden = golden_tensors("dqn_epsilon");
  const torch::Tensor& arguments = golden.at("arguments");  // [N, 4]
  const double* row = arguments.const_data_ptr<double>();
  const float* expected = golden.at("epsilon").const_data_ptr<float>();
  for (int64_t i = 0; i < arguments.size(0); ++i, row += 4) {
    const auto epsilon = linearly_decaying_epsilon(static_cast<int64_t>(row[0]),
                                                   static_cast<int64_t>(row[2]), row[3]);
    EXPECT_NEAR(epsilon(static_cast<int64_t>(row[1])), expected[i], 1e-6);
  }
}

// oracle: for-ai/rl's rule, the same factor with every step until epsilon is low enough
TEST(Schedule, ExponentialEpsilonShrinksByAFactor) {
  const auto epsilon = exponentially_decaying_epsilon(/*decay_period=*/200, 50, 0.1);
  double expected = 1.0;
  for (int64_t step = 0; step < 600; ++step) {
    if (step > 50) expected *= std::exp(-1.0 / 200);
    EXPECT_NEAR(epsilon(step), std::max(expected, 0.1), 1e-12) << step;
  }
  EXPECT_EQ(epsilon(599), 0.1);
}

// oracle: the line between two points
TEST(Schedule, ALineBeginsWhereItIsToldAndEndsSoManyStepsLater) {
  const auto exponent = linear_schedule(/*begin=*/0.4, /*end=*/1.0, /*first_step=*/200, 300);
  for (const auto& [step, expected] : std::vector<std::pair<int64_t, double>>{
           {0, 0.4}, {200, 0.4}, {260, 0.52}, {350, 0.7}, {500, 1.0}, {501, 1.0}, {9'999, 1.0}}) {
    EXPECT_NEAR(exponent(step), expected, 1e-15) << step;
  }
}

}  // namespace
}  // namespace accumbens
