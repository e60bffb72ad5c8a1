#pragma once

#include "accumbens/agents/dqn.h"

namespace accumbens {

/// Options of QR-DQN; names are Dopamine's.
struct QuantileOptions : DqnOptions {
  int64_t num_atoms = 200;
  double kappa = 1.0;

  QuantileOptions() {
    network = Reference{"QuantileNetwork"};
    replay_scheme = "prioritized";
    weighted_losses = false;
  }

  template <class Visitor>
  void fields(Visitor& field) {
    Without<Visitor> common(field, "loss_type");
    DqnOptions::fields(common);
    field("num_atoms", num_atoms, "quantiles", in_closed(1, 1e5));
    field("kappa", kappa, "where Huber's loss becomes linear; 0: absolute errors", at_least(0));
  }

  HeadSpec head(int64_t num_actions) const;
};

/// QR-DQN (Dabney et al., 2018a, "Distributional reinforcement learning with quantile regression").
///
/// Priorities are the roots of the losses, as in Dopamine, whose gradients are not weighted though
/// its draws are prioritized: the default of weighted_losses.
class QuantileAgent : public DqnAgent {
 public:
  QuantileAgent(const QuantileOptions& options, int64_t batch_size, int64_t num_actions,
                torch::Device device, Parts parts);

 protected:
  Losses losses(const Batch& batch) override;

 private:
  double kappa_;
  torch::Tensor taus_;  // [N], the middles of N equal parts of [0, 1]
};

}  // namespace accumbens
