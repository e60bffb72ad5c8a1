#pragma once

#include <torch/types.h>

namespace accumbens {

/// The quantiles of r_t + discount_t * Z(s_t, a_t). Returns [B, N].
torch::Tensor quantile_target(const torch::Tensor& r_t,          // [B]
                              const torch::Tensor& discount_t,   // [B], 0 at termination
                              const torch::Tensor& quantiles_t,  // [B, A, N], target network
                              const torch::Tensor& a_t);         // [B] int64

/// Quantile regression with Huber's loss (Dabney et al., 2018a, "Distributional reinforcement
/// learning with quantile regression", equation 10): with delta_ij = target_j - quantile_i,
///   sum_i mean_j |tau_i - 1{delta_ij < 0}| * huber_kappa(delta_ij)
/// where huber_kappa(x) is x^2 / 2 up to kappa and kappa * (|x| - kappa / 2) beyond; kappa 0 is
/// |x|. IQN's authors divide this by kappa. No gradient flows into the target. Returns [B].
torch::Tensor quantile_regression_loss(const torch::Tensor& quantiles_tm1,  // [B, N]
                                       const torch::Tensor& taus,    // [B, N] or [N], in [0, 1]
                                       const torch::Tensor& target,  // [B, M]
                                       double kappa);                // at least 0

}  // namespace accumbens
