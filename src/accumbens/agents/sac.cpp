#include "accumbens/agents/sac.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/core/random_tensor.h"

namespace accumbens {
namespace {

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
  if (policy_learning_rate && !policy_period) {
    throw ConfigError(
        "policy_learning_rate needs policy_period: without it policy and critics move in one step");
  }
}

SacAgent::SacAgent(const SacOptions& options, int64_t batch_size, int64_t action_size,
                   torch::Device device, Parts parts, const OptimizerOptions& rates,
                   const OptimizerParts& optimizer_parts)
    : ContinuousAgent(options, batch_size, device, std::move(parts),
                      {"loss", "policy_loss", "alpha_loss", "alpha", "entropy", "mean_q"}),
      options_(options),
      target_entropy_(options.target_entropy.value_or(-0.5 * static_cast<double>(action_size))),
      log_std_bounds_(bounds_of(options)),
      log_alpha_(
          torch::zeros({}, torch::dtype(torch::kFloat32).device(device).requires_grad(true))),
      optimizer_(options.optimizer, rates, moved_with_critics(), optimizer_parts) {
  if (!options.policy_period) return;
  policy_optimizers_ = {
      .policy = Optimizer(options.optimizer, of_policy(rates, options.policy_learning_rate),
                          network().policy_parameters(), optimizer_parts),
      .alpha = Optimizer(options.optimizer, rates, {log_alpha_}, optimizer_parts)};
  const torch::Tensor none = torch::zeros({}, torch::dtype(torch::kFloat32).device(device));
  policy_losses_ = {.policy = none.clone(), .alpha = none.clone(), .entropy = none.clone()};
}

std::vector<torch::Tensor> SacAgent::moved_with_critics() {
  if (options_.policy_period) return network().critic_parameters();
  std::vector<torch::Tensor> all = network().parameters();
  all.push_back(log_alpha_);
  return all;
}

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

SacAgent::PolicyLosses SacAgent::policy_losses(const torch::Tensor& x_tm1) {
  // the policy moves towards actions of high value, and towards entropy
  const ActionSample a_tm1 = draw_action(network().policy(x_tm1));
  const torch::Tensor q =
      network().values(x_tm1.detach(), a_tm1.action, /*frozen=*/true);  // [2, N]
  const torch::Tensor policy = soft_policy_loss(q, a_tm1.log_prob, alpha());

  // entropy is dear while there is less of it than asked for
  const torch::Tensor entropy = -a_tm1.log_prob.detach().mean();
  return {.policy = policy, .alpha = log_alpha_ * (entropy - target_entropy_), .entropy = entropy};
}

void SacAgent::update(const Batch& batch) {
  const torch::Tensor alpha_tm1 = alpha();

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
    target = soft_critic_target(batch.r_t, batch.discount_t, q_t, a_t.log_prob, alpha_tm1);
  }
  const torch::Tensor x_tm1 = network().encode(batch.s_tm1);         // [N, F]
  const torch::Tensor q_tm1 = network().values(x_tm1, batch.a_tm1);  // [2, N]
  const torch::Tensor loss = critic_loss(q_tm1, target, /*weight=*/0.5);

  if (!policy_optimizers_) {
    // all in one step: no two of the losses have a parameter in common
    const PolicyLosses losses = policy_losses(x_tm1);
    minimize(loss + losses.policy + losses.alpha, optimizer_);
    policy_losses_ = losses.detached();
  } else {
    // the critics, and in their turn policy and alpha
    minimize(loss, optimizer_);
    const int64_t period = *options_.policy_period;
    const int64_t times = ++updates_ % period == 0 ? period : 0;
    for (int64_t i = 0; i < times; ++i) {
      const PolicyLosses losses = policy_losses(x_tm1);
      minimize(losses.policy, policy_optimizers_->policy);
      minimize(losses.alpha, policy_optimizers_->alpha);
      policy_losses_ = losses.detached();
    }
  }
  follow_softly(/*with_policy=*/options_.target_policy == "target");
  log({loss, policy_losses_.policy, policy_losses_.alpha, alpha_tm1, policy_losses_.entropy,
       q_tm1});
}

void SacAgent::state(StateTree& tree) {
  ContinuousAgent::state(tree);
  const torch::NoGradGuard no_grad;
  tree("log_alpha", log_alpha_)("optimizer", optimizer_);
  if (!policy_optimizers_) return;
  tree("policy_optimizer", policy_optimizers_->policy)(
      "alpha_optimizer", policy_optimizers_->alpha)("updates", updates_);
  tree("policy_loss", policy_losses_.policy)("alpha_loss", policy_losses_.alpha)(
      "entropy", policy_losses_.entropy);
}

}  // namespace accumbens
