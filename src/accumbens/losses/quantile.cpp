#include "accumbens/losses/quantile.h"

#include "accumbens/losses/q_learning.h"

namespace accumbens {

torch::Tensor quantile_target(const torch::Tensor& r_t, const torch::Tensor& discount_t,
                              const torch::Tensor& quantiles_t, const torch::Tensor& a_t) {
  return r_t.unsqueeze(1) + discount_t.unsqueeze(1) * gather_actions(quantiles_t, a_t);
}

torch::Tensor quantile_regression_loss(const torch::Tensor& quantiles_tm1,
                                       const torch::Tensor& taus, const torch::Tensor& target,
                                       double kappa) {
  // every target against every quantile
  const torch::Tensor delta =
      target.detach().unsqueeze(1) - quantiles_tm1.unsqueeze(2);  // [B, N, M]
  const torch::Tensor weight =
      (taus.unsqueeze(-1) - (delta.detach() < 0).to(delta.dtype())).abs();  // [B or 1, N, M]

  torch::Tensor loss = delta.abs();
  if (kappa > 0) {
    const torch::Tensor quadratic = loss.clamp_max(kappa);
    loss = 0.5 * quadratic.square() + kappa * (loss - quadratic);
  }
  return (weight * loss).mean(2).sum(1);
}

}  // namespace accumbens
