#pragma once

#include <torch/types.h>

#include <functional>

#include "accumbens/core/random.h"
#include "accumbens/networks/actor_critic.h"

namespace accumbens {

/// Chooses actions by what a policy says of B states: [B] int64 of discrete ones, whose logits may
/// be action values too, or [B, D] of continuous ones, before they are squashed or cut off. All
/// tensors are on the CPU, without gradients.
using ActionFunction =
    std::function<torch::Tensor(const PolicyOutput& policy, RandomStream& random)>;

/// The action of the greatest logit; of continuous ones the mean.
torch::Tensor max_action(const PolicyOutput& policy, RandomStream& random);

/// An action drawn by its probability, the softmax of the logits, or by the normal's density.
torch::Tensor sampled_action(const PolicyOutput& policy, RandomStream& random);

/// Discrete ones: with probability epsilon any, all alike, otherwise that of the greatest logit.
ActionFunction epsilon_greedy_action(double epsilon);

}  // namespace accumbens
