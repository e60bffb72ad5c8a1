#include "accumbens/losses/munchausen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace accumbens {
namespace {

// oracle: the formulas of Vieillard et al. (2020) in double precision, action by action
TEST(Munchausen, EqualsItsFormulas) {
  const std::vector<std::vector<double>> q{{1.0, 2.0, 3.0}, {-5.0, 4.0, 4.0}, {100.0, 0.0, 99.9}};
  const std::vector<int64_t> actions{0, 1, 1};
  const torch::Tensor q_values =
      torch::tensor({{1.0, 2.0, 3.0}, {-5.0, 4.0, 4.0}, {100.0, 0.0, 99.9}}, torch::kFloat64);
  for (const double temperature : {0.03, 1.0}) {
    const torch::Tensor bonus = munchausen_bonus(q_values, torch::tensor(actions, torch::kInt64),
                                                 temperature, /*alpha=*/0.9, /*clip=*/-1.0);
    const torch::Tensor value = soft_value(q_values, temperature);
    for (size_t b = 0; b < q.size(); ++b) {
      // shifted by the greatest value, so that nothing overflows
      const double greatest = *std::max_element(q[b].begin(), q[b].end());
      double sum = 0.0;
      for (const double x : q[b]) sum += std::exp((x - greatest) / temperature);
      double expected_value = 0.0;
      for (const double x : q[b]) {
        const double log_policy = (x - greatest) / temperature - std::log(sum);
        const double policy = std::exp(log_policy);
        if (policy > 0) expected_value += policy * (x - temperature * log_policy);
      }
      const double chosen =
          temperature * ((q[b][actions[b]] - greatest) / temperature - std::log(sum));
      EXPECT_NEAR(bonus[static_cast<int64_t>(b)].item<double>(),
                  0.9 * std::clamp(chosen, -1.0, 0.0), 1e-12);
      EXPECT_NEAR(value[static_cast<int64_t>(b)].item<double>(), expected_value, 1e-12);
    }
  }
}

}  // namespace
}  // namespace accumbens
