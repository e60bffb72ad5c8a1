#include "accumbens/agents/implicit_quantile.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/core/random_tensor.h"
#include "accumbens/losses/q_learning.h"
#include "accumbens/losses/quantile.h"

namespace accumbens {

void ImplicitQuantileOptions::check() const {
  DqnOptions::check();
  if (dueling) throw ConfigError("dueling does not go with implicit quantiles");
}

HeadSpec ImplicitQuantileOptions::head(int64_t num_actions) const {
  HeadSpec spec = DqnOptions::head(num_actions);
  spec.kind = HeadSpec::Kind::kImplicitQuantile;
  spec.embedding_size = quantile_embedding_dim;
  return spec;
}

ImplicitQuantileAgent::ImplicitQuantileAgent(const ImplicitQuantileOptions& options,
                                             int64_t batch_size, int64_t num_actions,
                                             torch::Device device, Parts parts)
    : DqnAgent(options, batch_size, num_actions, device, std::move(parts)),
      options_(options),
      device_(device) {}

torch::Tensor ImplicitQuantileAgent::draw_taus(int64_t batch_size, int64_t count) {
  return uniforms({batch_size, count}, noise()).to(device_);
}

torch::Tensor ImplicitQuantileAgent::q_values_of(QNetwork& network, const torch::Tensor& s) {
  return network.forward_at(s, draw_taus(s.size(0), options_.num_quantile_samples)).q_values;
}

torch::Tensor ImplicitQuantileAgent::q_values(const torch::Tensor& s_t) {
  return q_values_of(acting_network(), s_t.to(device_));
}

torch::Tensor ImplicitQuantileAgent::target(const Batch& batch) {
  // quantiles of the next states' returns, after the actions that other fractions choose
  QNetwork& chooser = options_.double_dqn ? network() : target_network();
  const torch::Tensor a_t = q_values_of(chooser, batch.s_t).argmax(/*dim=*/1);  // [B]
  const QOutput z_t = target_network().forward_at(
      batch.s_t, draw_taus(batch.s_t.size(0), options_.num_tau_prime_samples));
  return quantile_target(batch.r_t, batch.discount_t, z_t.quantiles, a_t);
}

DqnAgent::Losses ImplicitQuantileAgent::losses(const Batch& batch) {
  torch::Tensor to;  // [B, N']
  {
    const torch::NoGradGuard no_grad;
    to = target(batch);
  }
  const torch::Tensor taus = draw_taus(batch.a_tm1.size(0), options_.num_tau_samples);  // [B, N]
  const QOutput z_tm1 = network().forward_at(batch.s_tm1, taus);
  const torch::Tensor losses =
      quantile_regression_loss(gather_actions(z_tm1.quantiles, batch.a_tm1), taus, to,
                               options_.kappa) /
      options_.kappa;  // [B]
  return losses_of_distributions(losses, z_tm1.q_values);
}

}  // namespace accumbens
