#include "accumbens/agents/ppo.h"

#include <torch/utils.h>

#include <array>
#include <cmath>
#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/losses/policy_gradient.h"
#include "accumbens/networks/q_network.h"

namespace accumbens {
namespace {

// what figures_ holds
constexpr std::array kFigures{"loss",    "policy_loss",    "value_loss",
                              "entropy", "approximate_kl", "clip_fraction"};

// one action per stream, by the policy's probabilities
torch::Tensor draw_actions(const torch::Tensor& logits, RandomStream& random) {
  const torch::Tensor probabilities =
      logits.to(torch::kCPU, torch::kFloat64).softmax(/*dim=*/1);  // [B, A]
  torch::Tensor actions = torch::empty({logits.size(0)}, torch::kInt64);
  for (int64_t b = 0; b < logits.size(0); ++b) {
    const double* p = probabilities.const_data_ptr<double>() + b * logits.size(1);
    double left = random.uniform();
    int64_t a = 0;
    while (a + 1 < logits.size(1) && left >= p[a]) left -= p[a++];
    actions.mutable_data_ptr<int64_t>()[b] = a;
  }
  return actions;
}

// the same rows in another order
torch::Tensor shuffled(const torch::Tensor& rows, RandomStream& random) {
  torch::Tensor result = rows.clone();
  auto* data = result.mutable_data_ptr<int64_t>();
  for (int64_t i = result.numel(); i-- > 1;) std::swap(data[i], data[random.below(i + 1)]);
  return result;
}

}  // namespace

void PpoOptions::check() const {
  if (update_period % batch_size == 0) return;
  throw ConfigError("update_period (" + std::to_string(update_period) +
                    ") must be a multiple of batch_size (" + std::to_string(batch_size) + ")");
}

PpoAgent::PpoAgent(const PpoOptions& options, int64_t num_streams, torch::Device device,
                   Parts parts)
    : options_(options),
      device_(device),
      parts_(std::move(parts)),
      rollout_(options.update_period / num_streams) {
  if (options.update_period % num_streams == 0) return;
  throw ConfigError("PPOAgent.update_period (" + std::to_string(options.update_period) +
                    ") must be a multiple of Runner.num_environments (" +
                    std::to_string(num_streams) + ")");
}

torch::Tensor PpoAgent::step(const TimeStep& time_step) {
  const torch::Tensor s_t = parts_.frame_stack.push(time_step);  // [B, stack, ...]
  const auto look = [&] {
    const torch::NoGradGuard no_grad;
    const PolicyOutput output = parts_.network->forward(s_t.to(device_));
    return PolicyOutput{output.logits.cpu(), output.value.cpu()};
  };
  PolicyOutput output = look();

  // learn once the last action is answered
  if (!eval_mode_) {
    rollout_.answer(time_step);
    if (rollout_.full()) {
      learn(output.value);
      rollout_.clear();
      output = look();
    }
  }

  torch::Tensor action = draw_actions(output.logits, parts_.actions);  // [B]
  if (!eval_mode_) {
    rollout_.add(s_t, action, log_probability(output.logits, action), output.value);
  }
  return action;
}

void PpoAgent::learn(const torch::Tensor& v) {
  // how much better each action was than the state's value
  const torch::Tensor v_t = torch::cat({rollout_.v_tm1.slice(0, 1), v.unsqueeze(0)});  // [T, B]
  const torch::Tensor advantages =
      generalized_advantages(rollout_.r_t, options_.gamma * rollout_.discount_t, rollout_.v_tm1,
                             v_t, rollout_.valid, options_.lambda_);  // [T, B]

  // learn from those that had an outcome
  const torch::Tensor rows = rollout_.valid.flatten().nonzero().flatten();
  std::vector<torch::Tensor> minibatches;
  for (int64_t epoch = 0; epoch < options_.num_epochs; ++epoch) {
    if (epoch == 0 || options_.shuffle == "samples") minibatches = minibatches_of(rows);
    for (const torch::Tensor& minibatch : minibatches) {
      if (minibatch.numel() > 1) update(minibatch, advantages.flatten());
    }
  }
}

std::vector<torch::Tensor> PpoAgent::minibatches_of(const torch::Tensor& rows) {
  // of nearly equal sizes, as rows without an outcome are missing
  const int64_t count = options_.update_period / options_.batch_size;
  if (options_.shuffle == "samples") {
    return shuffled(rows, parts_.minibatches).tensor_split(count);
  }
  const std::vector<torch::Tensor> parts = rows.tensor_split(count);
  const torch::Tensor order = shuffled(torch::arange(count), parts_.minibatches);
  std::vector<torch::Tensor> minibatches;
  for (int64_t i = 0; i < count; ++i) minibatches.push_back(parts[order[i].item<int64_t>()]);
  return minibatches;
}

void PpoAgent::update(const torch::Tensor& rows, const torch::Tensor& advantages) {
  const auto of_rows = [&](const torch::Tensor& x) {
    return x.flatten(0, 1).index_select(0, rows).to(device_);
  };
  const torch::Tensor a_tm1 = of_rows(rollout_.a_tm1);                // [N]
  const torch::Tensor old_log_prob = of_rows(rollout_.log_prob_tm1);  // [N]
  const torch::Tensor old_v = of_rows(rollout_.v_tm1);                // [N]
  torch::Tensor advantage = advantages.index_select(0, rows).to(device_);
  const torch::Tensor target = old_v + advantage;  // [N], of the values
  advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8);

  // the policy moves, but not far; the value follows; the entropy stays up
  const PolicyOutput output = parts_.network->forward(of_rows(rollout_.s_tm1));
  const torch::Tensor log_prob = log_probability(output.logits, a_tm1);  // [N]
  const torch::Tensor policy_loss =
      clipped_surrogate_loss(log_prob, old_log_prob, advantage, options_.epsilon).mean();
  const torch::Tensor critic_loss =
      value_loss(output.value, old_v, target,
                 options_.clip_critic_loss ? std::optional(options_.epsilon) : std::nullopt)
          .mean();
  const torch::Tensor mean_entropy = entropy(output.logits).mean();
  const torch::Tensor loss = policy_loss + options_.vf_coefficient * critic_loss -
                             options_.entropy_coefficient * mean_entropy;

  const auto total = loss.item<double>();
  if (!std::isfinite(total)) {
    throw Error("PPO's loss is " + std::to_string(total) +
                "; lower create_optimizer.learning_rate or look for rewards that are not finite");
  }
  parts_.optimizer.minimize(loss);

  const torch::Tensor log_ratio = (log_prob - old_log_prob).detach();  // [N]
  const torch::Tensor moved = log_ratio.exp() - 1.0;                   // [N]
  figures_ = torch::stack({loss.detach(), policy_loss.detach(), critic_loss.detach(),
                           mean_entropy.detach(), (moved - log_ratio).mean(),
                           (moved.abs() > options_.epsilon).to(torch::kFloat32).mean()});
}

std::map<std::string, double> PpoAgent::statistics() const {
  std::map<std::string, double> figures;
  if (!figures_.defined()) return figures;
  for (size_t i = 0; i < kFigures.size(); ++i) {
    figures[kFigures[i]] = figures_[static_cast<int64_t>(i)].item<double>();
  }
  figures["gradient_norm"] = parts_.optimizer.gradient_norm();
  return figures;
}

void PpoAgent::state(StateTree& tree) {
  tree.scope("network", [&](StateTree& t) { parameters_state(*parts_.network, t); });
  tree("optimizer", parts_.optimizer)("frame_stack", parts_.frame_stack)("actions", parts_.actions)(
      "minibatches", parts_.minibatches)("rollout", rollout_)("figures", figures_);
}

}  // namespace accumbens
