#pragma once

#include <torch/types.h>

namespace accumbens {

/// The projection of C51 (Bellemare et al., 2017, algorithm 1): each atom's mass goes to its two
/// neighbours on the support, in proportion to how near they are; what lies outside goes to the
/// ends. An atom that lies on the support exactly keeps its mass. Returns [B, N].
torch::Tensor project_distribution(const torch::Tensor& atoms,          // [B, M]
                                   const torch::Tensor& probabilities,  // [B, M]
                                   const torch::Tensor& support);       // [N >= 2], evenly spaced

/// Cross-entropy between the projected target distribution of r_t + discount_t * Z(s_t, a_t) and
/// that of Z(s_tm1, a_tm1). No gradient flows into the target. Returns [B].
torch::Tensor categorical_q_learning_loss(
    const torch::Tensor& logits_tm1,       // [B, A, N]
    const torch::Tensor& a_tm1,            // [B] int64
    const torch::Tensor& r_t,              // [B]
    const torch::Tensor& discount_t,       // [B], 0 at termination
    const torch::Tensor& probabilities_t,  // [B, A, N], target network
    const torch::Tensor& a_t,              // [B] int64, the greedy actions
    const torch::Tensor& support);         // [N]

}  // namespace accumbens
