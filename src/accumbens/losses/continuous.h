#pragma once

#include <torch/types.h>

#include <limits>

namespace accumbens {

/// An interval for each number of an action.
struct ActionBounds {
  torch::Tensor centre;  // [D]
  torch::Tensor reach;   // [D], half its length
};

/// Actions, and how likely they were.
struct ActionSample {
  torch::Tensor action;    // [B, D]
  torch::Tensor log_prob;  // [B], of the density over the interval's units
};

/// centre + reach * tanh(u), within the bounds. Returns [B, D].
torch::Tensor squash(const torch::Tensor& u,       // [B, D]
                     const ActionBounds& bounds);  // of D numbers

/// The nearest action within the bounds. Returns [B, D].
torch::Tensor clip(const torch::Tensor& action,  // [B, D]
                   const ActionBounds& bounds);  // of D numbers

/// Between which a policy's log-deviation is kept.
struct LogStdBounds {
  double least = -std::numeric_limits<double>::infinity();    ///< no bound
  double greatest = std::numeric_limits<double>::infinity();  ///< no bound
};

/// An action of a normal policy squashed into the bounds (Haarnoja et al., 2018, appendix C), with
/// gradients to the policy's outputs: with u = mean + exp(log_std) * noise it is squash(u), and
///   log pi(a) = sum_d log N(u_d; mean_d, std_d) - log reach_d - log(1 - tanh^2 u_d)
/// where log(1 - tanh^2 u) = 2 * (log 2 - u - softplus(-2 u)) stays exact where tanh rounds to 1.
/// A log-deviation beyond its bounds has no gradient.
ActionSample squashed_normal(const torch::Tensor& outputs,  // [B, 2 D], means, then log-deviations
                             const torch::Tensor& noise,    // [B, D], standard normal
                             const ActionBounds& bounds,    // of D numbers
                             LogStdBounds log_std_bounds);  // {}: none

/// What critics of a transition are moved to (Fujimoto et al., 2018, for the least of several):
///   r_t + discount_t * min_c q_t[c]
/// Without gradients. Returns [B].
torch::Tensor critic_target(const torch::Tensor& r_t,         // [B]
                            const torch::Tensor& discount_t,  // [B], 0 at termination
                            const torch::Tensor& q_t);        // [C, B], of the next actions

/// The same with the price of entropy (Haarnoja et al., 2018):
///   r_t + discount_t * (min_c q_t[c] - alpha * log_prob_t)
torch::Tensor soft_critic_target(const torch::Tensor& r_t,         // [B]
                                 const torch::Tensor& discount_t,  // [B], 0 at termination
                                 const torch::Tensor& q_t,         // [C, B], of the next actions
                                 const torch::Tensor& log_prob_t,  // [B], of the same
                                 const torch::Tensor& alpha);      // scalar

/// The mean over transitions of the critics' squared errors, summed over the critics. A scalar.
torch::Tensor critic_loss(const torch::Tensor& q_tm1,   // [C, B], with gradients
                          const torch::Tensor& target,  // [B]
                          double weight = 1.0);         // of all of it

/// What a policy moves down for value and entropy (Haarnoja et al., 2018):
///   mean_b alpha * log_prob[b] - min_c q[c, b]
/// Of equal critics the first has the gradient. A scalar.
torch::Tensor soft_policy_loss(const torch::Tensor& q,         // [C, B], with gradients
                               const torch::Tensor& log_prob,  // [B], with gradients
                               const torch::Tensor& alpha);    // scalar

}  // namespace accumbens
