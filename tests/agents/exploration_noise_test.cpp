#include "accumbens/agents/exploration_noise.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

namespace accumbens {
namespace {

// oracle: the softmax of the shares divided by the scale; four standard deviations
TEST(GumbelNoise, MakesTheGreatestShareASampleOfASoftmax) {
  constexpr int64_t kDraws = 20'000;
  constexpr double kScale = 0.5;
  TimeStep time_step;
  time_step.step_type.assign(kDraws, StepType::kMid);
  RandomStream random(1, "noise");
  GumbelNoise noise({.scale = kScale});

  const torch::Tensor shares = torch::tensor({0.2F, 0.7F, 0.1F});
  const torch::Tensor chosen = (shares + noise.draw(time_step, 3, random)).argmax(1);
  const torch::Tensor expected = (shares.to(torch::kFloat64) / kScale).softmax(0);
  for (int64_t a = 0; a < 3; ++a) {
    const double p = expected[a].item<double>();
    EXPECT_NEAR((chosen == a).to(torch::kFloat64).mean().item<double>(), p,
                4.0 * std::sqrt(p * (1.0 - p) / kDraws))
        << a;
  }
}

}  // namespace
}  // namespace accumbens
