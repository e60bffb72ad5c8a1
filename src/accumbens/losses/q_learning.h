#pragma once

#include <torch/types.h>

namespace accumbens {

/// x[b, index[b], ...] of x [B, A, ...] and index [B] int64.
torch::Tensor gather_actions(const torch::Tensor& x, const torch::Tensor& index);

/// Temporal-difference errors of Q-learning:
///   r_t + discount_t * q_t[argmax_a q_t_selector[a]] - q_tm1[a_tm1]
/// The selector is q_t itself (Watkins, 1989), or the online network's values of the same states
/// for double Q-learning (van Hasselt et al., 2016). No gradient flows into the target. Returns
/// [B].
torch::Tensor q_learning_td_error(const torch::Tensor& q_tm1,          // [B, A]
                                  const torch::Tensor& a_tm1,          // [B] int64
                                  const torch::Tensor& r_t,            // [B]
                                  const torch::Tensor& discount_t,     // [B], 0 at termination
                                  const torch::Tensor& q_t,            // [B, A], target network
                                  const torch::Tensor& q_t_selector);  // [B, A]

/// Squared errors, without the factor 1/2 (Dopamine's mse). Returns the shape of td_error.
torch::Tensor squared_loss(const torch::Tensor& td_error);

/// Huber's loss with delta 1: td^2 / 2 where |td| <= 1, |td| - 1/2 beyond. Its gradient is the
/// error clipped to [-1, 1] (Mnih et al., 2015). Returns the shape of td_error.
torch::Tensor huber_loss(const torch::Tensor& td_error);

/// Half the squared errors [B] for a mean over the batch, whose gradient by each error, with what
/// it is weighted by, is clipped to the one of an error of 1: [-1 / B, 1 / B] (DQN Zoo). Without
/// weights its gradient is Huber's.
torch::Tensor clipped_gradient_loss(const torch::Tensor& td_error);

}  // namespace accumbens
