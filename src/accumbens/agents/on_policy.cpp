#include "accumbens/agents/on_policy.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/networks/autocast.h"
#include "accumbens/networks/q_network.h"

namespace accumbens {

torch::Tensor log_probability(const PolicyOutput& policy, const torch::Tensor& a) {
  return policy.logits.defined() ? log_probability(policy.logits, a)
                                 : normal_log_probability(policy.mean, policy.log_std, a);
}

torch::Tensor entropy(const PolicyOutput& policy) {
  return policy.logits.defined() ? entropy(policy.logits) : normal_entropy(policy.log_std);
}

torch::Tensor normalized(const torch::Tensor& x) {
  if (x.numel() < 2) return torch::zeros_like(x);  // a deviation needs two
  return (x - x.mean()) / (x.std() + 1e-8);
}

OnPolicyAgent::OnPolicyAgent(const OnPolicyOptions& options, int64_t num_streams,
                             torch::Device device, Parts parts,
                             const std::vector<std::string>& more_figures)
    : options_(options),
      device_(device),
      parts_(std::move(parts)),
      rollout_(options.update_period / num_streams),
      figures_(
          joined<std::string>({"loss", "policy_loss", "value_loss", "entropy"}, more_figures)) {
  if (options.update_period % num_streams == 0) return;
  throw ConfigError("the agent's update_period (" + std::to_string(options.update_period) +
                    ") must be a multiple of Runner.num_environments (" +
                    std::to_string(num_streams) + ")");
}

void OnPolicyAgent::learn_from(const TimeStep& time_step, const torch::Tensor& s_t) {
  rollout_.answer(time_step);
  if (!rollout_.full()) return;

  // where all streams began an episode at once, nothing may have had an outcome
  if (const Samples outcomes = samples(look_without_gradients(s_t).value); outcomes.size() > 0) {
    update(outcomes);
    count_update();
  }
  rollout_.clear();
}

ActorLearner::Answer OnPolicyAgent::answer(const TimeStep&, const torch::Tensor& s_t) {
  const PolicyOutput output = look_without_gradients(s_t);
  const ActionFunction& choose = eval_mode() ? parts_.eval_action_fn : parts_.action_fn;
  const torch::Tensor chosen = choose(output, parts_.actions);  // [B] or [B, D]

  // continuous actions are within their bounds, what is learned from is what was drawn
  torch::Tensor action = chosen;
  if (output.mean.defined()) {
    action = options_.squash_actions ? squash(chosen, parts_.bounds) : clip(chosen, parts_.bounds);
  }
  return {.action = action, .notes = {chosen, log_probability(output, chosen), output.value}};
}

void OnPolicyAgent::remember(const torch::Tensor& s_t, const Answer& answer) {
  rollout_.add(s_t, answer.notes[0], answer.notes[1], answer.notes[2]);
}

PolicyOutput OnPolicyAgent::look_at(const torch::Tensor& s) {
  const Autocast products(device_.type(), autocast_type(options_.network_dtype));
  return parts_.network->forward(s);
}

PolicyOutput OnPolicyAgent::look_without_gradients(const torch::Tensor& s) {
  const torch::NoGradGuard no_grad;
  const PolicyOutput output = look_at(s.to(device_));
  const auto here = [](const torch::Tensor& x) { return x.defined() ? x.cpu() : x; };
  return {.logits = here(output.logits),
          .mean = here(output.mean),
          .log_std = here(output.log_std),
          .value = output.value.cpu()};
}

OnPolicyAgent::Samples OnPolicyAgent::samples(const torch::Tensor& v) const {
  // how much better each action was than the state's value
  const torch::Tensor v_t = torch::cat({rollout_.v_tm1.slice(0, 1), v.unsqueeze(0)});  // [T, B]
  const torch::Tensor advantage =
      parts_.advantages(rollout_.r_t, options_.gamma * rollout_.discount_t, rollout_.v_tm1, v_t,
                        rollout_.valid);  // [T, B]

  // of all that had an outcome
  const torch::Tensor rows = rollout_.valid.flatten().nonzero().flatten();
  const auto of_rows = [&](const torch::Tensor& x) {
    return x.flatten(0, 1).index_select(0, rows).to(device_);
  };
  return {.s_tm1 = of_rows(rollout_.s_tm1),
          .a_tm1 = of_rows(rollout_.a_tm1),
          .log_prob_tm1 = of_rows(rollout_.log_prob_tm1),
          .v_tm1 = of_rows(rollout_.v_tm1),
          .advantage = of_rows(advantage),
          .target = of_rows(advantage + rollout_.v_tm1)};
}

OnPolicyAgent::Samples OnPolicyAgent::Samples::select(const torch::Tensor& rows) const {
  const torch::Tensor index = rows.to(a_tm1.device());
  const auto of_rows = [&](const torch::Tensor& x) { return x.index_select(0, index); };
  return {.s_tm1 = of_rows(s_tm1),
          .a_tm1 = of_rows(a_tm1),
          .log_prob_tm1 = of_rows(log_prob_tm1),
          .v_tm1 = of_rows(v_tm1),
          .advantage = of_rows(advantage),
          .target = of_rows(target)};
}

void OnPolicyAgent::minimize(const torch::Tensor& policy_loss, const torch::Tensor& value_loss,
                             const torch::Tensor& entropy, const std::vector<torch::Tensor>& more) {
  const torch::Tensor loss =
      policy_loss + options_.vf_coefficient * value_loss - options_.entropy_coefficient * entropy;
  require_finite_loss(loss.item<double>(), training_steps());
  parts_.optimizer.minimize(loss);
  figures_.set(joined<torch::Tensor>({loss, policy_loss, value_loss, entropy}, more));
}

std::map<std::string, double> OnPolicyAgent::statistics() const {
  std::map<std::string, double> figures = figures_.values();
  if (figures_.known()) figures["gradient_norm"] = parts_.optimizer.gradient_norm();
  return figures;
}

void OnPolicyAgent::state(StateTree& tree) {
  ActorLearner::state(tree);
  tree.scope("network", [&](StateTree& t) { parameters_state(*parts_.network, t); });
  tree("optimizer", parts_.optimizer)("actions", parts_.actions)("minibatches", parts_.minibatches)(
      "rollout", rollout_);
  figures_.state(tree);
}

}  // namespace accumbens
