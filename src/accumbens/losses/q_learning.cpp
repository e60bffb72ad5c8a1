#include "accumbens/losses/q_learning.h"

#include <torch/nn/functional/loss.h>

namespace accumbens {

torch::Tensor gather_actions(const torch::Tensor& x, const torch::Tensor& index) {
  std::vector<int64_t> shape(x.dim(), 1);
  shape[0] = x.size(0);
  std::vector<int64_t> row = x.sizes().vec();
  row[1] = 1;
  return x.gather(1, index.view(shape).expand(row)).squeeze(1);
}

torch::Tensor q_learning_td_error(const torch::Tensor& q_tm1, const torch::Tensor& a_tm1,
                                  const torch::Tensor& r_t, const torch::Tensor& discount_t,
                                  const torch::Tensor& q_t, const torch::Tensor& q_t_selector) {
  const torch::Tensor a_t = q_t_selector.argmax(/*dim=*/1);                  // [B]
  const torch::Tensor target = r_t + discount_t * gather_actions(q_t, a_t);  // [B]
  return target.detach() - gather_actions(q_tm1, a_tm1);
}

torch::Tensor squared_loss(const torch::Tensor& td_error) {
  return td_error.square();
}

torch::Tensor huber_loss(const torch::Tensor& td_error) {
  return torch::nn::functional::huber_loss(
      td_error, torch::zeros_like(td_error),
      torch::nn::functional::HuberLossFuncOptions().reduction(torch::kNone).delta(1.0));
}

torch::Tensor clipped_gradient_loss(const torch::Tensor& td_error) {
  const torch::Tensor x = td_error.view_as(td_error);  // the hook is this loss's own
  if (x.requires_grad()) {
    const double bound = 1.0 / static_cast<double>(x.size(0));
    x.register_hook(
        [bound](const torch::Tensor& gradient) { return gradient.clamp(-bound, bound); });
  }
  return 0.5 * x.square();
}

}  // namespace accumbens
