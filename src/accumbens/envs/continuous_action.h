#pragma once

#include <torch/types.h>

#include <vector>

#include "accumbens/core/time_step.h"

namespace accumbens {

/// The action of a single stream with continuous ones, as chosen. actions: [1, D]. Throws Error
/// where it has another size or is no number.
std::vector<float> continuous_action(const EnvironmentSpec& spec, const torch::Tensor& actions);

}  // namespace accumbens
