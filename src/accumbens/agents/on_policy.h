#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/agents/action_functions.h"
#include "accumbens/agents/actor_learner.h"
#include "accumbens/agents/figures.h"
#include "accumbens/agents/rollout.h"
#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/losses/continuous.h"
#include "accumbens/losses/policy_gradient.h"
#include "accumbens/networks/actor_critic.h"
#include "accumbens/networks/optimizer.h"
#include "accumbens/replay/frame_stack.h"

namespace accumbens {

/// What agents that learn from what they just did have in common; all counts are of all streams
/// together.
struct OnPolicyOptions {
  double gamma = 0.99;
  Reference advantage_estimator{"generalized_advantages"};
  double lambda_ = 0.95;
  int64_t update_period = 2'048;
  double vf_coefficient = 0.5;
  double entropy_coefficient = 0.0;
  std::optional<double> max_gradient_norm = 0.5;
  std::string optimizer = "adam";
  Reference network{"ClassicControlActorCriticNetwork"};
  std::string network_dtype = "float32";
  int64_t stack_size = 1;
  bool squash_actions = true;
  Reference action_fn{"sampled_action"};
  Reference eval_action_fn{"sampled_action"};

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "discount per agent step", in_closed(0, 1));
    field("advantage_estimator", advantage_estimator,
          "how much better than the state's value what came of an action was",
          part("advantage_estimators"));
    field("lambda_", lambda_, "@generalized_advantages: their decay", in_closed(0, 1));
    field("update_period", update_period,
          "time steps of all streams between updates; those that end an episode have nothing to "
          "learn from",
          in_closed(1, 1e9));
    field("vf_coefficient", vf_coefficient, "weight of the value's loss", at_least(0));
    field("entropy_coefficient", entropy_coefficient, "weight of the policy's entropy",
          at_least(0));
    field("max_gradient_norm", max_gradient_norm,
          "a longer gradient, over all parameters, is shortened to this; None: it is not",
          above(0));
    field("optimizer", optimizer, "its options are create_optimizer's",
          one_of({"adam", "rmsprop", "sgd"}));
    field("network", network, "from stacked observations to a policy and a value",
          part("actor_critic_networks"));
    field("network_dtype", network_dtype,
          "what the convolutions and hidden layers of networks for images and MinAtar are computed "
          "in, acting and learning; bfloat16 is faster on processors and GPUs that have it, and "
          "keeps three digits",
          one_of({"float32", "bfloat16"}));
    field("stack_size", stack_size, "frames in an observation", in_closed(1, 1'000));
    field(
        "squash_actions", squash_actions,
        "tanh takes continuous actions into their bounds (Dopamine); False: they are cut off there "
        "(CleanRL)");
    field("action_fn", action_fn, "actions in training", part("action_functions"));
    field("eval_action_fn", eval_action_fn, "actions in evaluation", part("action_functions"));
  }
};

/// An actor-critic that acts in B streams by its policy and learns every update_period time steps
/// from what it did, by estimates of how much better it was than expected. Derived classes say how.
/// Where an episode is cut short, its value goes on from the true last observation.
class OnPolicyAgent : public ActorLearner {
 public:
  /// What an OnPolicyAgent is made of.
  struct Parts {
    std::shared_ptr<ActorCriticNetwork> network;
    Optimizer optimizer;            // of network's parameters
    FrameStack frame_stack;         // of observations
    AdvantageEstimator advantages;  // of what it did
    ActionFunction action_fn;       // of training
    ActionFunction eval_action_fn;  // of evaluation
    ActionBounds bounds;            // of continuous actions; on the CPU
    RandomStream actions;           // draws them
    RandomStream minibatches;       // draws them, where there are any
  };

  /// num_streams: of the environment. more_figures: names of what else than losses and entropy is
  /// logged. Throws ConfigError unless update_period is a multiple of num_streams.
  OnPolicyAgent(const OnPolicyOptions& options, int64_t num_streams, torch::Device device,
                Parts parts, const std::vector<std::string>& more_figures = {});

  std::map<std::string, double> statistics() const final;
  void state(StateTree& tree) final;

 protected:
  /// Its notes: the action before it was squashed, its log-probability, and the state's value.
  Answer answer(const TimeStep& time_step, const torch::Tensor& s_t) final;

  /// Throws Diverged when a loss is not finite, and does not learn from that minibatch.
  void learn_from(const TimeStep& time_step, const torch::Tensor& s_t) final;

  void remember(const torch::Tensor& s_t, const Answer& answer) final;
  std::vector<torch::Tensor> acting_parameters() const final {
    return with_buffers(parts_.network->parameters(), *parts_.network);
  }
  FrameStack& frame_stack() final { return parts_.frame_stack; }

  /// What the agent did and what came of it, on its device.
  struct Samples {
    torch::Tensor s_tm1;         // [N, stack, ...]
    torch::Tensor a_tm1;         // [N] int64, or [N, D] before they were squashed
    torch::Tensor log_prob_tm1;  // [N], under the policy that acted
    torch::Tensor v_tm1;         // [N], under the network that acted
    torch::Tensor advantage;     // [N]
    torch::Tensor target;        // [N], of the value: v_tm1 + advantage

    /// N.
    int64_t size() const { return v_tm1.size(0); }

    /// Some of them. rows: int64, on the CPU.
    Samples select(const torch::Tensor& rows) const;
  };

  /// An update, of one or more calls of minimize().
  virtual void update(const Samples& samples) = 0;

  /// What the network says now of sampled states.
  PolicyOutput look_at(const torch::Tensor& s);

  /// One step of the optimizer on policy_loss + vf_coefficient * value_loss - entropy_coefficient *
  /// entropy, all scalars. more: the values of more_figures, scalars.
  void minimize(const torch::Tensor& policy_loss, const torch::Tensor& value_loss,
                const torch::Tensor& entropy, const std::vector<torch::Tensor>& more = {});

  /// The stream that draws minibatches, saved with the agent.
  RandomStream& minibatches() { return parts_.minibatches; }

 private:
  PolicyOutput look_without_gradients(const torch::Tensor& s);
  Samples samples(const torch::Tensor& v) const;

  OnPolicyOptions options_;
  torch::Device device_;
  Parts parts_;
  Rollout rollout_;

  Figures figures_;  // of the last call of minimize()
};

/// The logarithm of a policy's probability, or density, of actions [B] or [B, D]. Returns [B].
torch::Tensor log_probability(const PolicyOutput& policy, const torch::Tensor& a);

/// The entropy of a policy, in nats. Returns [B].
torch::Tensor entropy(const PolicyOutput& policy);

/// `x` less its mean, in units of its standard deviation. [N].
torch::Tensor normalized(const torch::Tensor& x);

}  // namespace accumbens
