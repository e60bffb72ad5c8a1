#include "accumbens/losses/policy_gradient.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "golden_tensors.h"
#include "losses/relative_error.h"

namespace accumbens {
namespace {

// oracle: rlax 0.1.9, tests/oracles/policy_gradient.py
TEST(GeneralizedAdvantages, EqualRlax) {
  auto data = golden_tensors("policy_gradient");
  const auto column = [](const torch::Tensor& x) { return x.unsqueeze(1); };  // [T, 1]
  const torch::Tensor& values = data["values"];
  const torch::Tensor valid = torch::ones({data["r_t"].size(0), 1}, torch::kBool);
  for (const std::string lambda : {"0.0", "0.9", "1.0"}) {
    const torch::Tensor advantages = generalized_advantages(
        column(data["r_t"]), column(data["discount_t"]), column(values.slice(0, 0, -1)),
        column(values.slice(0, 1)), valid, std::stod(lambda));
    EXPECT_LE(relative_error(advantages, column(data["advantages_" + lambda])), 1e-5) << lambda;
  }
}

// rows of three streams, in double precision; some end, others are cut short
struct Rows {
  torch::Tensor r_t, discount_t, v_tm1, v_t, valid;  // [T, B]
};

Rows random_rows() {
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  const int64_t rows = 40;
  const int64_t streams = 3;
  const auto draw = [&] {
    torch::Tensor x = torch::empty({rows, streams}, torch::kFloat64);
    for (int64_t i = 0; i < x.numel(); ++i) x.data_ptr<double>()[i] = uniform(generator);
    return x;
  };
  const torch::Tensor r_t = draw();
  const torch::Tensor v_tm1 = draw();
  const torch::Tensor v_t = torch::cat({v_tm1.slice(0, 1), draw().slice(0, 0, 1)});
  torch::Tensor discount_t = torch::full({rows, streams}, 0.9, torch::kFloat64);
  torch::Tensor valid = torch::ones({rows, streams}, torch::kBool);
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t b = 0; b < streams; ++b) {
      // some end there, so that the next row has no outcome; others are cut short
      const double event = uniform(generator);
      if (event > 0.8 && t + 1 < rows) valid[t + 1][b] = false;
      if (event > 0.9) discount_t[t][b] = 0.0;
    }
  }
  return {r_t, discount_t, v_tm1, v_t, valid};
}

double at(const torch::Tensor& x, int64_t t, int64_t b) {
  return x[t][b].item<double>();
}

// oracle: the definition, a sum of delta over each episode, in double precision
TEST(GeneralizedAdvantages, EndWithEpisodesAndGoOnFromTheirTrueLastStates) {
  const auto [r_t, discount_t, v_tm1, v_t, valid] = random_rows();
  const double lambda = 0.8;
  const torch::Tensor advantages =
      generalized_advantages(r_t, discount_t, v_tm1, v_t, valid, lambda);
  for (int64_t b = 0; b < r_t.size(1); ++b) {
    for (int64_t t = 0; t < r_t.size(0); ++t) {
      double expected = 0;
      double weight = 1;
      for (int64_t k = t; k < r_t.size(0) && valid[k][b].item<bool>(); ++k) {
        const double delta = at(r_t, k, b) + at(discount_t, k, b) * at(v_t, k, b) - at(v_tm1, k, b);
        expected += weight * delta;
        weight *= lambda * at(discount_t, k, b);
      }
      EXPECT_NEAR(at(advantages, t, b), expected, 1e-12) << t << " " << b;
    }
  }
}

// oracle: the definition, a sum of n rewards and a value for each row, in double precision
TEST(NStepAdvantages, EndWithEpisodesAndGoOnFromTheirTrueLastStates) {
  const auto [r_t, discount_t, v_tm1, v_t, valid] = random_rows();
  const int64_t rows = r_t.size(0);
  for (const int64_t n : {int64_t{1}, int64_t{3}, rows, rows + 7}) {
    const torch::Tensor advantages = n_step_advantages(r_t, discount_t, v_tm1, v_t, valid, n);
    for (int64_t b = 0; b < r_t.size(1); ++b) {
      for (int64_t t = 0; t < rows; ++t) {
        double expected = valid[t][b].item<bool>() ? -at(v_tm1, t, b) : 0.0;
        double weight = 1;
        for (int64_t k = t; k < rows && valid[k][b].item<bool>(); ++k) {
          expected += weight * at(r_t, k, b);
          weight *= at(discount_t, k, b);
          const bool last = k + 1 == std::min(t + n, rows) || !valid[k + 1][b].item<bool>();
          if (last) expected += weight * at(v_t, k, b);
          if (last) break;
        }
        EXPECT_NEAR(at(advantages, t, b), expected, 1e-12) << n << " " << t << " " << b;
      }
    }
  }
}

// oracle: rlax 0.1.9, tests/oracles/policy_gradient.py
TEST(NStepAdvantages, EqualRlax) {
  auto data = golden_tensors("policy_gradient");
  const auto column = [](const torch::Tensor& x) { return x.unsqueeze(1); };  // [T, 1]
  const torch::Tensor v_tm1 = column(data["values"].slice(0, 0, -1));
  const torch::Tensor valid = torch::ones({data["r_t"].size(0), 1}, torch::kBool);
  for (const int64_t n : {1, 4, 12}) {
    const torch::Tensor advantages =
        n_step_advantages(column(data["r_t"]), column(data["discount_t"]), v_tm1,
                          column(data["values"].slice(0, 1)), valid, n);
    const torch::Tensor returns = column(data["returns_" + std::to_string(n)]);
    EXPECT_LE(relative_error(advantages + v_tm1, returns), 1e-5) << n;
  }
}

// oracle: rlax 0.1.9, tests/oracles/policy_gradient.py
TEST(ClippedSurrogateLoss, EqualsRlaxInValueAndGradient) {
  auto data = golden_tensors("policy_gradient");
  torch::Tensor logits = data["logits"].clone().set_requires_grad(true);
  const torch::Tensor loss = clipped_surrogate_loss(log_probability(logits, data["actions"]),
                                                    data["old_log_prob"], data["advantages"], 0.2)
                                 .mean();
  loss.backward();
  EXPECT_LE(relative_error(loss.reshape(1), data["loss"]), 1e-5);
  EXPECT_LE(relative_error(logits.grad(), data["gradient"], /*least=*/0.1), 1e-5);
  EXPECT_LE(relative_error(entropy(data["logits"]), data["entropy"]), 1e-5);
}

// oracle: written out by hand
TEST(ValueLoss, IsTheGreaterOfClippedAndNot) {
  const torch::Tensor v = torch::tensor({1.0, 1.0, -1.0}, torch::kFloat64).requires_grad_();
  const torch::Tensor old_v = torch::tensor({0.0, 0.0, -0.9}, torch::kFloat64);
  const torch::Tensor target = torch::tensor({2.0, 0.5, 0.0}, torch::kFloat64);
  const torch::Tensor plain = value_loss(v, old_v, target, std::nullopt);
  EXPECT_TRUE(torch::allclose(plain, torch::tensor({0.5, 0.125, 0.5}, torch::kFloat64)));

  // no further than 0.2: v counts as 0.2, 0.2 and -1.0
  const torch::Tensor clipped = value_loss(v, old_v, target, 0.2);
  EXPECT_TRUE(torch::allclose(clipped, torch::tensor({1.62, 0.125, 0.5}, torch::kFloat64)));

  // v - target, or nothing where the clipped one counts
  const auto of_plain = torch::autograd::grad({plain.sum()}, {v});
  EXPECT_TRUE(torch::allclose(of_plain[0], torch::tensor({-1.0, 0.5, -1.0}, torch::kFloat64)));
  const auto of_clipped = torch::autograd::grad({clipped.sum()}, {v});
  EXPECT_TRUE(torch::allclose(of_clipped[0], torch::tensor({0.0, 0.5, -1.0}, torch::kFloat64)));
}

// oracle: the density of independent normals, and of its entropy the integral, by hand
TEST(NormalPolicy, LogProbabilityAndEntropyAreTheClosedForms) {
  const auto doubles = [](const std::vector<double>& values) {
    return torch::tensor(values, torch::kFloat64).view({1, -1});
  };
  const torch::Tensor mean = doubles({0.5, -2.0}).requires_grad_();
  const torch::Tensor log_std = doubles({-0.3, 1.1}).requires_grad_();
  const std::vector<double> a{0.9, -7.0};
  const torch::Tensor log_prob = normal_log_probability(mean, log_std, doubles(a));
  double expected = 0, expected_entropy = 0;
  for (int d = 0; d < 2; ++d) {
    const double std = std::exp(log_std[0][d].item<double>());
    const double z = (a[d] - mean[0][d].item<double>()) / std;
    expected += std::log(std::exp(-z * z / 2) / (std * std::sqrt(2 * std::numbers::pi)));
    expected_entropy += 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * std * std);
  }
  EXPECT_NEAR(log_prob.item<double>(), expected, 1e-12);
  EXPECT_NEAR(normal_entropy(log_std).item<double>(), expected_entropy, 1e-12);

  // its gradients: z / std by the mean, z^2 - 1 by the log-deviation
  log_prob.sum().backward();
  for (int d = 0; d < 2; ++d) {
    const double std = std::exp(log_std[0][d].item<double>());
    const double z = (a[d] - mean[0][d].item<double>()) / std;
    EXPECT_NEAR(mean.grad()[0][d].item<double>(), z / std, 1e-12);
    EXPECT_NEAR(log_std.grad()[0][d].item<double>(), z * z - 1, 1e-12);
  }
}

}  // namespace
}  // namespace accumbens
