#include "accumbens/agents/ddpg.h"

#include <torch/utils.h>

#include <utility>

namespace accumbens {

DdpgAgent::DdpgAgent(const DdpgOptions& options, int64_t batch_size, torch::Device device,
                     Parts parts, const OptimizerOptions& rates)
    : ContinuousAgent(options, batch_size, device, std::move(parts),
                      {"loss", "policy_loss", "mean_q"}),
      options_(options),
      actor_optimizer_(options.optimizer, rates, network().actor->parameters()),
      critic_optimizer_(options.optimizer, rates, network().critics->parameters()),
      policy_loss_(torch::zeros({}, torch::dtype(torch::kFloat32).device(device))) {}

torch::Tensor DdpgAgent::select_action(const TimeStep& time_step, const torch::Tensor& s_t) {
  const torch::Tensor action = squash(network().policy(s_t), bounds());  // [B, D]
  if (eval_mode()) return action;

  // noise wanders from zero within an episode, or has no memory
  const torch::Tensor draw = options_.noise_scale * exploration_noise(action.sizes());
  if (options_.exploration_noise == "gaussian") {
    noise_ = draw;
  } else {
    if (!noise_.defined()) noise_ = torch::zeros_like(action);
    for (int64_t b = 0; b < time_step.batch_size(); ++b) {
      if (time_step.first(b)) noise_[b].zero_();
    }
    noise_ = (1.0 - options_.noise_return) * noise_ + draw;
  }
  return torch::clamp(action + bounds().reach * noise_, bounds().centre - bounds().reach,
                      bounds().centre + bounds().reach);
}

torch::Tensor DdpgAgent::target_action(const torch::Tensor& s_t) {
  return squash(target_network().policy(s_t), bounds());
}

void DdpgAgent::update(const Batch& batch) {
  // the critics move towards the value of what the target network would do next
  torch::Tensor target;  // [N]
  {
    const torch::NoGradGuard no_grad;
    const torch::Tensor q_t =
        target_network().critics->forward(batch.s_t, target_action(batch.s_t));  // [C, N]
    target = critic_target(batch.r_t, batch.discount_t, q_t);
  }
  const torch::Tensor q_tm1 = network().critics->forward(batch.s_tm1, batch.a_tm1);  // [C, N]
  const torch::Tensor loss = critic_loss(q_tm1, target);
  minimize(loss, critic_optimizer_);

  // the policy moves towards actions of higher value, by the first critic
  if (updates_++ % options_.policy_period == 0) {
    const torch::Tensor a_tm1 = squash(network().policy(batch.s_tm1), bounds());  // [N, D]
    const torch::Tensor policy_loss =
        -network().critics->forward(batch.s_tm1, a_tm1, /*frozen=*/true)[0].mean();
    minimize(policy_loss, actor_optimizer_);
    follow_softly();
    policy_loss_ = policy_loss.detach();
  }
  log({loss, policy_loss_, q_tm1});
}

void DdpgAgent::state(StateTree& tree) {
  ContinuousAgent::state(tree);
  tree("actor_optimizer", actor_optimizer_)("critic_optimizer", critic_optimizer_)(
      "wandering_noise", noise_)("updates", updates_)("policy_loss", policy_loss_);
}

}  // namespace accumbens
