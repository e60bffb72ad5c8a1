#include "accumbens/agents/sac.h"

#include <ATen/ops/hardtanh.h>
#include <torch/utils.h>

#include <limits>
#include <utility>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

std::vector<torch::Tensor> with(std::vector<torch::Tensor> tensors, const torch::Tensor& another) {
  tensors.push_back(another);
  return tensors;
}

}  // namespace

void SacOptions::check() const {
  if (min_log_std && max_log_std && *min_log_std >= *max_log_std) {
    throw ConfigError("min_log_std must be below max_log_std");
  }
}

SacAgent::SacAgent(const SacOptions& options, int64_t batch_size, int64_t action_size,
                   torch::Device device, Parts parts, const OptimizerOptions& rates)
    : ContinuousAgent(options, batch_size, device, std::move(parts),
                      {"loss", "policy_loss", "alpha_loss", "alpha", "entropy", "mean_q"}),
      options_(options),
      target_entropy_(options.target_entropy.value_or(-0.5 * static_cast<double>(action_size))),
      log_alpha_(
          torch::zeros({}, torch::dtype(torch::kFloat32).device(device).requires_grad(true))),
      optimizer_(options.optimizer, rates, with(network().parameters(), log_alpha_)) {}

std::pair<torch::Tensor, torch::Tensor> SacAgent::distribution(ContinuousActorCritic& network,
                                                               const torch::Tensor& x) const {
  const std::vector<torch::Tensor> outputs = network.policy(x).chunk(2, /*dim=*/1);
  if (!options_.min_log_std && !options_.max_log_std) return {outputs[0], outputs[1]};

  // a clamp whose gradient is one call
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return {outputs[0], at::hardtanh(outputs[1], options_.min_log_std.value_or(-kInfinity),
                                   options_.max_log_std.value_or(kInfinity))};
}

torch::Tensor SacAgent::select_action(const TimeStep&, const torch::Tensor& x_t) {
  const auto [mean, log_std] = distribution(network(), x_t);
  if (eval_mode()) return squash(mean, bounds());
  return squash(mean + log_std.exp() * exploration_noise(mean.sizes()), bounds());
}

void SacAgent::update(const Batch& batch) {
  const torch::Tensor alpha = log_alpha_.detach().exp();

  // the critics move towards the soft value of the next state
  torch::Tensor target;  // [N]
  {
    const torch::NoGradGuard no_grad;
    const bool dopamine = options_.target_policy == "target";
    const torch::Tensor x_t = target_network().encode(batch.s_t);  // [N, F]
    const auto [mean, log_std] = dopamine ? distribution(target_network(), x_t)
                                          : distribution(network(), network().encode(batch.s_t));
    const ActionSample a_t = squashed_normal(mean, log_std, update_noise(mean.sizes()), bounds());
    const torch::Tensor q_t =
        target_network().critics->forward(x_t, dopamine ? squash(mean, bounds()) : a_t.action);
    target = soft_critic_target(batch.r_t, batch.discount_t, q_t, a_t.log_prob, alpha);
  }
  const torch::Tensor x_tm1 = network().encode(batch.s_tm1);                   // [N, F]
  const torch::Tensor q_tm1 = network().critics->forward(x_tm1, batch.a_tm1);  // [2, N]
  const torch::Tensor loss = 0.5 * critic_loss(q_tm1, target);

  // the policy moves towards actions of high value, and towards entropy
  const auto [mean, log_std] = distribution(network(), x_tm1);
  const ActionSample a_tm1 = squashed_normal(mean, log_std, update_noise(mean.sizes()), bounds());
  const torch::Tensor log_prob = a_tm1.log_prob.mean();
  const torch::Tensor q =
      network().critics->forward(x_tm1.detach(), a_tm1.action, /*frozen=*/true);  // [2, N]
  const torch::Tensor policy_loss = alpha * log_prob - std::get<0>(q.min(0)).mean();

  // entropy is dear while there is less of it than asked for
  const torch::Tensor entropy = -log_prob.detach();
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
