#pragma once

#include <torch/types.h>

#include <cstdint>

#include "accumbens/core/state_tree.h"
#include "accumbens/core/time_step.h"

namespace accumbens {

/// What an on-policy agent did in T time steps of B streams, and what came of it; an update uses it
/// once.
///
/// A row is a time step: its state, and the action chosen there. The next time step answers it.
/// What the environment ignores, the action after an episode's last observation, is a row without
/// an outcome, and so is one whose episode was cut from outside.
class Rollout {
 public:
  /// length: T, time steps.
  explicit Rollout(int64_t length) : length_(length) {}

  /// Whether the last row is answered, so that there is something to learn from.
  bool full() const { return rows_ == length_ && answered_; }

  /// What the newest row's action led to; nothing where there is no row.
  void answer(const TimeStep& time_step);

  /// Another row. s: [B, stack, ...]; a: [B] int64 or [B, D] float32; log_prob, v: [B], of that
  /// action and state.
  void add(const torch::Tensor& s, const torch::Tensor& a, const torch::Tensor& log_prob,
           const torch::Tensor& v);

  /// Forgets all rows.
  void clear() { rows_ = 0; }

  void state(StateTree& tree);

  torch::Tensor s_tm1;         // [T, B, stack, ...]
  torch::Tensor a_tm1;         // [T, B] int64, or [T, B, D] float32
  torch::Tensor log_prob_tm1;  // [T, B], under the policy that acted
  torch::Tensor v_tm1;         // [T, B], under the network that acted
  torch::Tensor r_t;           // [T, B]
  torch::Tensor discount_t;    // [T, B], the environment's: 0 at termination
  torch::Tensor valid;         // [T, B] bool, whether there was an outcome

 private:
  int64_t length_;
  int64_t rows_ = 0;
  bool answered_ = true;  // the newest row
};

}  // namespace accumbens
