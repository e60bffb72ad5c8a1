#include "accumbens/losses/quantile.h"

#include <torch/utils.h>

#include "accumbens/losses/q_learning.h"

namespace accumbens {

torch::Tensor quantile_target(const torch::Tensor& r_t, const torch::Tensor& discount_t,
                              const torch::Tensor& quantiles_t, const torch::Tensor& a_t) {
  return r_t.unsqueeze(1) + discount_t.unsqueeze(1) * gather_actions(quantiles_t, a_t);
}

torch::Tensor quantile_regression_loss(const torch::Tensor& quantiles_tm1,
                                       const torch::Tensor& taus, const torch::Tensor& target,
                                       double kappa) {
  // each target against each quantile: with s = clip(delta, -kappa, kappa), Huber's loss is
  // s * (delta - s / 2), and s is its slope
  torch::Tensor losses, slopes;  // [B], [B, N]
  {
    const torch::NoGradGuard no_grad;
    torch::Tensor delta = target.unsqueeze(1) - quantiles_tm1.unsqueeze(2);  // [B, N, M]
    torch::Tensor weighted = (taus.unsqueeze(-1) - (delta < 0).to(delta.dtype())).abs_();
    const torch::Tensor slope = kappa > 0 ? delta.clamp(-kappa, kappa) : delta.sign();
    weighted.mul_(slope);
    slopes = weighted.mean(2);
    if (kappa > 0) delta.sub_(slope, 0.5);
    losses = delta.mul_(weighted).mean(2).sum(1);
  }

  // one number per quantile has the gradient of all of its pairs
  const torch::Tensor no_difference = quantiles_tm1.detach() - quantiles_tm1;  // [B, N]
  return losses + (slopes * no_difference).sum(1);
}

}  // namespace accumbens
