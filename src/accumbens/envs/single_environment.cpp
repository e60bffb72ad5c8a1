#include "accumbens/envs/single_environment.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "accumbens/core/error.h"

namespace accumbens {

BatchActions::BatchActions(const EnvironmentSpec& spec, const torch::Tensor& actions)
    : actions_(actions.to(torch::kCPU, spec.action_size() > 0 ? torch::kFloat32 : torch::kInt64)
                   .contiguous()),
      action_size_(spec.action_size()) {
  const int64_t numbers = spec.batch_size * std::max<int64_t>(action_size_, 1);
  if (actions_.numel() == numbers) return;
  throw Error(spec.name + " was given " + std::to_string(actions_.numel()) +
              " numbers as actions instead of " + std::to_string(numbers));
}

StreamAction BatchActions::at(int64_t b) const {
  if (action_size_ == 0) return {.discrete = actions_.const_data_ptr<int64_t>() + b};
  return {.continuous = actions_.const_data_ptr<float>() + b * action_size_};
}

StreamStep answered(float reward, bool terminated, bool truncated) {
  return {.step_type = terminated || truncated ? StepType::kLast : StepType::kMid,
          .reward = reward,
          .discount = terminated ? 0.0F : 1.0F};
}

int64_t discrete_action(const EnvironmentSpec& spec, const StreamAction& action) {
  if (*action.discrete >= 0 && *action.discrete < spec.num_actions) return *action.discrete;
  throw Error("action " + std::to_string(*action.discrete) + " does not exist in " + spec.name +
              ": actions are 0 to " + std::to_string(spec.num_actions - 1));
}

TimeStep SingleEnvironment::step(const torch::Tensor& actions) {
  const BatchActions batch(spec(), actions);
  TimeStep time_step = empty_time_step(spec());
  enter(step_stream(batch.at(0), time_step.observation.mutable_data_ptr()), 0, time_step);
  return time_step;
}

StreamStep SingleEnvironment::answer(float reward, bool terminated, bool truncated) {
  begins_ = terminated || truncated;
  return answered(reward, terminated, truncated);
}

const float* SingleEnvironment::continuous_action(const StreamAction& action) const {
  for (int64_t i = 0; i < spec().action_size(); ++i) {
    if (std::isfinite(action.continuous[i])) continue;
    throw Error("the action of " + spec().name + " is " + std::to_string(action.continuous[i]) +
                ": the agent's network gives no number any more; lower "
                "create_optimizer.learning_rate");
  }
  return action.continuous;
}

TimeStep empty_time_step(const EnvironmentSpec& spec) {
  std::vector<int64_t> shape{spec.batch_size};
  shape.insert(shape.end(), spec.observation_shape.begin(), spec.observation_shape.end());
  return {.step_type = std::vector<StepType>(spec.batch_size),
          .reward = std::vector<float>(spec.batch_size),
          .discount = std::vector<float>(spec.batch_size),
          .lost_life = std::vector<uint8_t>(spec.batch_size),
          .observation = torch::empty(shape, spec.observation_dtype)};
}

void enter(const StreamStep& step, int64_t stream, TimeStep& batch) {
  batch.step_type[stream] = step.step_type;
  batch.reward[stream] = step.reward;
  batch.discount[stream] = step.discount;
  batch.lost_life[stream] = step.lost_life;
}

}  // namespace accumbens
