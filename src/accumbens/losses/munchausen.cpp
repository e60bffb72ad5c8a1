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

}  // namespace accumbens
