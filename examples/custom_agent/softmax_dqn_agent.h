#pragma once

#include "accumbens/agents/dqn.h"

// DQN's options and one more; what a Gin file binds for DQNAgent holds here too
struct SoftmaxDqnOptions : accumbens::DqnOptions {
  double temperature = 1.0;

  void fields(auto& field) {
    DqnOptions::fields(field);
    field("temperature", temperature, "action values per unit of log-probability",
          accumbens::above(0));
  }
};

/// DQN with one method overridden: in training, good actions are drawn more often than bad ones,
/// with probabilities softmax(q / temperature), instead of epsilon-greedily.
class SoftmaxDqnAgent final : public accumbens::DqnAgent {
 public:
  SoftmaxDqnAgent(const SoftmaxDqnOptions& options, int64_t batch_size, int64_t num_actions,
                  torch::Device device, Parts parts)
      : DqnAgent(options, batch_size, num_actions, device, std::move(parts)),
        temperature_(options.temperature) {}

 protected:
  torch::Tensor select_action(const accumbens::TimeStep& time_step,
                              const torch::Tensor& s_t) override {
    if (eval_mode()) return DqnAgent::select_action(time_step, s_t);

    // the first action at which the summed probabilities pass a uniform number
    const torch::Tensor sums = torch::softmax(q_values(s_t) / temperature_, 1).cumsum(1).cpu();
    torch::Tensor uniform = torch::empty({s_t.size(0), 1});  // [B, 1]
    for (int64_t b = 0; b < s_t.size(0); ++b) uniform[b] = exploration().uniform();
    return (sums < uniform).sum(1).clamp_max(sums.size(1) - 1);  // [B]
  }

 private:
  double temperature_;
};
