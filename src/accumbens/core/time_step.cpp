#include "accumbens/core/time_step.h"

#include <torch/utils.h>

#include <functional>
#include <numeric>

namespace accumbens {

int64_t EnvironmentSpec::observation_size() const {
  return std::accumulate(observation_shape.begin(), observation_shape.end(), int64_t{1},
                         std::multiplies<>());
}

torch::Tensor zero_actions(const EnvironmentSpec& spec) {
  if (spec.action_size() == 0) return torch::zeros({spec.batch_size}, torch::kInt64);
  return torch::zeros({spec.batch_size, spec.action_size()}, torch::kFloat32);
}

}  // namespace accumbens
