#pragma once

#include "accumbens/agents/on_policy.h"

namespace accumbens {

/// Options of A2C; defaults are those of Stable-Baselines3, whose value loss is twice ours.
struct A2cOptions : OnPolicyOptions {
  bool normalize_advantages = false;

  A2cOptions() {
    lambda_ = 1.0;
    update_period = 40;
    vf_coefficient = 1.0;
    optimizer = "rmsprop";
  }

  template <class Visitor>
  void fields(Visitor& field) {
    OnPolicyOptions::fields(field);
    field("normalize_advantages", normalize_advantages,
          "advantages have mean 0 and deviation 1 in each update");
  }
};

/// Options of the vanilla policy gradient: long rollouts, returns to their end, and Adam.
struct VpgOptions : A2cOptions {
  VpgOptions() {
    normalize_advantages = true;
    update_period = 2'048;
    vf_coefficient = 0.5;
    optimizer = "adam";
  }
};

/// Advantage actor-critic (Mnih et al., 2016, "Asynchronous methods for deep reinforcement
/// learning", without its threads): one step along the gradient of log pi(a) * A per update.
///
/// With long rollouts and lambda 1 it is REINFORCE with a baseline (Williams, 1992), the vanilla
/// policy gradient.
class A2cAgent final : public OnPolicyAgent {
 public:
  /// See OnPolicyAgent.
  A2cAgent(const A2cOptions& options, int64_t num_streams, torch::Device device, Parts parts);

 protected:
  void update(const Samples& samples) override;

 private:
  bool normalize_advantages_;
};

}  // namespace accumbens
