#include "accumbens/losses/continuous.h"

#include <ATen/ops/mse_loss.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/tanh_backward.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include <cmath>
#include <numbers>

namespace accumbens {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// squashed_normal as one node of the graph: of tensors as small as these, each call costs more than
// its arithmetic
class SquashedNormal final : public torch::autograd::Function<SquashedNormal> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& mean, const Tensor& log_std,
                               const Tensor& noise, const Tensor& centre, const Tensor& reach) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const Tensor spread = log_std.exp().mul_(noise);  // [B, D]
    const Tensor u = mean + spread;
    const Tensor tanh_u = u.tanh();

    // -log N - log slope + log reach, but for the constants; softplus(u, -2) = -softplus(-2 u) / 2
    Tensor unlikeliness = at::addcmul(log_std, noise, noise, 0.5);
    unlikeliness.sub_(u, 2.0).add_(at::softplus(u, -2.0), 4.0).add_(reach.log());
    const double constants = 0.5 * std::log(2.0 * std::numbers::pi) + 2.0 * std::numbers::ln2;

    context->save_for_backward({spread, tanh_u, reach});
    return {at::addcmul(centre, reach, tanh_u),
            (unlikeliness.sum(1) + constants * static_cast<double>(u.size(1))).neg_()};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const variable_list saved = context->get_saved_variables();
    const Tensor &spread = saved[0], &tanh_u = saved[1], &reach = saved[2];
    const Tensor of_log_prob = gradients[1].unsqueeze(1);  // [B, 1]

    // the slope of tanh is 1 - tanh^2, and that of its logarithm -2 tanh
    const Tensor of_u =
        at::tanh_backward(gradients[0] * reach, tanh_u).addcmul_(of_log_prob, tanh_u, 2.0);
    return {of_u, (of_u * spread).sub_(of_log_prob), {}, {}, {}};
  }
};

}  // namespace

torch::Tensor squash(const torch::Tensor& u, const ActionBounds& bounds) {
  return bounds.centre + bounds.reach * u.tanh();
}

torch::Tensor clip(const torch::Tensor& action, const ActionBounds& bounds) {
  return torch::clamp(action, bounds.centre - bounds.reach, bounds.centre + bounds.reach);
}

ActionSample squashed_normal(const torch::Tensor& mean, const torch::Tensor& log_std,
                             const torch::Tensor& noise, const ActionBounds& bounds) {
  const variable_list sample =
      SquashedNormal::apply(mean, log_std, noise, bounds.centre, bounds.reach);
  return {.action = sample[0], .log_prob = sample[1]};
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
  const double critics = static_cast<double>(q_tm1.size(0));
  return critics * at::mse_loss(q_tm1, target.expand_as(q_tm1));
}

}  // namespace accumbens
