#include "accumbens/envs/discrete_action.h"

#include <torch/utils.h>

#include <string>

#include "accumbens/core/error.h"

namespace accumbens {

int64_t discrete_action(const EnvironmentSpec& spec, const torch::Tensor& actions) {
  const auto action = actions.item<int64_t>();
  if (action >= 0 && action < spec.num_actions) return action;
  throw Error("action " + std::to_string(action) + " does not exist in " + spec.name +
              ": actions are 0 to " + std::to_string(spec.num_actions - 1));
}

}  // namespace accumbens
