#include "accumbens/agents/ddpg.h"

#include <torch/utils.h>

#include <utility>

namespace accumbens {

DdpgAgent::DdpgAgent(const DdpgOptions& options, int64_t batch_size, torch::Device device,
                     Parts parts, std::unique_ptr<ExplorationNoise> exploration_noise,
                     const OptimizerOptions& rates, const OptimizerParts& optimizer_parts)
    : ContinuousAgent(options, batch_size, device, std::move(parts),
                      {"loss", "policy_loss", "mean_q"}),
      options_(options),
      exploration_noise_(std::move(exploration_noise)),
      actor_optimizer_(options.optimizer, of_policy(rates, options.policy_learning_rate),
                       network().policy_parameters(), optimizer_parts),
      critic_optimizer_(options.optimizer, rates, network().critic_parameters(), optimizer_parts),
      policy_loss_(torch::zeros({}, torch::dtype(torch::kFloat32).device(device))) {}

torch::Tensor DdpgAgent::select_action(const TimeStep& time_step, const torch::Tensor& x_t) {
  torch::Tensor action = proposal_of(network().policy(x_t));  // [B, D]
  if (!eval_mode()) {
    const torch::Tensor noise =
        exploration_noise_->draw(time_step, action.size(1), exploration()).to(action.device());
    action = action + (discrete() ? noise : bounds().reach * noise);
  }
  return discrete() ? action.argmax(/*dim=*/1) : clip(action, bounds());
}

torch::Tensor DdpgAgent::proposal_of(const torch::Tensor& outputs) const {
  return discrete() ? outputs.softmax(/*dim=*/1) : squash(outputs, bounds());
}

torch::Tensor DdpgAgent::value_of(ContinuousActorCritic& network, const torch::Tensor& x,
                                  const torch::Tensor& proposal) const {
  if (!discrete()) return network.values(x, proposal, /*frozen=*/true);

  // of each action, as critics know them, and their mean by the shares
  const int64_t states = proposal.size(0), actions = proposal.size(1);
  const torch::Tensor each = torch::eye(actions, x.options()).repeat({states, 1});  // [N * A, A]
  const torch::Tensor q =
      network.values(x.repeat_interleave(actions, /*dim=*/0), each, /*frozen=*/true);
  return (q.view({-1, states, actions}) * proposal).sum(/*dim=*/2);
}

torch::Tensor DdpgAgent::target_action(const torch::Tensor& x_t) {
  return proposal_of(target_network().policy(x_t));
}

void DdpgAgent::update(const Batch& batch) {
  // the critics move towards the value of what the target network would do next
  torch::Tensor target;  // [N]
  {
    const torch::NoGradGuard no_grad;
    const torch::Tensor x_t = target_network().encode(batch.s_t);                   // [N, F]
    const torch::Tensor q_t = value_of(target_network(), x_t, target_action(x_t));  // [C, N]
    target = critic_target(batch.r_t, batch.discount_t, q_t);
  }
  const torch::Tensor x_tm1 = network().encode(batch.s_tm1);         // [N, F]
  const torch::Tensor q_tm1 = network().values(x_tm1, batch.a_tm1);  // [C, N]
  const torch::Tensor loss = critic_loss(q_tm1, target);
  minimize(loss, critic_optimizer_);

  // the policy moves towards actions of higher value, by the first critic
  if (++updates_ % options_.policy_period == 0) {
    const torch::Tensor outputs = network().policy(x_tm1);  // [N, D]
    torch::Tensor policy_loss =
        -value_of(network(), x_tm1.detach(), proposal_of(outputs))[0].mean();
    if (discrete()) policy_loss = policy_loss + options_.logit_penalty * outputs.square().mean();
    minimize(policy_loss, actor_optimizer_);
    follow_softly();
    policy_loss_ = policy_loss.detach();
  }
  log({loss, policy_loss_, q_tm1});
}

void DdpgAgent::state(StateTree& tree) {
  ContinuousAgent::state(tree);
  tree("actor_optimizer", actor_optimizer_)("critic_optimizer", critic_optimizer_)(
      "updates", updates_)("policy_loss", policy_loss_);
  tree.scope("exploration_noise", [&](StateTree& t) { exploration_noise_->state(t); });
}

}  // namespace accumbens
