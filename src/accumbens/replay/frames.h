#pragma once

#include <cstdint>
#include <vector>

#include "accumbens/core/time_step.h"
#include "accumbens/replay/spec.h"

namespace accumbens {

/// Of one stream, without padding.
int64_t bytes_per_frame(const ReplaySpec& spec);

/// Of `count` stacks; the largest number where it is larger.
int64_t bytes_of_stacks(const ReplaySpec& spec, int64_t count);

/// The shape of `batch_size` stacks: [batch_size, stack, ...].
std::vector<int64_t> batch_of_stacks(const ReplaySpec& spec, int64_t batch_size);

/// `batch_size` stacks of zeros: [batch_size, stack, ...] of the spec's type.
torch::Tensor zero_stacks(const ReplaySpec& spec, int64_t batch_size, torch::Device device);

/// Throws Error unless the observation of a time step is [B, ...] of the spec's shape and type.
void check_observation(const ReplaySpec& spec, const TimeStep& time_step);

}  // namespace accumbens
