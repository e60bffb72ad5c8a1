#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/agents/actor_learner.h"
#include "accumbens/agents/figures.h"
#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/losses/continuous.h"
#include "accumbens/networks/continuous.h"
#include "accumbens/networks/optimizer.h"
#include "accumbens/replay/frame_stack.h"
#include "accumbens/replay/replay.h"

namespace accumbens {

/// What agents that learn a policy by critics' gradients from a replay have in common; names and
/// defaults are those of Dopamine's SAC, all counts are agent steps of all streams together.
struct ContinuousOptions {
  double gamma = 0.99;
  int64_t update_horizon = 1;
  int64_t min_replay_history = 20'000;
  int64_t update_period = 1;
  std::string target_update_type = "soft";
  int64_t target_update_period = 1'000;
  double target_smoothing_coefficient = 0.005;
  double reward_scale_factor = 1.0;
  int64_t num_layers = 2;
  int64_t hidden_units = 256;
  std::string initialization = "xavier_uniform";
  std::string optimizer = "adam";
  Reference network{"ActorCriticNetwork"};
  int64_t stack_size = 1;

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "discount per agent step", in_closed(0, 1));
    field("update_horizon", update_horizon, "agent steps of the n-step return", in_closed(1, 1e6));
    field("min_replay_history", min_replay_history,
          "transitions (agent steps) before learning starts; until then actions are uniform",
          at_least(1));
    field("update_period", update_period, "agent steps between updates", at_least(1));
    field("target_update_type", target_update_type,
          "soft: the target network follows with every update; hard: it is copied now and then",
          one_of({"soft", "hard"}));
    field("target_update_period", target_update_period, "hard: agent steps between copies",
          at_least(1));
    field("target_smoothing_coefficient", target_smoothing_coefficient,
          "soft: the share of the way that the target network goes", in_closed(0, 1));
    field("reward_scale_factor", reward_scale_factor, "what rewards are multiplied by", above(0));
    field("num_layers", num_layers, "hidden layers of the policy and of each critic",
          in_closed(1, 1'000));
    field("hidden_units", hidden_units, "units of each hidden layer", in_closed(1, 1e6));
    field("initialization", initialization,
          "xavier_uniform: Dopamine; fan_in_uniform: torch (CleanRL, Stable-Baselines3)",
          one_of({"xavier_uniform", "fan_in_uniform"}));
    field("optimizer", optimizer, "its options are create_optimizer's",
          one_of({"adam", "rmsprop", "sgd"}));
    field("network", network, "the policy, the critics, and what states are to them",
          part("continuous_networks"));
    field("stack_size", stack_size, "frames in an observation", in_closed(1, 1'000));
  }
};

/// Options of a policy's optimizer: `rates`, with a step size of its own where there is one.
OptimizerOptions of_policy(OptimizerOptions rates, std::optional<double> policy_learning_rate);

/// An agent with a replay, a policy over continuous actions, critics, and target networks. It acts
/// at random until the replay has been given more than min_replay_history transitions, and then
/// learns every update_period agent steps. Derived classes say how it acts and how it learns. To
/// critics a discrete action is a row of zeros and a one.
class ContinuousAgent : public ActorLearner {
 public:
  /// What a ContinuousAgent is made of.
  struct Parts {
    std::shared_ptr<ContinuousActorCritic> network;
    std::shared_ptr<ContinuousActorCritic> target_network;  // of the same shape
    Replay replay;                                          // in training mode only
    FrameStack frame_stack;                                 // of the replay's spec
    ActionBounds bounds;                                    // on the agent's device, or
    int64_t num_actions = 0;                                // where they are discrete
    RandomStream exploration;                               // of actions
    RandomStream sampling;                                  // of batches
    RandomStream noise;                                     // within updates
  };

  /// batch_size: transitions in an update; figure_names: of what log() is told.
  ContinuousAgent(const ContinuousOptions& options, int64_t batch_size, torch::Device device,
                  Parts parts, std::vector<std::string> figure_names);

  std::map<std::string, double> statistics() const final;
  void state(StateTree& tree) override;

 protected:
  Answer answer(const TimeStep& time_step, const torch::Tensor& s_t) final;

  /// Throws Diverged when a loss is not finite; what it would have moved is then as it was.
  void learn_from(const TimeStep& time_step, const torch::Tensor& s_t) final;

  void remember(const torch::Tensor&, const Answer& answer) final { action_ = answer.action; }
  std::vector<torch::Tensor> acting_parameters() const final {
    return with_buffers(parts_.network->acting_parameters(), *parts_.network);
  }
  FrameStack& frame_stack() final { return parts_.frame_stack; }

  /// The actions of the policy, with whatever it explores with in training mode. Without gradients.
  /// x_t: [B, F], encoded, on the agent's device; returns [B, D], or [B] int64, on it.
  virtual torch::Tensor select_action(const TimeStep& time_step, const torch::Tensor& x_t) = 0;

  /// An update. The batch's tensors are on the agent's device, its rewards scaled; a_tm1: [N, D].
  virtual void update(const Batch& batch) = 0;

  /// The global norm of the last gradient: the critics', or all of them where one optimizer has
  /// all.
  virtual double gradient_norm() const = 0;

  /// What learns.
  ContinuousActorCritic& network() { return *parts_.network; }

  /// What follows it.
  ContinuousActorCritic& target_network() { return *parts_.target_network; }

  /// Of continuous actions.
  const ActionBounds& bounds() const { return parts_.bounds; }

  /// Whether they are discrete, and D counts them.
  bool discrete() const { return parts_.num_actions > 0; }

  /// A step of an optimizer on a scalar loss. Throws Diverged when the loss is not finite.
  void minimize(const torch::Tensor& loss, Optimizer& optimizer) const;

  /// Lets the target network follow the network, if it does so with every update; without its
  /// policy, where nobody asks that.
  void follow_softly(bool with_policy = true);

  /// What the logs say of an update: a tensor for each of figure_names, whose mean it is.
  void log(const std::vector<torch::Tensor>& figures) { figures_.set(figures); }

  /// The stream to explore with in acting, saved with the agent.
  RandomStream& exploration() { return parts_.exploration; }

  /// Standard normals of a shape on the agent's device, of an update.
  virtual torch::Tensor update_noise(torch::IntArrayRef shape);

 private:
  torch::Tensor random_action(int64_t streams);

  ContinuousOptions options_;
  int64_t batch_size_;
  torch::Device device_;
  Parts parts_;

  // parameters that follow softly and buffers that follow at once, and whom: found at the first
  // time
  std::vector<torch::Tensor> followers_;
  std::vector<torch::Tensor> leaders_;
  std::vector<torch::Tensor> following_buffers_;
  std::vector<torch::Tensor> leading_buffers_;

  torch::Tensor action_;  // [B, D], or [B] int64, the last answer
  Figures figures_;       // of the last update
};

}  // namespace accumbens
