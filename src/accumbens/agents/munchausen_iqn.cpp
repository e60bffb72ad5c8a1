#include "accumbens/agents/munchausen_iqn.h"

#include <utility>

#include "accumbens/losses/munchausen.h"

namespace accumbens {

void MunchausenIqnOptions::check() const {
  ImplicitQuantileOptions::check();
  check_with(*this);
}

MunchausenIqnAgent::MunchausenIqnAgent(const MunchausenIqnOptions& options, int64_t batch_size,
                                       int64_t num_actions, torch::Device device, Parts parts)
    : ImplicitQuantileAgent(options, batch_size, num_actions, device, std::move(parts)),
      options_(options) {}

torch::Tensor MunchausenIqnAgent::target(const Batch& batch) {
  // the reward and its addition, and the soft quantiles of the next states
  const torch::Tensor bonus =
      munchausen_bonus(q_values_of(target_network(), batch.s_tm1), batch.a_tm1,
                       options_.temperature, options_.alpha, options_.clip);  // [B]
  const torch::Tensor q_t = q_values_of(target_network(), batch.s_t);         // [B, A]
  const QOutput z_t = target_network().forward_at(
      batch.s_t, draw_taus(batch.s_t.size(0), options_.num_tau_prime_samples));
  return munchausen_quantile_target(batch.r_t, bonus, batch.discount_t, z_t.quantiles, q_t,
                                    options_.temperature);
}

}  // namespace accumbens
