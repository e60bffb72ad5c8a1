#include "accumbens/losses/munchausen.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "accumbens/losses/quantile.h"

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

// Munchausen IQN's loss of one transition, written out from the paper's equations in doubles
double slow_iqn_loss(const std::vector<double>& z_tm1, const std::vector<double>& taus, double r_t,
                     double discount_t, const std::vector<double>& q_tm1, size_t a_tm1,
                     const std::vector<double>& q_t, const std::vector<std::vector<double>>& z_t,
                     double temperature, double alpha, double clip) {
  const auto log_policy = [&](const std::vector<double>& q, size_t a) {
    const double greatest = *std::max_element(q.begin(), q.end());
    double sum = 0.0;
    for (const double x : q) sum += std::exp((x - greatest) / temperature);
    return (q[a] - greatest) / temperature - std::log(sum);
  };
  const double bonus = std::max(clip, std::min(0.0, temperature * log_policy(q_tm1, a_tm1)));
  double loss = 0.0;
  for (size_t i = 0; i < z_tm1.size(); ++i) {
    double mean = 0.0;
    for (size_t j = 0; j < z_t[0].size(); ++j) {
      double soft = 0.0;
      for (size_t a = 0; a < q_t.size(); ++a) {
        const double log_probability = log_policy(q_t, a);
        soft += std::exp(log_probability) * (z_t[a][j] - temperature * log_probability);
      }
      const double delta = r_t + alpha * bonus + discount_t * soft - z_tm1[i];
      const double huber = std::abs(delta) <= 1.0 ? 0.5 * delta * delta : std::abs(delta) - 0.5;
      mean += std::abs(taus[i] - (delta < 0 ? 1.0 : 0.0)) * huber;
    }
    loss += mean / static_cast<double>(z_t[0].size());
  }
  return loss;
}

// oracle: slow_iqn_loss, and its finite differences for the gradient
TEST(Munchausen, IqnsLossAndGradientEqualItsFormulas) {
  const std::vector<double> taus{0.05, 0.4, 0.9};
  const std::vector<double> q_tm1{1.0, 1.02, 0.2};
  const std::vector<double> q_t{0.5, 0.48, 0.51};
  const std::vector<std::vector<double>> z_t{{0.1, 2.5}, {-0.3, 0.7}, {0.4, 0.6}};
  const std::vector<double> z_tm1{-0.8, 0.9, 3.1};
  const auto tensor = [](const std::vector<double>& values) {
    return torch::tensor(values, torch::kFloat64).unsqueeze(0);
  };
  const torch::Tensor quantiles_t = torch::stack({tensor(z_t[0]), tensor(z_t[1]), tensor(z_t[2])},
                                                 /*dim=*/1);  // [1, A, N']
  for (const double temperature : {0.03, 0.5}) {
    for (const size_t a_tm1 : {0, 2}) {
      for (const double discount_t : {0.99, 0.0}) {
        const double r_t = 0.3;
        const torch::Tensor bonus =
            munchausen_bonus(tensor(q_tm1), torch::tensor({static_cast<int64_t>(a_tm1)}),
                             temperature, /*alpha=*/0.9, /*clip=*/-0.6);
        const torch::Tensor target =
            munchausen_quantile_target(tensor({r_t})[0], bonus, tensor({discount_t})[0],
                                       quantiles_t, tensor(q_t), temperature);
        torch::Tensor quantiles = tensor(z_tm1).set_requires_grad(true);
        const torch::Tensor loss =
            quantile_regression_loss(quantiles, tensor(taus), target, /*kappa=*/1.0);
        loss.sum().backward();

        const auto slow = [&](const std::vector<double>& z) {
          return slow_iqn_loss(z, taus, r_t, discount_t, q_tm1, a_tm1, q_t, z_t, temperature, 0.9,
                               -0.6);
        };
        EXPECT_NEAR(loss.item<double>(), slow(z_tm1), 1e-12);
        for (size_t i = 0; i < z_tm1.size(); ++i) {
          std::vector<double> up = z_tm1;
          std::vector<double> down = z_tm1;
          up[i] += 1e-6;
          down[i] -= 1e-6;
          EXPECT_NEAR(quantiles.grad()[0][static_cast<int64_t>(i)].item<double>(),
                      (slow(up) - slow(down)) / 2e-6, 1e-7);
        }
      }
    }
  }
}

}  // namespace
}  // namespace accumbens
