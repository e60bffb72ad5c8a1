#include "accumbens/agents/wrapper.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "accumbens/core/error.h"

namespace accumbens {

WrappedAgent::WrappedAgent(std::vector<std::unique_ptr<Wrapper>> wrappers,
                           std::unique_ptr<Agent> agent)
    : wrappers_(std::move(wrappers)), agent_(std::move(agent)) {}

torch::Tensor WrappedAgent::step(const TimeStep& time_step) {
  TimeStep seen = time_step;
  for (const auto& wrapper : wrappers_) wrapper->observe(seen);
  torch::Tensor action = agent_->step(seen);
  for (auto it = wrappers_.rbegin(); it != wrappers_.rend(); ++it) action = (*it)->act(action);
  return action;
}

void WrappedAgent::set_eval_mode(bool eval) {
  for (const auto& wrapper : wrappers_) wrapper->set_eval_mode(eval);
  agent_->set_eval_mode(eval);
}

void WrappedAgent::state(StateTree& tree) {
  for (size_t i = 0; i < wrappers_.size(); ++i) {
    tree.scope("wrapper_" + std::to_string(i), [&](StateTree& t) { wrappers_[i]->state(t); });
  }
  tree.scope("agent", [&](StateTree& t) { agent_->state(t); });
}

RunningMoments::RunningMoments(torch::IntArrayRef shape)
    : mean_(torch::zeros(shape, torch::kFloat64)), variance_(torch::ones(shape, torch::kFloat64)) {}

void RunningMoments::add(const torch::Tensor& x) {
  const auto n = static_cast<double>(x.size(0));
  const torch::Tensor x_mean = x.mean(0);
  const torch::Tensor x_variance = (x - x_mean).square().mean(0);

  // what was seen before and what is new, and how far apart they are
  const torch::Tensor delta = x_mean - mean_;
  const double count = count_ + n;
  variance_ = (variance_ * count_ + x_variance * n + delta.square() * (count_ * n / count)) / count;
  mean_ = mean_ + delta * (n / count);
  count_ = count;
}

void RunningMoments::state(StateTree& tree) {
  tree("mean", mean_)("variance", variance_)("count", count_);
}

NormalizeObservation::NormalizeObservation(const NormalizeObservationOptions& options,
                                           const EnvironmentSpec& spec)
    : options_(options), moments_(spec.observation_shape) {}

EnvironmentSpec NormalizeObservation::spec(const EnvironmentSpec& spec) const {
  EnvironmentSpec seen = spec;
  seen.observation_dtype = torch::kFloat32;
  return seen;
}

void NormalizeObservation::observe(TimeStep& time_step) {
  const torch::Tensor x = time_step.observation.to(torch::kFloat64);  // [B, ...]
  if (!eval_mode_) moments_.add(x);
  time_step.observation = ((x - moments_.mean()) / (moments_.variance() + options_.epsilon).sqrt())
                              .clamp(-options_.clip, options_.clip)
                              .to(torch::kFloat32);
}

NormalizeReward::NormalizeReward(const NormalizeRewardOptions& options, const EnvironmentSpec& spec)
    : options_(options), moments_({}), sums_(spec.batch_size) {}

void NormalizeReward::observe(TimeStep& time_step) {
  // the discounted sums of the streams that got a reward
  if (!eval_mode_) {
    std::vector<double> rewarded;
    for (int64_t b = 0; b < time_step.batch_size(); ++b) {
      if (time_step.first(b)) {
        sums_[b] = 0;
      } else {
        sums_[b] = options_.gamma * sums_[b] + time_step.reward[b];
        rewarded.push_back(sums_[b]);
      }
    }
    if (!rewarded.empty()) moments_.add(torch::tensor(rewarded, torch::kFloat64));
  }

  const double deviation = std::sqrt(moments_.variance().item<double>() + options_.epsilon);
  for (float& reward : time_step.reward) {
    reward = static_cast<float>(std::clamp(reward / deviation, -options_.clip, options_.clip));
  }
}

void ClipOptions::check() const {
  if (low > high) throw ConfigError("low must not be above high");
}

void ClipObservation::observe(TimeStep& time_step) {
  time_step.observation = time_step.observation.clamp(options_.low, options_.high)
                              .to(time_step.observation.scalar_type());
}

void ClipReward::observe(TimeStep& time_step) {
  for (float& reward : time_step.reward) {
    reward =
        std::clamp(reward, static_cast<float>(options_.low), static_cast<float>(options_.high));
  }
}

void SignReward::observe(TimeStep& time_step) {
  for (float& reward : time_step.reward) {
    reward = static_cast<float>(reward > 0) - static_cast<float>(reward < 0);
  }
}

void RescaleActionOptions::check() const {
  if (low >= high) throw ConfigError("low must be below high");
}

RescaleAction::RescaleAction(const RescaleActionOptions& options, const EnvironmentSpec& spec)
    : options_(options),
      low_(torch::tensor(spec.action_low)),
      high_(torch::tensor(spec.action_high)) {
  if (spec.action_size() > 0) return;
  throw ConfigError("RescaleAction is for continuous actions, but those of " + spec.name +
                    " are discrete; take it out of create_agent.wrappers");
}

EnvironmentSpec RescaleAction::spec(const EnvironmentSpec& spec) const {
  EnvironmentSpec seen = spec;
  std::ranges::fill(seen.action_low, static_cast<float>(options_.low));
  std::ranges::fill(seen.action_high, static_cast<float>(options_.high));
  return seen;
}

torch::Tensor RescaleAction::act(const torch::Tensor& action) const {
  const torch::Tensor share = (action - options_.low) / (options_.high - options_.low);  // [B, D]
  return low_ + share * (high_ - low_);
}

MountainCarReward::MountainCarReward(const EnvironmentSpec& spec) {
  if (spec.observation_shape == std::vector<int64_t>{2} &&
      spec.observation_dtype == torch::kFloat32) {
    return;
  }
  throw ConfigError("MountainCarReward is for MountainCar and MountainCarContinuous, not for " +
                    spec.name + "; take it out of create_agent.wrappers");
}

void MountainCarReward::observe(TimeStep& time_step) {
  const torch::Tensor observation = time_step.observation.contiguous();
  const auto* numbers = observation.const_data_ptr<float>();  // [B, 2], position and velocity
  for (int64_t b = 0; b < time_step.batch_size(); ++b) {
    if (time_step.first(b)) continue;
    const float position = numbers[2 * b];
    time_step.reward[b] += position >= 0.5F    ? 100.0F
                           : position >= 0.25F ? 20.0F
                           : position >= 0.1F  ? 10.0F
                                               : 0.0F;
  }
}

}  // namespace accumbens
