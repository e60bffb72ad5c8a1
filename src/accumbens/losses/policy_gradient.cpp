#include "accumbens/losses/policy_gradient.h"

#include <torch/utils.h>

#include <cmath>
#include <numbers>

namespace accumbens {

torch::Tensor log_probability(const torch::Tensor& logits, const torch::Tensor& a) {
  return logits.log_softmax(/*dim=*/1).gather(1, a.unsqueeze(1)).squeeze(1);
}

torch::Tensor entropy(const torch::Tensor& logits) {
  const torch::Tensor log_p = logits.log_softmax(/*dim=*/1);  // [B, A]
  return -(log_p.exp() * log_p).sum(1);
}

torch::Tensor normal_log_probability(const torch::Tensor& mean, const torch::Tensor& log_std,
                                     const torch::Tensor& a) {
  const torch::Tensor z = (a - mean) * (-log_std).exp();  // [B, D]
  return (-0.5 * z.square() - log_std - 0.5 * std::log(2.0 * std::numbers::pi)).sum(1);
}

torch::Tensor normal_entropy(const torch::Tensor& log_std) {
  return (log_std + 0.5 * std::log(2.0 * std::numbers::pi * std::numbers::e)).sum(1);
}

torch::Tensor generalized_advantages(const torch::Tensor& r_t, const torch::Tensor& discount_t,
                                     const torch::Tensor& v_tm1, const torch::Tensor& v_t,
                                     const torch::Tensor& valid, double lambda) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor delta = r_t + discount_t * v_t - v_tm1;  // [T, B]
  torch::Tensor advantages = torch::empty_like(delta);
  torch::Tensor next = torch::zeros_like(delta[0]);  // [B]
  for (int64_t t = delta.size(0); t-- > 0;) {
    next = (delta[t] + lambda * discount_t[t] * next) * valid[t];
    advantages[t] = next;
  }
  return advantages;
}

torch::Tensor n_step_advantages(const torch::Tensor& r_t, const torch::Tensor& discount_t,
                                const torch::Tensor& v_tm1, const torch::Tensor& v_t,
                                const torch::Tensor& valid, int64_t n) {
  const torch::NoGradGuard no_grad;
  torch::Tensor advantages = torch::empty_like(r_t);  // [T, B]
  torch::Tensor returns;                              // [n, B], of 1 ... n steps from the row after
  for (int64_t t = r_t.size(0); t-- > 0;) {
    // a return of k steps goes on with one of k - 1, if there is another row in the episode
    torch::Tensor beyond = v_t[t].unsqueeze(0);  // [1, B]
    if (returns.defined()) {
      const torch::Tensor later = torch::cat({beyond, returns.slice(0, 0, n - 1)});
      beyond = torch::where(valid[t + 1], later, beyond);  // [1 ... n, B]
    }
    returns = r_t[t] + discount_t[t] * beyond;
    advantages[t] = (returns[-1] - v_tm1[t]) * valid[t];
  }
  return advantages;
}

torch::Tensor policy_gradient_loss(const torch::Tensor& log_prob, const torch::Tensor& advantage) {
  return -log_prob * advantage.detach();
}

torch::Tensor clipped_surrogate_loss(const torch::Tensor& log_prob,
                                     const torch::Tensor& old_log_prob,
                                     const torch::Tensor& advantage, double epsilon) {
  const torch::Tensor rho = (log_prob - old_log_prob).exp();  // [N]
  return -torch::min(rho * advantage, rho.clamp(1.0 - epsilon, 1.0 + epsilon) * advantage);
}

torch::Tensor value_loss(const torch::Tensor& v, const torch::Tensor& old_v,
                         const torch::Tensor& target, std::optional<double> epsilon) {
  const torch::Tensor loss = 0.5 * (v - target).square();
  if (!epsilon) return loss;
  const torch::Tensor near_old = old_v + (v - old_v).clamp(-*epsilon, *epsilon);
  return torch::max(loss, 0.5 * (near_old - target).square());
}

}  // namespace accumbens
