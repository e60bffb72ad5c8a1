#pragma once

#include <torch/types.h>

#include "accumbens/config/options.h"
#include "accumbens/core/random.h"

namespace accumbens {

/// Whether an option names max_actions(), rather than sampled_actions().
bool names_max_action(const Reference& action_fn);

/// The action that is preferred most, in Gin: max_action. preferences: [B, A]; returns [B] int64.
torch::Tensor max_actions(const torch::Tensor& preferences);

/// One action each by the probabilities of the softmax, in Gin: sampled_action. logits: [B, A], on
/// the CPU; returns [B] int64.
torch::Tensor sampled_actions(const torch::Tensor& logits, RandomStream& random);

}  // namespace accumbens
