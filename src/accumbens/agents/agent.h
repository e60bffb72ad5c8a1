#pragma once

#include <torch/types.h>

#include <limits>
#include <map>
#include <string>

#include "accumbens/core/state_tree.h"
#include "accumbens/core/time_step.h"

namespace accumbens {

/// An agent acts, and learns from what its actions lead to.
class Agent {
 public:
  virtual ~Agent() = default;

  /// Learns from a time step if in training mode, and answers it with an action: [B] int64,
  /// or [B, D] float32 where the environment's are continuous.
  /// What is answered to LAST is ignored by the environment.
  virtual torch::Tensor step(const TimeStep& time_step) = 0;

  /// In evaluation mode the agent only acts: nothing is stored and nothing learned. Several streams
  /// are other ones then, and those of training go on afterwards: what an agent remembers of each
  /// stream, as frames, it keeps apart for the two modes, and saves both in evaluation mode. A run
  /// that goes on in an evaluation calls this before state(), and again after it.
  virtual void set_eval_mode(bool eval) = 0;

  /// Named figures of the last update and of the present (loss, epsilon ...), for logs.
  virtual std::map<std::string, double> statistics() const = 0;

  /// The value that the agent gave the first stream's state when step() chose its action; NaN where
  /// it looked at none, as before a random action.
  virtual double state_value() const { return std::numeric_limits<double>::quiet_NaN(); }

  /// Saves or loads everything that a bit-exact continuation needs.
  virtual void state(StateTree& tree) = 0;
};

}  // namespace accumbens
