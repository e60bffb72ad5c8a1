#pragma once

#include <memory>

#include "accumbens/agents/ddpg.h"

namespace accumbens {

/// Options of TD3; the noise and policy_period are its authors', the rest as for all agents with
/// continuous actions.
struct Td3Options : DdpgOptions {
  double target_noise = 0.2;
  double target_noise_clip = 0.5;

  Td3Options() {
    exploration_noise = {"GaussianNoise"};
    policy_period = 2;
  }

  template <class Visitor>
  void fields(Visitor& field) {
    Without<Visitor> common(field, "logit_penalty");  // of discrete actions, which it has not
    DdpgOptions::fields(common);
    field("target_noise", target_noise,
          "deviation of the noise on the next states' actions, in units of half the bounds",
          at_least(0));
    field("target_noise_clip", target_noise_clip, "its greatest size, in the same units",
          at_least(0));
  }
};

/// Twin delayed DDPG (Fujimoto et al., 2018, "Addressing function approximation error in
/// actor-critic methods"): the least of two critics, a policy that is updated less often, and noise
/// on the next states' actions.
class Td3Agent : public DdpgAgent {
 public:
  /// parts: with a policy of one output and two critics; the rest as for DdpgAgent.
  Td3Agent(const Td3Options& options, int64_t batch_size, torch::Device device, Parts parts,
           std::unique_ptr<ExplorationNoise> exploration_noise, const OptimizerOptions& rates,
           const OptimizerParts& optimizer_parts = {});

 protected:
  torch::Tensor target_action(const torch::Tensor& x_t) override;

 private:
  Td3Options options_;
};

}  // namespace accumbens
