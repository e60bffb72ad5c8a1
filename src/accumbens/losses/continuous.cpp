#include "accumbens/losses/continuous.h"

#include <ATen/ops/hardtanh.h>
#include <ATen/ops/hardtanh_backward.h>
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

// each of these is one node of the graph: of tensors as small as these, a call costs more than its
// arithmetic

class SquashedNormal final : public torch::autograd::Function<SquashedNormal> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& outputs, const Tensor& noise,
                               const Tensor& centre, const Tensor& reach, LogStdBounds limits) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const int64_t numbers = outputs.size(1) / 2;  // D
    const Tensor mean = outputs.narrow(1, 0, numbers);
    const Tensor unbounded = outputs.narrow(1, numbers, numbers);
    const Tensor log_std = at::hardtanh(unbounded, limits.least, limits.greatest);
    const Tensor spread = log_std.exp().mul_(noise);  // [B, D]
    const Tensor u = mean + spread;
    const Tensor tanh_u = u.tanh();

    // -log N - log slope + log reach, but for the constants; softplus(u, -2) = -softplus(-2 u) / 2
    Tensor unlikeliness = at::addcmul(log_std, noise, noise, 0.5);
    unlikeliness.sub_(u, 2.0).add_(at::softplus(u, -2.0), 4.0).add_(reach.log());
    const double constants = 0.5 * std::log(2.0 * std::numbers::pi) + 2.0 * std::numbers::ln2;

    context->save_for_backward({unbounded, spread, tanh_u, reach});
    context->saved_data["least"] = limits.least;
    context->saved_data["greatest"] = limits.greatest;
    return {at::addcmul(centre, reach, tanh_u),
            (unlikeliness.sum(1) + constants * static_cast<double>(numbers)).neg_()};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const variable_list saved = context->get_saved_variables();
    const Tensor &unbounded = saved[0], &spread = saved[1], &tanh_u = saved[2], &reach = saved[3];
    const Tensor of_log_prob = gradients[1].unsqueeze(1);  // [B, 1]

    // the slope of tanh is 1 - tanh^2, and that of its logarithm -2 tanh
    const Tensor of_u =
        at::tanh_backward(gradients[0] * reach, tanh_u).addcmul_(of_log_prob, tanh_u, 2.0);
    const Tensor of_log_std = at::hardtanh_backward((of_u * spread).sub_(of_log_prob), unbounded,
                                                    context->saved_data["least"].toDouble(),
                                                    context->saved_data["greatest"].toDouble());
    return {at::cat({of_u, of_log_std}, 1), {}, {}, {}, {}};
  }
};

class CriticLoss final : public torch::autograd::Function<CriticLoss> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q_tm1, const Tensor& target,
                        double weight) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const Tensor error = q_tm1 - target;  // [C, B]
    const double share = weight / static_cast<double>(target.size(0));
    context->save_for_backward({error});
    context->saved_data["share"] = share;
    return error.square().sum().mul_(share);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const Tensor error = context->get_saved_variables().front();
    return {error * (gradients[0] * (2.0 * context->saved_data["share"].toDouble())), {}, {}};
  }
};

class SoftPolicyLoss final : public torch::autograd::Function<SoftPolicyLoss> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& log_prob,
                        const Tensor& alpha) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto [least, critic] = q.min(/*dim=*/0);  // [B]
    context->save_for_backward({q, critic, alpha});
    return (alpha * log_prob).sub_(least).mean();
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const variable_list saved = context->get_saved_variables();
    const Tensor &q = saved[0], &critic = saved[1], &alpha = saved[2];
    const Tensor share = gradients[0] / static_cast<double>(q.size(1));
    Tensor of_q = at::zeros_like(q);
    of_q.scatter_(/*dim=*/0, critic.unsqueeze(0), share.neg().expand({1, q.size(1)}));
    return {of_q, (share * alpha).expand(q.size(1)), {}};
  }
};

}  // namespace

torch::Tensor squash(const torch::Tensor& u, const ActionBounds& bounds) {
  return bounds.centre + bounds.reach * u.tanh();
}

torch::Tensor clip(const torch::Tensor& action, const ActionBounds& bounds) {
  return torch::clamp(action, bounds.centre - bounds.reach, bounds.centre + bounds.reach);
}

ActionSample squashed_normal(const torch::Tensor& outputs, const torch::Tensor& noise,
                             const ActionBounds& bounds, LogStdBounds log_std_bounds) {
  const variable_list sample =
      SquashedNormal::apply(outputs, noise, bounds.centre, bounds.reach, log_std_bounds);
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

torch::Tensor critic_loss(const torch::Tensor& q_tm1, const torch::Tensor& target, double weight) {
  return CriticLoss::apply(q_tm1, target, weight);
}

torch::Tensor soft_policy_loss(const torch::Tensor& q, const torch::Tensor& log_prob,
                               const torch::Tensor& alpha) {
  return SoftPolicyLoss::apply(q, log_prob, alpha);
}

}  // namespace accumbens
