#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/agents/agent.h"
#include "accumbens/agents/rollout.h"
#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/networks/actor_critic.h"
#include "accumbens/networks/optimizer.h"
#include "accumbens/replay/frame_stack.h"

namespace accumbens {

/// Options of PPO; names and defaults are Dopamine's, all counts are agent steps of all streams
/// together.
struct PpoOptions {
  double gamma = 0.99;
  double lambda_ = 0.95;
  int64_t update_period = 2'048;
  int64_t num_epochs = 10;
  int64_t batch_size = 64;
  double epsilon = 0.2;
  bool clip_critic_loss = true;
  double vf_coefficient = 0.5;
  double entropy_coefficient = 0.0;
  double max_gradient_norm = 0.5;
  std::string shuffle = "samples";
  std::string optimizer = "adam";
  Reference network{"ClassicControlActorCriticNetwork"};
  int64_t stack_size = 1;

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "discount per agent step", in_closed(0, 1));
    field("lambda_", lambda_, "decay of generalised advantage estimates", in_closed(0, 1));
    field("update_period", update_period, "agent steps of all streams that an update learns from",
          at_least(1));
    field("num_epochs", num_epochs, "passes over them", at_least(1));
    field("batch_size", batch_size, "agent steps in a minibatch", at_least(2));
    field("epsilon", epsilon, "how far probabilities may move, in proportion", above(0));
    field("clip_critic_loss", clip_critic_loss, "values may move no further than epsilon either");
    field("vf_coefficient", vf_coefficient, "weight of the value's loss", at_least(0));
    field("entropy_coefficient", entropy_coefficient, "weight of the policy's entropy",
          at_least(0));
    field("max_gradient_norm", max_gradient_norm,
          "a longer gradient, over all parameters, is shortened to this", above(0));
    field("shuffle", shuffle,
          "samples: anew in every epoch; minibatches: their order alone, once (Dopamine)",
          one_of({"samples", "minibatches"}));
    field("optimizer", optimizer, "its options are create_optimizer's",
          one_of({"adam", "rmsprop", "sgd"}));
    field("network", network, "from stacked observations to a policy and a value");
    field("stack_size", stack_size, "frames in an observation", at_least(1));
  }

  void check() const;
};

/// Proximal policy optimisation (Schulman et al., 2017) with generalised advantage estimates
/// (Schulman et al., 2016), for discrete actions and any number of streams.
///
/// Every update_period agent steps it goes num_epochs times over what it did in minibatches.
/// Advantages are normalised in each minibatch. Where an episode is cut short, its value goes on
/// from the true last observation.
class PpoAgent final : public Agent {
 public:
  /// What a PpoAgent is made of.
  struct Parts {
    std::shared_ptr<ActorCriticNetwork> network;
    Optimizer optimizer;       // of network's parameters
    FrameStack frame_stack;    // of observations
    RandomStream actions;      // draws them
    RandomStream minibatches;  // draws them
  };

  /// num_streams: of the environment. Throws ConfigError unless update_period is a multiple of it.
  PpoAgent(const PpoOptions& options, int64_t num_streams, torch::Device device, Parts parts);

  /// Throws Error when a loss is not finite; the parameters are then still those before it.
  torch::Tensor step(const TimeStep& time_step) override;

  void set_eval_mode(bool eval) override { eval_mode_ = eval; }
  std::map<std::string, double> statistics() const override;
  void state(StateTree& tree) override;

 private:
  void learn(const torch::Tensor& v);
  std::vector<torch::Tensor> minibatches_of(const torch::Tensor& rows);
  void update(const torch::Tensor& rows, const torch::Tensor& advantages);

  PpoOptions options_;
  torch::Device device_;
  Parts parts_;
  Rollout rollout_;

  bool eval_mode_ = false;
  torch::Tensor figures_;  // of the last minibatch
};

}  // namespace accumbens
