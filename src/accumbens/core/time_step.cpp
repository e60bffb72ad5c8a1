#include "accumbens/core/time_step.h"

#include <torch/utils.h>

namespace accumbens {

torch::Tensor zero_actions(const EnvironmentSpec& spec) {
  if (spec.action_size() == 0) return torch::zeros({spec.batch_size}, torch::kInt64);
  return torch::zeros({spec.batch_size, spec.action_size()}, torch::kFloat32);
}

}  // namespace accumbens
