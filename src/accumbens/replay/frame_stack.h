#pragma once

#include <torch/types.h>

#include <vector>

#include "accumbens/core/state_tree.h"
#include "accumbens/core/time_step.h"
#include "accumbens/replay/spec.h"

namespace accumbens {

/// Stacks the newest frames for acting, exactly as Replay stacks them for learning. An episode
/// starts (FIRST) from an empty stack; a lost life that does not end it changes nothing.
class FrameStack {
 public:
  /// Shape, dtype, stack and padding are the replay's. Throws ConfigError where what all streams
  /// see needs more memory than there is.
  explicit FrameStack(const ReplaySpec& spec);

  /// Adds the frames of a time step; returns the stacks, [B, stack, ...], which the caller may
  /// keep.
  torch::Tensor push(const TimeStep& time_step);

  void state(StateTree& tree);

 private:
  ReplaySpec spec_;
  torch::Tensor stack_;         // [B, stack, ...]
  std::vector<int64_t> count_;  // [B], frames of the episode in the stack
};

}  // namespace accumbens
