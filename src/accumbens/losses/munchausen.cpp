#include "accumbens/losses/munchausen.h"

#include "accumbens/losses/q_learning.h"

namespace accumbens {

torch::Tensor scaled_log_policy(const torch::Tensor& q, double temperature) {
  return temperature * (q / temperature).log_softmax(/*dim=*/1);
}

torch::Tensor munchausen_bonus(const torch::Tensor& q_tm1, const torch::Tensor& a_tm1,
                               double temperature, double alpha, double clip) {
  return alpha * gather_actions(scaled_log_policy(q_tm1, temperature), a_tm1).clamp(clip, 0.0);
}

torch::Tensor soft_value(const torch::Tensor& q, double temperature) {
  return temperature * (q / temperature).logsumexp(/*dim=*/1);
}

torch::Tensor munchausen_quantile_target(const torch::Tensor& r_t, const torch::Tensor& bonus,
                                         const torch::Tensor& discount_t,
                                         const torch::Tensor& quantiles_t, const torch::Tensor& q_t,
                                         double temperature) {
  const torch::Tensor policy = (q_t / temperature).softmax(/*dim=*/1).unsqueeze(2);   // [B, A, 1]
  const torch::Tensor log_policy = scaled_log_policy(q_t, temperature).unsqueeze(2);  // [B, A, 1]
  const torch::Tensor soft_quantiles = (policy * (quantiles_t - log_policy)).sum(1);  // [B, N]
  return (r_t + bonus).unsqueeze(1) + discount_t.unsqueeze(1) * soft_quantiles;
}

}  // namespace accumbens
