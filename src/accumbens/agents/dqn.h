#pragma once

#include <torch/types.h>

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/agents/action_functions.h"
#include "accumbens/agents/actor_learner.h"
#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/core/schedule.h"
#include "accumbens/networks/optimizer.h"
#include "accumbens/networks/q_network.h"
#include "accumbens/networks/value_head.h"
#include "accumbens/replay/frame_stack.h"
#include "accumbens/replay/replay.h"

namespace accumbens {

/// Options of DQN; names and defaults are Dopamine's, all counts are agent steps.
struct DqnOptions {
  double gamma = 0.99;
  int64_t update_horizon = 1;
  int64_t min_replay_history = 20'000;
  int64_t update_period = 4;
  int64_t target_update_period = 8'000;
  Reference epsilon_fn{"linearly_decaying_epsilon"};
  Reference action_fn{"max_action"};
  double epsilon_train = 0.01;
  double epsilon_eval = 0.001;
  int64_t epsilon_decay_period = 250'000;
  Reference network{"NatureDQNNetwork"};
  std::string optimizer = "adam";
  std::string update_dtype = "float32";
  std::string loss_type = "mse";
  int64_t stack_size = 4;
  std::string stack_padding = "leading";
  std::string replay_scheme = "uniform";
  bool weighted_losses = true;
  bool double_dqn = false;
  bool dueling = false;
  bool separate_streams = false;
  bool shared_bias = false;
  bool output_bias = true;
  bool noisy = false;
  std::string noise_kind = "factorised";
  std::string noise_distribution = "normal";
  double noise_sigma = 0.1;
  bool noisy_eval = false;

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "discount per agent step", in_closed(0, 1));
    field("update_horizon", update_horizon, "agent steps of the n-step return", in_closed(1, 1e6));
    field("min_replay_history", min_replay_history,
          "transitions (agent steps) before learning starts", at_least(1));
    field("update_period", update_period, "agent steps between updates", at_least(1));
    field("target_update_period", target_update_period,
          "agent steps between copies to the target network", at_least(1));
    field("epsilon_fn", epsilon_fn, "how the probability of a random action falls in training",
          part("epsilon_functions"));
    field("action_fn", action_fn,
          "actions in training that are not random, by their values; in evaluation they are those "
          "of the greatest value",
          part("action_functions"));
    field("epsilon_train", epsilon_train, "final probability of a random action in training",
          in_closed(0, 1));
    field("epsilon_eval", epsilon_eval, "probability of a random action in evaluation",
          in_closed(0, 1));
    field("epsilon_decay_period", epsilon_decay_period,
          "agent steps over which epsilon falls; exponentially: to a share of 1/e", at_least(1));
    field("network", network, "from stacked observations to action values", part("networks"));
    field("optimizer", optimizer,
          "its options are create_optimizer's, or those of TensorFlow's optimizer",
          one_of({"adam", "rmsprop", "sgd", "@AdamOptimizer", "@RMSPropOptimizer"}));
    field("update_dtype", update_dtype,
          "what an update's convolutions and hidden layers are computed in; bfloat16 is faster on "
          "processors and GPUs that have it, and keeps three digits",
          one_of({"float32", "bfloat16"}));
    field("loss_type", loss_type,
          "mse: squared errors without 1/2 (Dopamine); huber: Mnih et al.; clipped_gradient: the "
          "same unless weighted, when weighted errors are clipped (DQN Zoo)",
          one_of({"mse", "huber", "clipped_gradient"}));
    field("stack_size", stack_size, "frames in an observation", in_closed(1, 1'000));
    field("stack_padding", stack_padding,
          "where an episode's first stacks are zero: leading (Dopamine), trailing (DQN Zoo)",
          one_of({"leading", "trailing"}));
    field("replay_scheme", replay_scheme,
          "how batches are drawn; PrioritizedSamplingDistribution says more",
          one_of({"uniform", "prioritized"}));
    field("weighted_losses", weighted_losses,
          "prioritized: losses are multiplied by importance weights");
    field("double_dqn", double_dqn, "the online network chooses the next states' actions");
    field("dueling", dueling, "a value and advantages make up the action values");
    field("separate_streams", separate_streams,
          "dueling: value and advantages have a hidden layer each (the paper, DQN Zoo)");
    field("shared_bias", shared_bias,
          "one bias for all outputs of the network (van Hasselt et al., 2016); not if noisy");
    field("output_bias", output_bias,
          "the outputs have a bias; False and noisy: they have its noise alone (DQN Zoo)");
    field("noisy", noisy, "noise in the network's head instead of random actions in training");
    field("noise_kind", noise_kind, "noisy: one number per input and output, or one per weight",
          one_of({"factorised", "independent"}));
    field("noise_distribution", noise_distribution,
          "noisy: N(0, 1), or the same within [-2, 2] (DQN Zoo)",
          one_of({"normal", "truncated_normal"}));
    field("noise_sigma", noise_sigma,
          "noisy: sigma_0 (0.5 in the paper where factorised, Dopamine 0.1)", at_least(0));
    field("noisy_eval", noisy_eval, "noisy: noise in evaluation too (DQN Zoo)");
  }

  void check() const;

  /// What the network is asked for.
  HeadSpec head(int64_t num_actions) const;
};

/// Deep Q-network (Mnih et al., 2015, "Human-level control through deep reinforcement learning").
///
/// The schedule is Dopamine's (Castro et al., 2018): one update every update_period agent steps
/// once the replay has been given more than min_replay_history transitions, a copy to the target
/// network every target_update_period agent steps, counted together with the steps of the warm-up
/// and over all streams.
///
/// Options make it double (van Hasselt et al., 2016), prioritized (Schaul et al., 2016), dueling
/// (Wang et al., 2016) or noisy (Fortunato et al., 2018). Other losses are derived classes that
/// override losses(); another way to explore overrides select_action().
class DqnAgent : public ActorLearner {
 public:
  /// What a DqnAgent is made of.
  struct Parts {
    std::shared_ptr<QNetwork> network;
    std::shared_ptr<QNetwork> target_network;  // of the same shape
    Optimizer optimizer;                       // of network's parameters
    Replay replay;                             // in training mode only
    FrameStack frame_stack;                    // of the replay's spec
    Schedule epsilon;                          // by agent steps of training
    ActionFunction action_fn;                  // of training, where actions are not random
    RandomStream exploration;                  // of actions
    RandomStream sampling;                     // of batches
    RandomStream noise;                        // of noisy networks and drawn quantiles
    Schedule importance_exponent{};            // by agent steps of training; none: uniform draws
  };

  /// batch_size: transitions in an update; num_actions: of the environment.
  DqnAgent(const DqnOptions& options, int64_t batch_size, int64_t num_actions, torch::Device device,
           Parts parts);

  std::map<std::string, double> statistics() const override;

  /// The greatest of the action values; NaN where the action is random.
  double state_value() const override { return state_value_; }
  void state(StateTree& tree) override;

 protected:
  Answer answer(const TimeStep& time_step, const torch::Tensor& s_t) final;

  /// time_step: its rewards are what the agent learns from (clipped by the runner if asked for).
  /// Throws Diverged when the loss is not finite. On a CPU the parameters are then still those
  /// before it, and on a GPU where priorities have to be waited for anyway; elsewhere statistics()
  /// throws, later.
  void learn_from(const TimeStep& time_step, const torch::Tensor& s_t) final;

  void remember(const torch::Tensor&, const Answer& answer) final { action_ = answer.action; }
  std::vector<torch::Tensor> acting_parameters() const final {
    return with_buffers(parts_.network->parameters(), *parts_.network);
  }
  FrameStack& frame_stack() final { return parts_.frame_stack; }

  /// What an update learns from.
  struct Losses {
    torch::Tensor losses;      // [N], with gradients
    torch::Tensor priorities;  // [N], of the transitions from now on
    torch::Tensor q_tm1;       // [N, A], for the logs
  };

  /// The losses of a batch, whose tensors are on the agent's device.
  virtual Losses losses(const Batch& batch);

  /// loss_type of temporal-difference errors [N]; their sizes are the priorities.
  Losses losses_of(const torch::Tensor& td_error, const torch::Tensor& q_tm1) const;

  /// Losses of distributions [N]; their roots are the priorities, as in Dopamine.
  static Losses losses_of_distributions(const torch::Tensor& losses, const torch::Tensor& q_tm1);

  /// Chooses the actions that are executed and learned from: epsilon-greedily. Called at every time
  /// step, without gradients; what is chosen for streams at LAST is ignored.
  /// s_t: [B, stack, ...], time_step's frames with those before them; returns [B] int64, on the
  /// CPU.
  virtual torch::Tensor select_action(const TimeStep& time_step, const torch::Tensor& s_t);

  /// The values that actions are chosen by: [B, A], on the agent's device. s_t: [B, stack, ...],
  /// on any.
  virtual torch::Tensor q_values(const torch::Tensor& s_t);

  /// The online network, with new noise: called once for each forward pass of an update.
  QNetwork& network();

  /// The target network, likewise.
  QNetwork& target_network();

  /// The network with the noise that acting calls for: none in evaluation unless asked for.
  QNetwork& acting_network();

  /// The values that choose the next states' actions: the target network's q_t, or the online
  /// network's for double DQN. Without gradients.
  torch::Tensor selector(const torch::Tensor& s_t, const torch::Tensor& q_t);

  /// The stream of noise and of quantiles, saved with the agent.
  RandomStream& noise() { return parts_.noise; }

  /// The stream to explore with, saved with the agent.
  RandomStream& exploration() { return parts_.exploration; }

 private:
  void update();

  DqnOptions options_;
  int64_t batch_size_;
  int64_t num_actions_;
  torch::Device device_;
  Parts parts_;

  double state_value_ = std::numeric_limits<double>::quiet_NaN();
  torch::Tensor action_;  // [B] int64, the last answer
  torch::Tensor loss_;    // of the last update
  torch::Tensor mean_q_;  // of the last update's batch
};

}  // namespace accumbens
