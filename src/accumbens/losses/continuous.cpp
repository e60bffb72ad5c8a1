#include "accumbens/losses/continuous.h"

#include <torch/nn/functional/activation.h>
#include <torch/utils.h>

#include <cmath>
#include <numbers>

namespace accumbens {

torch::Tensor squash(const torch::Tensor& u, const ActionBounds& bounds) {
  return bounds.centre + bounds.reach * u.tanh();
}

ActionSample squashed_normal(const torch::Tensor& mean, const torch::Tensor& log_std,
                             const torch::Tensor& noise, const ActionBounds& bounds) {
  const double log_root = 0.5 * std::log(2.0 * std::numbers::pi);
  const torch::Tensor u = mean + log_std.exp() * noise;  // [B, D]
  const torch::Tensor log_normal = -0.5 * noise.square() - log_std - log_root;
  const torch::Tensor log_slope =
      2.0 * (std::numbers::ln2 - u - torch::softplus(-2.0 * u));  // of tanh
  return {.action = squash(u, bounds),
          .log_prob = (log_normal - log_slope - bounds.reach.log()).sum(1)};
}

torch::Tensor critic_target(const torch::Tensor& r_t, const torch::Tensor& discount_t,
                            const torch::Tensor& q_t) {
  const torch::NoGradGuard no_grad;
  return r_t + discount_t * q_t.amin(0);
}

torch::Tensor soft_critic_target(const torch::Tensor& r_t, const torch::Tensor& discount_t,
                                 const torch::Tensor& q_t, const torch::Tensor& log_prob_t,
                                 const torch::Tensor& alpha) {
  return critic_target(r_t, discount_t, q_t - alpha * log_prob_t);
}

torch::Tensor critic_loss(const torch::Tensor& q_tm1, const torch::Tensor& target) {
  return (q_tm1 - target).square().mean(1).sum();
}

}  // namespace accumbens
