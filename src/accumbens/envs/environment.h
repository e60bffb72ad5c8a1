#pragma once

#include <torch/types.h>

#include "accumbens/core/state_tree.h"
#include "accumbens/core/time_step.h"

namespace accumbens {

/// B environments that step together; B is 1 unless asked otherwise.
class Environment {
 public:
  virtual ~Environment() = default;

  /// What an agent has to know; it never changes.
  virtual const EnvironmentSpec& spec() const = 0;

  /// One agent step of every stream. A stream that has just begun to exist, or whose last step was
  /// LAST, ignores its action and starts an episode (FIRST).
  /// actions: [B] int64; [B, D] float32 where the spec has continuous ones, which act clipped to
  /// its bounds (what they cost may count as given: Gymnasium's tasks do that).
  virtual TimeStep step(const torch::Tensor& actions) = 0;

  /// Ends the episode of one stream from outside (a step limit): its next step() starts another.
  virtual void end_episode(int64_t stream) = 0;

  /// Saves or loads everything, the emulator's memory and random generator included.
  virtual void state(StateTree& tree) = 0;
};

}  // namespace accumbens
