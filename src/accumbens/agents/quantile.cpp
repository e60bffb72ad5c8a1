#include "accumbens/agents/quantile.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/losses/q_learning.h"
#include "accumbens/losses/quantile.h"

namespace accumbens {

HeadSpec QuantileOptions::head(int64_t num_actions) const {
  HeadSpec spec = DqnOptions::head(num_actions);
  spec.kind = HeadSpec::Kind::kQuantile;
  spec.num_atoms = num_atoms;
  return spec;
}

QuantileAgent::QuantileAgent(const QuantileOptions& options, int64_t batch_size,
                             int64_t num_actions, torch::Device device, Parts parts)
    : DqnAgent(options, batch_size, num_actions, device, std::move(parts)),
      kappa_(options.kappa),
      taus_(((torch::arange(options.num_atoms) + 0.5) / static_cast<double>(options.num_atoms))
                .to(device)) {}

DqnAgent::Losses QuantileAgent::losses(const Batch& batch) {
  // the quantiles of the next states' greedy actions
  torch::Tensor target;  // [B, N]
  {
    const torch::NoGradGuard no_grad;
    const QOutput z_t = target_network().forward(batch.s_t);
    const torch::Tensor a_t = selector(batch.s_t, z_t.q_values).argmax(/*dim=*/1);  // [B]
    target = quantile_target(batch.r_t, batch.discount_t, z_t.quantiles, a_t);
  }
  const QOutput z_tm1 = network().forward(batch.s_tm1);
  const torch::Tensor losses = quantile_regression_loss(
      gather_actions(z_tm1.quantiles, batch.a_tm1), taus_, target, kappa_);  // [B]
  return losses_of_distributions(losses, z_tm1.q_values);
}

}  // namespace accumbens
