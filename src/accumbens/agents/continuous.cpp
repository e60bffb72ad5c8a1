#include "accumbens/agents/continuous.h"

#include <ATen/ops/one_hot.h>
#include <torch/utils.h>

#include <utility>

#include "accumbens/core/random_tensor.h"

namespace accumbens {

OptimizerOptions of_policy(OptimizerOptions rates, std::optional<double> policy_learning_rate) {
  rates.learning_rate = policy_learning_rate.value_or(rates.learning_rate);
  return rates;
}

ContinuousAgent::ContinuousAgent(const ContinuousOptions& options, int64_t batch_size,
                                 torch::Device device, Parts parts,
                                 std::vector<std::string> figure_names)
    : options_(options),
      batch_size_(batch_size),
      device_(device),
      parts_(std::move(parts)),
      figures_(std::move(figure_names)) {
  copy_parameters(*parts_.network, *parts_.target_network);
  warming_up_ = true;
}

void ContinuousAgent::learn_from(const TimeStep& time_step, const torch::Tensor&) {
  // what is known before this time step decides
  warming_up_ = parts_.replay.added() <= options_.min_replay_history;

  // remember what the last action led to
  if (!action_.defined()) action_ = random_action(time_step.batch_size());
  parts_.replay.append(time_step, action_);
  if (warming_up_ || parts_.replay.size() == 0) return;

  // learn every update_period agent steps, once there is enough to learn from
  for (int64_t i = times_due(options_.update_period, time_step); i > 0; --i) {
    Batch batch = parts_.replay.sample(batch_size_, parts_.sampling).to(device_);
    batch.r_t = batch.r_t * options_.reward_scale_factor;
    if (discrete()) {
      batch.a_tm1 = at::one_hot(batch.a_tm1, parts_.num_actions).to(torch::kFloat32);  // [N, A]
    }
    update(batch);
    count_update();
  }
  if (options_.target_update_type == "hard" &&
      times_due(options_.target_update_period, time_step) > 0) {
    copy_parameters(*parts_.network, *parts_.target_network);
  }
}

ActorLearner::Answer ContinuousAgent::answer(const TimeStep& time_step, const torch::Tensor& s_t) {
  if (warming_up_ && !eval_mode()) return {.action = random_action(time_step.batch_size())};
  return {.action = select_action(time_step, network().encode(s_t.to(device_))).cpu()};
}

torch::Tensor ContinuousAgent::random_action(int64_t streams) {
  if (discrete()) {
    torch::Tensor actions = torch::empty({streams}, torch::kInt64);
    for (int64_t b = 0; b < streams; ++b) actions[b] = parts_.exploration.below(parts_.num_actions);
    return actions;
  }
  const torch::Tensor centre = parts_.bounds.centre.cpu(), reach = parts_.bounds.reach.cpu();
  return centre + reach * (2.0 * uniforms({streams, centre.size(0)}, parts_.exploration) - 1.0);
}

torch::Tensor ContinuousAgent::update_noise(torch::IntArrayRef shape) {
  return normals(shape, parts_.noise).to(device_);
}

void ContinuousAgent::minimize(const torch::Tensor& loss, Optimizer& optimizer) const {
  require_finite_loss(loss.item<double>(), training_steps());
  optimizer.minimize(loss);
}

void ContinuousAgent::follow_softly(bool with_policy) {
  if (options_.target_update_type != "soft") return;
  if (leaders_.empty()) {
    leaders_ = with_policy ? network().parameters() : network().critic_parameters();
    followers_ = with_policy ? target_network().parameters() : target_network().critic_parameters();
    leading_buffers_ = network().buffers();
    following_buffers_ = target_network().buffers();
  }
  move_parameters(leaders_, followers_, options_.target_smoothing_coefficient);
  for (size_t i = 0; i < leading_buffers_.size(); ++i) {
    following_buffers_[i].copy_(leading_buffers_[i]);
  }
}

std::map<std::string, double> ContinuousAgent::statistics() const {
  std::map<std::string, double> figures = figures_.values();
  figures["replay_size"] = static_cast<double>(parts_.replay.size());
  if (figures_.known()) figures["gradient_norm"] = gradient_norm();
  return figures;
}

void ContinuousAgent::state(StateTree& tree) {
  ActorLearner::state(tree);
  tree.scope("network", [&](StateTree& t) { parameters_state(*parts_.network, t); });
  tree.scope("target_network", [&](StateTree& t) { parameters_state(*parts_.target_network, t); });
  tree("replay", parts_.replay)("exploration", parts_.exploration)("sampling", parts_.sampling)(
      "noise", parts_.noise)("action", action_);
  figures_.state(tree);
  if (tree.loading()) warming_up_ = parts_.replay.added() <= options_.min_replay_history;
}

}  // namespace accumbens
