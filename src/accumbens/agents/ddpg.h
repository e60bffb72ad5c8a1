#pragma once

#include <memory>
#include <optional>

#include "accumbens/agents/continuous.h"
#include "accumbens/agents/exploration_noise.h"

namespace accumbens {

/// Options of DDPG; the noise is that of its authors, the rest as for all agents with continuous
/// actions.
struct DdpgOptions : ContinuousOptions {
  Reference exploration_noise{"OrnsteinUhlenbeckNoise"};
  int64_t policy_period = 1;
  std::optional<double> policy_learning_rate = std::nullopt;
  double logit_penalty = 1e-3;

  template <class Visitor>
  void fields(Visitor& field) {
    ContinuousOptions::fields(field);
    field("exploration_noise", exploration_noise,
          "what is added in training to actions, or to the shares of discrete ones",
          part("exploration_noises"));
    field("policy_period", policy_period,
          "updates of the critics per update of the policy and the target networks", at_least(1));
    field("policy_learning_rate", policy_learning_rate,
          "step size of the policy; None: create_optimizer's, as the critics have", above(0));
    field(
        "logit_penalty", logit_penalty,
        "of discrete actions: what the mean square of the policy's outputs costs, so that it never "
        "settles for good (Lowe et al., 2017)",
        at_least(0));
  }
};

/// Deep deterministic policy gradient (Lillicrap et al., 2016, "Continuous control with deep
/// reinforcement learning"): the policy follows its critic's gradient by the action. Where actions
/// are discrete, it gives each a share, a softmax, and follows the gradient of the mean of the
/// actions' values by their shares; the greatest share acts.
class DdpgAgent : public ContinuousAgent {
 public:
  /// parts: with a policy of one output, and any number of critics, of which the least counts;
  /// rates, optimizer_parts: of the optimizers of both.
  DdpgAgent(const DdpgOptions& options, int64_t batch_size, torch::Device device, Parts parts,
            std::unique_ptr<ExplorationNoise> exploration_noise, const OptimizerOptions& rates,
            const OptimizerParts& optimizer_parts = {});

  void state(StateTree& tree) override;

 protected:
  torch::Tensor select_action(const TimeStep& time_step, const torch::Tensor& x_t) override;
  void update(const Batch& batch) override;
  double gradient_norm() const override { return critic_optimizer_.gradient_norm(); }

  /// What the target network would do in the next states. Without gradients. x_t: [N, F], encoded
  /// by it; returns [N, D].
  virtual torch::Tensor target_action(const torch::Tensor& x_t);

 private:
  // what the policy's outputs mean: actions within the bounds, or shares of discrete ones. [N, D]
  torch::Tensor proposal_of(const torch::Tensor& outputs) const;

  // the critics' values of such proposals, with gradients for these alone: [C, N]
  torch::Tensor value_of(ContinuousActorCritic& network, const torch::Tensor& x,
                         const torch::Tensor& proposal) const;

  DdpgOptions options_;
  std::unique_ptr<ExplorationNoise> exploration_noise_;
  Optimizer actor_optimizer_;
  Optimizer critic_optimizer_;
  int64_t updates_ = 0;        // of the critics
  torch::Tensor policy_loss_;  // of the policy's last update
};

}  // namespace accumbens
