#pragma once

#include <torch/types.h>

namespace accumbens {

/// Log-policies of the softmax policy over action values: log softmax(q / temperature), scaled by
/// the temperature. Returns [B, A].
torch::Tensor scaled_log_policy(const torch::Tensor& q,  // [B, A]
                                double temperature);     // tau, above 0

/// Munchausen's addition to the reward (Vieillard et al., 2020):
///   alpha * clip(temperature * log pi(a_tm1 | s_tm1), clip, 0)
/// with the policy of the target network. Returns [B].
torch::Tensor munchausen_bonus(const torch::Tensor& q_tm1,  // [B, A], target network
                               const torch::Tensor& a_tm1,  // [B] int64
                               double temperature,          // tau, above 0
                               double alpha,                // of the addition
                               double clip);                // at most 0

/// The entropy-regularised value of the softmax policy,
///   sum_a pi(a) * (q[a] - temperature * log pi(a)) = temperature * log sum_a exp(q[a] /
///   temperature)
/// Returns [B].
torch::Tensor soft_value(const torch::Tensor& q,  // [B, A]
                         double temperature);     // tau, above 0

/// What the quantiles of Munchausen IQN (Vieillard et al., 2020) shall become: with the policy
/// pi = softmax(q_t / temperature),
///   r_t + bonus + discount_t * sum_a pi(a) * (quantiles_t[a] - temperature * log pi(a))
/// Returns [B, N].
torch::Tensor munchausen_quantile_target(const torch::Tensor& r_t,          // [B]
                                         const torch::Tensor& bonus,        // [B]
                                         const torch::Tensor& discount_t,   // [B]
                                         const torch::Tensor& quantiles_t,  // [B, A, N], target
                                         const torch::Tensor& q_t,          // [B, A], target
                                         double temperature);               // tau, above 0

}  // namespace accumbens
