#pragma once

#include <optional>
#include <string>

#include "accumbens/agents/continuous.h"

namespace accumbens {

/// Options of SAC; names and defaults are Dopamine's.
struct SacOptions : ContinuousOptions {
  std::optional<double> target_entropy = std::nullopt;
  std::string target_policy = "target";
  std::optional<double> min_log_std = std::nullopt;
  std::optional<double> max_log_std = std::nullopt;

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
  }

  void check() const;
};

/// Soft actor-critic (Haarnoja et al., 2018, "Soft actor-critic algorithms and applications"): the
/// policy maximises the least of two critics and its own entropy, whose price alpha keeps it at
/// target_entropy. Evaluation takes the policy's mean.
class SacAgent : public ContinuousAgent {
 public:
  /// parts: with a policy of two outputs and two critics; rates: of the optimizer of all of it.
  SacAgent(const SacOptions& options, int64_t batch_size, int64_t action_size, torch::Device device,
           Parts parts, const OptimizerOptions& rates, OptimizerParts optimizer_parts = {});

  void state(StateTree& tree) override;

 protected:
  torch::Tensor select_action(const TimeStep& time_step, const torch::Tensor& x_t) override;
  void update(const Batch& batch) override;
  double gradient_norm() const override { return optimizer_.gradient_norm(); }

 private:
  /// What evaluation does. outputs: of the policy, [B, 2 D]; returns [B, D].
  torch::Tensor mean_action(const torch::Tensor& outputs) const;

  /// What an update values, drawn with its noise.
  ActionSample draw_action(const torch::Tensor& outputs);

  SacOptions options_;
  double target_entropy_;
  LogStdBounds log_std_bounds_;
  torch::Tensor log_alpha_;  // scalar
  Optimizer optimizer_;      // of policy, critics and log_alpha_
};

}  // namespace accumbens
