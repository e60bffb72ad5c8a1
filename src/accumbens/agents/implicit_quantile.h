#pragma once

#include "accumbens/agents/dqn.h"

namespace accumbens {

/// Options of IQN; names and defaults are Dopamine's.
struct ImplicitQuantileOptions : DqnOptions {
  double kappa = 1.0;
  int64_t num_tau_samples = 32;
  int64_t num_tau_prime_samples = 32;
  int64_t num_quantile_samples = 32;
  int64_t quantile_embedding_dim = 64;

  ImplicitQuantileOptions() { network = Reference{"ImplicitQuantileNetwork"}; }

  template <class Visitor>
  void fields(Visitor& field) {
    Without<Visitor> common(field, "loss_type");
    DqnOptions::fields(common);
    field("kappa", kappa, "where Huber's loss becomes linear", above(0));
    field("num_tau_samples", num_tau_samples, "fractions of the states' returns in an update",
          in_closed(1, 1e5));
    field("num_tau_prime_samples", num_tau_prime_samples,
          "fractions of the next states' returns in an update", in_closed(1, 1e5));
    field("num_quantile_samples", num_quantile_samples, "fractions that choose an action",
          in_closed(1, 1e5));
    field("quantile_embedding_dim", quantile_embedding_dim, "cosines of each fraction",
          in_closed(1, 1e5));
  }

  void check() const;
  HeadSpec head(int64_t num_actions) const;
};

/// Implicit quantile networks (Dabney et al., 2018b, "Implicit quantile networks for distributional
/// reinforcement learning"). Fractions are drawn anew for every state and forward pass.
///
/// The loss is divided by kappa, as in the paper and in Dopamine (rlax and DQN Zoo do not). With
/// prioritized replay, which neither has, priorities are the roots of the losses. Other targets are
/// derived classes that override target().
class ImplicitQuantileAgent : public DqnAgent {
 public:
  ImplicitQuantileAgent(const ImplicitQuantileOptions& options, int64_t batch_size,
                        int64_t num_actions, torch::Device device, Parts parts);

 protected:
  Losses losses(const Batch& batch) final;
  torch::Tensor q_values(const torch::Tensor& s_t) override;

  /// What the quantiles of a batch shall become: [B, num_tau_prime_samples]. Called without
  /// gradients.
  virtual torch::Tensor target(const Batch& batch);

  /// Fractions, uniform in [0, 1]: [batch_size, count], on the agent's device.
  torch::Tensor draw_taus(int64_t batch_size, int64_t count);

  /// A network's action values [B, A], of num_quantile_samples new fractions for each state.
  torch::Tensor q_values_of(QNetwork& network, const torch::Tensor& s);

 private:
  ImplicitQuantileOptions options_;
  torch::Device device_;
};

}  // namespace accumbens
