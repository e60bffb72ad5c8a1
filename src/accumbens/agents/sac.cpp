#include "accumbens/agents/sac.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/core/random_tensor.h"

namespace accumbens {
namespace {

std::vector<torch::Tensor> with(std::vector<torch::Tensor> tensors, const torch::Tensor& another) {
  tensors.push_back(another);
  return tensors;
}

LogStdBounds bounds_of(const SacOptions& options) {
  LogStdBounds bounds;
  return {.least = options.min_log_std.value_or(bounds.least),
          .greatest = options.max_log_std.value_or(bounds.greatest)};
}

}  // namespace

void SacOptions::check() const {
  if (min_log_std && max_log_std && *min_log_std >= *max_log_std) {
    throw ConfigError("min_log_std must be below max_log_std");
  }
}

SacAgent::SacAgent(const SacOptions& options, int64_t batch_size, int64_t action_size,
                   torch::Device device, Parts parts, const OptimizerOptions& rates,
                   OptimizerParts optimizer_parts)
    : ContinuousAgent(options, batch_size, device, std::move(parts),
                      {"loss", "policy_loss", "alpha_loss", "alpha", "entropy", "mean_q"}),
      options_(options),
      target_entropy_(options.target_entropy.value_or(-0.5 * static_cast<double>(action_size))),
      log_std_bounds_(bounds_of(options)),
      log_alpha_(
          torch::zeros({}, torch::dtype(torch::kFloat32).device(device).requires_grad(true))),
      optimizer_(options.optimizer, rates, with(network().parameters(), log_alpha_),
                 std::move(optimizer_parts)) {}

torch::Tensor SacAgent::select_action(const TimeStep&, const torch::Tensor& x_t) {
  const torch::Tensor outputs = network().policy(x_t);  // [B, 2 D]
  if (eval_mode()) return mean_action(outputs);
  const std::vector<torch::Tensor> of = outputs.chunk(2, /*dim=*/1);  // mean and log-deviation
  const torch::Tensor std = of[1].clamp(log_std_bounds_.least, log_std_bounds_.greatest).exp();
  return squash(of[0] + std * normals(std.sizes(), exploration()).to(std.device()), bounds());
}

torch::Tensor SacAgent::mean_action(const torch::Tensor& outputs) const {
  return squash(outputs.narrow(1, 0, outputs.size(1) / 2), bounds());
}

ActionSample SacAgent::draw_action(const torch::Tensor& outputs) {
  const torch::Tensor noise = update_noise({outputs.size(0), outputs.size(1) / 2});
  return squashed_normal(outputs, noise, bounds(), log_std_bounds_);
}

void SacAgent::update(const Batch& batch) {
  const torch::Tensor alpha = log_alpha_.detach().exp();

  // the critics move towards the soft value of the next state
  torch::Tensor target;  // [N]
  {
    const torch::NoGradGuard no_grad;
    const bool dopamine = options_.target_policy == "target";
    const torch::Tensor x_t = target_network().encode(batch.s_t);  // [N, F]
    const torch::Tensor outputs =
        dopamine ? target_network().policy(x_t) : network().policy(network().encode(batch.s_t));
    const ActionSample a_t = draw_action(outputs);
    const torch::Tensor q_t =
        target_network().values(x_t, dopamine ? mean_action(outputs) : a_t.action);
    target = soft_critic_target(batch.r_t, batch.discount_t, q_t, a_t.log_prob, alpha);
  }
  const torch::Tensor x_tm1 = network().encode(batch.s_tm1);         // [N, F]
  const torch::Tensor q_tm1 = network().values(x_tm1, batch.a_tm1);  // [2, N]
  const torch::Tensor loss = critic_loss(q_tm1, target, /*weight=*/0.5);

  // the policy moves towards actions of high value, and towards entropy
  const ActionSample a_tm1 = draw_action(network().policy(x_tm1));
  const torch::Tensor q =
      network().values(x_tm1.detach(), a_tm1.action, /*frozen=*/true);  // [2, N]
  const torch::Tensor policy_loss = soft_policy_loss(q, a_tm1.log_prob, alpha);

  // entropy is dear while there is less of it than asked for
  const torch::Tensor entropy = -a_tm1.log_prob.detach().mean();
  const torch::Tensor alpha_loss = log_alpha_ * (entropy - target_entropy_);

  // no two of them have a parameter in common
  minimize(loss + policy_loss + alpha_loss, optimizer_);
  follow_softly(/*with_policy=*/options_.target_policy == "target");
  log({loss, policy_loss, alpha_loss, alpha, entropy, q_tm1});
}

void SacAgent::state(StateTree& tree) {
  ContinuousAgent::state(tree);
  const torch::NoGradGuard no_grad;
  tree("log_alpha", log_alpha_)("optimizer", optimizer_);
}

}  // namespace accumbens
