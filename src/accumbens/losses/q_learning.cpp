#include "accumbens/losses/q_learning.h"

#include <torch/nn/functional/loss.h>

namespace accumbens {

torch::Tensor q_learning_td_error(const torch::Tensor& q_tm1, const torch::Tensor& a_tm1,
                                  const torch::Tensor& r_t, const torch::Tensor& discount_t,
                                  const torch::Tensor& q_t) {
  const torch::Tensor target = r_t + discount_t * q_t.amax(/*dim=*/1);  // [B]
  return target.detach() - q_tm1.gather(1, a_tm1.unsqueeze(1)).squeeze(1);
}

torch::Tensor squared_loss(const torch::Tensor& td_error) {
  return td_error.square();
}

torch::Tensor huber_loss(const torch::Tensor& td_error) {
  return torch::nn::functional::huber_loss(
      td_error, torch::zeros_like(td_error),
      torch::nn::functional::HuberLossFuncOptions().reduction(torch::kNone).delta(1.0));
}

}  // namespace accumbens
