#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "accumbens/agents/agent.h"
#include "accumbens/core/schedule.h"
#include "accumbens/core/state_tree.h"
#include "accumbens/core/time_step.h"
#include "accumbens/replay/frame_stack.h"

namespace accumbens {

/// An agent of two halves: one acts, the other learns. step() is both in turn. Where actors have
/// threads of their own, each has a replica that only acts, and follows the one that learns.
class ActorLearner : public Agent {
 public:
  /// Actions, and what learning from them will need.
  struct Answer {
    torch::Tensor action;                // [B] int64, or [B, D] float32
    std::vector<torch::Tensor> notes{};  // each [B, ...], on the CPU; an agent's own
  };

  /// All that acting depends on, and learning changes.
  struct Policy {
    /// Copies of the parameters, on the agent's device; never written to again.
    std::shared_ptr<const std::vector<torch::Tensor>> parameters;
    int64_t num_updates = -1;    // that led to them
    int64_t training_steps = 0;  // agent steps in training mode
    bool warming_up = false;     // actions are random still
  };

  /// Throws Diverged where an action is not finite, Error where an observation is to blame.
  torch::Tensor step(const TimeStep& time_step) final;
  void set_eval_mode(bool eval) final;

  /// The half of step() that acts, for a replica: learns nothing. Throws as step().
  Answer act(const TimeStep& time_step);

  /// The other half: learns from what the last actions led to, and remembers what a replica
  /// answered to this time step. Both in training mode only.
  void learn(const TimeStep& time_step, const Answer& answer);

  /// Brings `policy` up to date. Parameters are only copied where they have changed since.
  void publish(Policy& policy) const;

  /// Acts by a policy of one other agent of the same kind from now on.
  void follow(const Policy& policy);

  void state(StateTree& tree) override;

 protected:
  /// Answers a time step. Without gradients. s_t: [B, stack, ...], its frames and those before
  /// them.
  virtual Answer answer(const TimeStep& time_step, const torch::Tensor& s_t) = 0;

  /// Learns, in training mode, from what the actions remembered last led to; calls count_update().
  virtual void learn_from(const TimeStep& time_step, const torch::Tensor& s_t) = 0;

  /// Remembers, in training mode, what is done in s_t.
  virtual void remember(const torch::Tensor& s_t, const Answer& answer) = 0;

  /// What acting depends on.
  virtual std::vector<torch::Tensor> acting_parameters() const = 0;

  /// Of the replay's spec.
  virtual FrameStack& frame_stack() = 0;

  /// To be called whenever acting_parameters() have changed.
  void count_update() { ++num_updates_; }

  /// Whether the agent only acts now.
  bool eval_mode() const { return eval_mode_; }

  /// Agent steps in training mode, before those that a time step under way stands for.
  int64_t training_steps() const { return training_steps_; }

  /// How many multiples of `period` the agent steps go past that a time step under way stands for.
  int64_t times_due(int64_t period, const TimeStep& time_step) const {
    return multiples_within(training_steps_, training_steps_ + time_step.num_going_on(), period);
  }

  bool warming_up_ = false;  // actions are random still; for agents that have such a time

 private:
  void learn_and_count(const TimeStep& time_step, const torch::Tensor& s_t);

  bool eval_mode_ = false;
  std::optional<FrameStack> of_training_;  // in evaluation mode: the frames that training left
  int64_t training_steps_ = 0;
  int64_t num_updates_ = 0;        // since the agent was made, loading included
  int64_t followed_updates_ = -1;  // of the policy that a replica acts by
};

}  // namespace accumbens
