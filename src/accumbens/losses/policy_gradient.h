#pragma once

#include <torch/types.h>

#include <functional>
#include <optional>

namespace accumbens {

/// The logarithm of softmax(logits) at the actions. Returns [B].
torch::Tensor log_probability(const torch::Tensor& logits,  // [B, A]
                              const torch::Tensor& a);      // [B] int64

/// The entropy of softmax(logits). Returns [B].
torch::Tensor entropy(const torch::Tensor& logits);  // [B, A]

/// The logarithm of the density of independent normals at the actions. Returns [B].
torch::Tensor normal_log_probability(const torch::Tensor& mean,     // [B, D]
                                     const torch::Tensor& log_std,  // [B, D]
                                     const torch::Tensor& a);       // [B, D]

/// The entropy of independent normals, in nats. Returns [B].
torch::Tensor normal_entropy(const torch::Tensor& log_std);  // [B, D]

/// Generalised advantage estimates (Schulman et al., 2016):
///   A_t = delta_t + discount_t * lambda * A_t+1,  delta_t = r_t + discount_t * v_t - v_tm1
/// Rows whose action had no outcome (an episode ended before it, or was cut short after it) have an
/// advantage of 0, so that what is before them ends with the value of its true last state. Without
/// gradients. Returns [T, B].
torch::Tensor generalized_advantages(const torch::Tensor& r_t,         // [T, B]
                                     const torch::Tensor& discount_t,  // [T, B], 0 at termination
                                     const torch::Tensor& v_tm1,       // [T, B]
                                     const torch::Tensor& v_t,         // [T, B], of the next states
                                     const torch::Tensor& valid,       // [T, B] bool
                                     double lambda);                   // in [0, 1]

/// The same with returns of n steps, fewer where an episode ends or the rows do:
///   A_t = r_t + ... + discount_t ... discount_t+n-2 * (r_t+n-1 + discount_t+n-1 * v_t+n-1) - v_tm1
/// (Mnih et al., 2016, whose n counts from the end of the rows: there n is at least T). Returns
/// [T, B].
torch::Tensor n_step_advantages(const torch::Tensor& r_t,         // [T, B]
                                const torch::Tensor& discount_t,  // [T, B], 0 at termination
                                const torch::Tensor& v_tm1,       // [T, B]
                                const torch::Tensor& v_t,         // [T, B], of the next states
                                const torch::Tensor& valid,       // [T, B] bool
                                int64_t n);                       // at least 1

/// Either, with what they have beside the rows.
using AdvantageEstimator = std::function<torch::Tensor(
    const torch::Tensor& r_t, const torch::Tensor& discount_t, const torch::Tensor& v_tm1,
    const torch::Tensor& v_t, const torch::Tensor& valid)>;

/// The policy gradient's loss (Williams, 1992): -log pi(a) * A, whose advantages take no gradient.
/// Returns [N].
torch::Tensor policy_gradient_loss(const torch::Tensor& log_prob,    // [N], with gradients
                                   const torch::Tensor& advantage);  // [N]

/// PPO's clipped surrogate loss (Schulman et al., 2017), with rho = pi(a) / pi_old(a):
///   -min(rho * A, clip(rho, 1 - epsilon, 1 + epsilon) * A)
/// Returns [N].
torch::Tensor clipped_surrogate_loss(const torch::Tensor& log_prob,      // [N], with gradients
                                     const torch::Tensor& old_log_prob,  // [N]
                                     const torch::Tensor& advantage,     // [N]
                                     double epsilon);                    // above 0

/// (v - target)^2 / 2. With epsilon the greater of it and the same for v no further than epsilon
/// from old_v, as in OpenAI's baselines. Returns [N].
torch::Tensor value_loss(const torch::Tensor& v,          // [N], with gradients
                         const torch::Tensor& old_v,      // [N]
                         const torch::Tensor& target,     // [N]
                         std::optional<double> epsilon);  // above 0

}  // namespace accumbens
