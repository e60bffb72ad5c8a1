#include "accumbens/losses/quantile.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <string>

#include "accumbens/losses/q_learning.h"
#include "golden_tensors.h"
#include "losses/relative_error.h"

namespace accumbens {
namespace {

// one decimal, as the oracles name kappa
std::string kappa_name(double kappa) {
  return "_kappa_" + std::to_string(kappa).substr(0, 3);
}

// oracle: rlax 0.1.9, tests/oracles/rlax_losses.py
TEST(Quantile, EqualsRlax) {
  auto data = golden_tensors("rlax_losses");
  const torch::Tensor quantiles_t = data["quantiles_t"].transpose(1, 2);  // [B, A, N]
  const torch::Tensor target =
      quantile_target(data["r_t"], data["discount_t"], quantiles_t, quantiles_t.mean(-1).argmax(1));
  for (const double kappa : {0.0, 0.5, 1.0}) {
    const std::string name = "quantile" + kappa_name(kappa);
    torch::Tensor quantiles = data["quantiles_tm1"].clone().set_requires_grad(true);
    const torch::Tensor losses = quantile_regression_loss(
        gather_actions(quantiles.transpose(1, 2), data["a_tm1"]), data["taus"], target, kappa);
    losses.mean().backward();
    EXPECT_LE(relative_error(losses, data[name + ".losses"]), 1e-5) << name;
    EXPECT_LE(relative_error(quantiles.grad(), data[name + ".gradient"], /*least=*/0.1), 1e-5)
        << name;
  }
}

// oracle: dopamine-rl 4.1.2, tests/oracles/dopamine_distributional.py
TEST(Quantile, EqualsDopaminesQrDqn) {
  auto data = golden_tensors("dopamine_distributional");
  const torch::Tensor discount_t = 0.99 * (1.0 - data["terminal"].to(torch::kFloat32));
  const torch::Tensor quantiles_t = data["quantile.target"];  // [B, A, N]
  const int64_t n = quantiles_t.size(2);
  const torch::Tensor taus = (torch::arange(n) + 0.5) / static_cast<double>(n);
  const torch::Tensor target =
      quantile_target(data["r_t"], discount_t, quantiles_t, quantiles_t.mean(-1).argmax(1));
  for (const double kappa : {0.5, 1.0}) {
    const std::string name = "quantile" + kappa_name(kappa);
    torch::Tensor quantiles = data["quantile.online"].clone().set_requires_grad(true);
    const torch::Tensor losses =
        quantile_regression_loss(gather_actions(quantiles, data["a_tm1"]), taus, target, kappa);
    losses.mean().backward();
    EXPECT_LE(relative_error(losses, data[name + ".losses"]), 1e-5) << name;
    EXPECT_LE(relative_error(quantiles.grad(), data[name + ".gradient"], /*least=*/0.1), 1e-5)
        << name;
  }
}

// oracle: dopamine-rl 4.1.2, tests/oracles/dopamine_distributional.py; IQN divides by kappa
TEST(Quantile, EqualsDopaminesIqn) {
  auto data = golden_tensors("dopamine_distributional");
  const torch::Tensor discount_t = 0.99 * (1.0 - data["terminal"].to(torch::kFloat32));
  const torch::Tensor quantiles_t = data["implicit.target"].transpose(1, 2);  // [B, A, N']
  for (const bool twice : {false, true}) {
    const std::string selector = twice ? "implicit.selector_double" : "implicit.selector";
    const torch::Tensor target =
        quantile_target(data["r_t"], discount_t, quantiles_t, data[selector].mean(1).argmax(1));
    for (const double kappa : {0.5, 1.0}) {
      const std::string name = (twice ? "implicit_double" : "implicit") + kappa_name(kappa);
      torch::Tensor quantiles = data["implicit.online"].clone().set_requires_grad(true);
      const torch::Tensor loss =
          (quantile_regression_loss(gather_actions(quantiles.transpose(1, 2), data["a_tm1"]),
                                    data["implicit.taus"], target, kappa) /
           kappa)
              .mean();
      loss.backward();
      EXPECT_LE(relative_error(loss.reshape(1), data[name + ".loss"]), 1e-5) << name;
      EXPECT_LE(relative_error(quantiles.grad(), data[name + ".gradient"], /*least=*/0.1), 1e-5)
          << name;
    }
  }
}

}  // namespace
}  // namespace accumbens
