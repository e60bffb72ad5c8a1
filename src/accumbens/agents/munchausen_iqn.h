#pragma once

#include "accumbens/agents/implicit_quantile.h"
#include "accumbens/agents/munchausen.h"

namespace accumbens {

/// Options of Munchausen IQN.
struct MunchausenIqnOptions : ImplicitQuantileOptions, MunchausenTerms {
  template <class Visitor>
  void fields(Visitor& field) {
    ImplicitQuantileOptions::fields(field);
    MunchausenTerms::fields(field);
  }

  void check() const;
};

/// Munchausen IQN (Vieillard et al., 2020, "Munchausen reinforcement learning"): implicit quantile
/// networks whose targets have Munchausen's reward and the quantiles of the softmax policy with its
/// entropy. The policies are those of the target network's mean over num_quantile_samples
/// fractions.
class MunchausenIqnAgent : public ImplicitQuantileAgent {
 public:
  MunchausenIqnAgent(const MunchausenIqnOptions& options, int64_t batch_size, int64_t num_actions,
                     torch::Device device, Parts parts);

 protected:
  torch::Tensor target(const Batch& batch) override;

 private:
  MunchausenIqnOptions options_;
};

}  // namespace accumbens
