#include "accumbens/envs/continuous_action.h"

#include <torch/torch.h>

#include <cmath>

#include "accumbens/core/error.h"

namespace accumbens {

std::vector<float> continuous_action(const EnvironmentSpec& spec, const torch::Tensor& actions) {
  if (actions.numel() != spec.action_size()) {
    throw Error("an action of " + spec.name + " has " + std::to_string(spec.action_size()) +
                " numbers, not " + std::to_string(actions.numel()));
  }
  const torch::Tensor values = actions.to(torch::kCPU, torch::kFloat32).contiguous();
  const float* begin = values.const_data_ptr<float>();
  const std::vector<float> action(begin, begin + values.numel());
  for (const float value : action) {
    if (std::isfinite(value)) continue;
    throw Error("the action of " + spec.name + " is " + std::to_string(value) +
                ": the agent's network gives no number any more; lower "
                "create_optimizer.learning_rate");
  }
  return action;
}

}  // namespace accumbens
