#include "accumbens/core/schedule.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace accumbens
