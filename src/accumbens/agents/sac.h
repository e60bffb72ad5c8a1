#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accumbens/agents/continuous.h"

namespace accumbens {

/// Options of SAC; names and defaults are Dopamine's.
struct SacOptions : ContinuousOptions {
  std::optional<double> target_entropy = std::nullopt;
  std::string target_policy = "target";
  std::optional<double> min_log_std = std::nullopt;
  std::optional<double> max_log_std = std::nullopt;
  std::optional<int64_t> policy_period = std::nullopt;
  std::optional<double> policy_learning_rate = std::nullopt;

  template <class Visitor>
  void fields(Visitor& field) {
    ContinuousOptions::fields(field);
    field("target_entropy", target_entropy,
          "of the policy, in nats; None: -1/2 per number of an action (the paper: -1)",
          any_value());
    field("target_policy", target_policy,
          "what values the next state: an action drawn from the online policy (the paper), or the "
          "target network's mean action, with the log-probability of one drawn (Dopamine)",
          one_of({"online", "target"}));
    field("min_log_std", min_log_std,
          "least log-deviation of the policy; None: no bound (Dopamine)", any_value());
    field("max_log_std", max_log_std, "greatest; None: no bound (Dopamine)", any_value());
    field(
        "policy_period", policy_period,
        "updates of the critics, after which policy and alpha make as many of their own (CleanRL: "
        "2, Stable-Baselines3: 1); None: with each of the critics', in one step (Dopamine)",
        at_least(1));
    field("policy_learning_rate", policy_learning_rate,
          "with policy_period, step size of the policy; None: create_optimizer's, as critics and "
          "alpha have",
          above(0));
  }

  void check() const;
};

/// Soft actor-critic (Haarnoja et al., 2018, "Soft actor-critic algorithms and applications"): the
/// policy maximises the least of two critics and its own entropy, whose price alpha keeps it at
/// target_entropy. Evaluation takes the policy's mean.
class SacAgent : public ContinuousAgent {
 public:
  /// parts: with a policy of two outputs and two critics; rates, optimizer_parts: of all
  /// optimizers.
  SacAgent(const SacOptions& options, int64_t batch_size, int64_t action_size, torch::Device device,
           Parts parts, const OptimizerOptions& rates, const OptimizerParts& optimizer_parts = {});

  void state(StateTree& tree) override;

 protected:
  torch::Tensor select_action(const TimeStep& time_step, const torch::Tensor& x_t) override;
  void update(const Batch& batch) override;
  double gradient_norm() const override { return optimizer_.gradient_norm(); }

 private:
  /// What policy and alpha minimise, and the policy's entropy: scalars.
  struct PolicyLosses {
    torch::Tensor policy;
    torch::Tensor alpha;
    torch::Tensor entropy;

    PolicyLosses detached() const {
      return {.policy = policy.detach(), .alpha = alpha.detach(), .entropy = entropy};
    }
  };

  /// What moves policy and alpha where these do not move with the critics.
  struct PolicyOptimizers {
    Optimizer policy;
    Optimizer alpha;
  };

  /// What optimizer_ has.
  std::vector<torch::Tensor> moved_with_critics();

  /// The price of entropy, without gradients: a scalar.
  torch::Tensor alpha() const { return log_alpha_.detach().exp(); }

  /// What evaluation does. outputs: of the policy, [B, 2 D]; returns [B, D].
  torch::Tensor mean_action(const torch::Tensor& outputs) const;

  /// What an update values, drawn with its noise.
  ActionSample draw_action(const torch::Tensor& outputs);

  /// Of an update's states. x_tm1: [N, F], encoded.
  PolicyLosses policy_losses(const torch::Tensor& x_tm1);

  SacOptions options_;
  double target_entropy_;
  LogStdBounds log_std_bounds_;
  torch::Tensor log_alpha_;  // scalar
  Optimizer optimizer_;      // of the critics, and of the rest too without policy_optimizers_
  std::optional<PolicyOptimizers> policy_optimizers_;
  int64_t updates_ = 0;         // of the critics
  PolicyLosses policy_losses_;  // the last ones
};

}  // namespace accumbens
