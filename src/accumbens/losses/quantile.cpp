#include "accumbens/losses/quantile.h"

namespace accumbens {

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
