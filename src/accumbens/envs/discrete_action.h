#pragma once

#include <torch/types.h>

#include "accumbens/core/time_step.h"

namespace accumbens {

/// The action of the only stream, 0 ... num_actions-1. Throws Error for one that does not exist.
int64_t discrete_action(const EnvironmentSpec& spec, const torch::Tensor& actions);

}  // namespace accumbens
