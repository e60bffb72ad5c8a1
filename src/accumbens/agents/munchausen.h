#pragma once

#include "accumbens/agents/dqn.h"

namespace accumbens {

/// What Munchausen adds to the options of an agent; defaults are the paper's.
struct MunchausenTerms {
  double temperature = 0.03;
  double alpha = 0.9;
  double clip = -1.0;

  template <class Visitor>
  void fields(Visitor& field) {
    field("temperature", temperature, "tau of the softmax policy and its entropy", above(0));
    field("alpha", alpha, "share of the log-policy that is added to the reward", in_closed(0, 1));
    field("clip", clip, "least log-policy times temperature that is added", in_closed(-1000, 0));
  }

  /// Throws ConfigError where the agent's options do not go with Munchausen.
  static void check_with(const DqnOptions& options);
};

/// Options of Munchausen DQN.
struct MunchausenOptions : DqnOptions, MunchausenTerms {
  MunchausenOptions() { loss_type = "huber"; }

  template <class Visitor>
  void fields(Visitor& field) {
    DqnOptions::fields(field);
    MunchausenTerms::fields(field);
  }

  void check() const;
};

/// Munchausen DQN (Vieillard et al., 2020, "Munchausen reinforcement learning"): the reward grows
/// by the scaled log-probability of the action, and values are those of the softmax policy with its
/// entropy, both of the target network.
class MunchausenAgent : public DqnAgent {
 public:
  MunchausenAgent(const MunchausenOptions& options, int64_t batch_size, int64_t num_actions,
                  torch::Device device, Parts parts);

 protected:
  Losses losses(const Batch& batch) override;

 private:
  MunchausenOptions options_;
};

}  // namespace accumbens
