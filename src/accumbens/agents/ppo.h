#pragma once

#include <string>
#include <vector>

#include "accumbens/agents/on_policy.h"

namespace accumbens {

/// Options of PPO; names and defaults are Dopamine's.
struct PpoOptions : OnPolicyOptions {
  int64_t num_epochs = 10;
  int64_t batch_size = 64;
  double epsilon = 0.2;
  bool clip_critic_loss = true;
  std::string shuffle = "samples";

  template <class Visitor>
  void fields(Visitor& field) {
    OnPolicyOptions::fields(field);
    field("num_epochs", num_epochs, "passes over the agent steps of an update", in_closed(1, 1e6));
    field("batch_size", batch_size, "agent steps in a minibatch", in_closed(2, 1e9));
    field("epsilon", epsilon, "how far probabilities may move, in proportion", above(0));
    field("clip_critic_loss", clip_critic_loss, "values may move no further than epsilon either");
    field("shuffle", shuffle,
          "samples: anew in every epoch; minibatches: their order alone, once (Dopamine)",
          one_of({"samples", "minibatches"}));
  }

  void check() const;
};

/// Proximal policy optimisation (Schulman et al., 2017).
///
/// An update goes num_epochs times over what the agent did, in minibatches, in each of which
/// advantages are normalised.
class PpoAgent final : public OnPolicyAgent {
 public:
  /// See OnPolicyAgent.
  PpoAgent(const PpoOptions& options, int64_t num_streams, torch::Device device, Parts parts);

 protected:
  void update(const Samples& samples) override;

 private:
  std::vector<torch::Tensor> draw_minibatches(int64_t size);
  void update_on(const Samples& minibatch);

  PpoOptions options_;
};

}  // namespace accumbens
