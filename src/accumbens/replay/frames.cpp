#include "accumbens/replay/frames.h"

#include <sstream>

#include "accumbens/core/error.h"
#include "accumbens/core/saturated.h"

namespace accumbens {

int64_t bytes_per_frame(const ReplaySpec& spec) {
  return c10::multiply_integers(spec.observation_shape) *
         static_cast<int64_t>(c10::elementSize(spec.observation_dtype));
}

int64_t bytes_of_stacks(const ReplaySpec& spec, int64_t count) {
  return saturated_product({count, spec.stack_size, bytes_per_frame(spec)});
}

std::vector<int64_t> batch_of_stacks(const ReplaySpec& spec, int64_t batch_size) {
  std::vector<int64_t> shape{batch_size, spec.stack_size};
  shape.insert(shape.end(), spec.observation_shape.begin(), spec.observation_shape.end());
  return shape;
}

torch::Tensor zero_stacks(const ReplaySpec& spec, int64_t batch_size, torch::Device device) {
  return torch::zeros(batch_of_stacks(spec, batch_size),
                      torch::dtype(spec.observation_dtype).device(device));
}

void check_observation(const ReplaySpec& spec, const TimeStep& time_step) {
  std::vector<int64_t> shape{spec.num_streams};
  shape.insert(shape.end(), spec.observation_shape.begin(), spec.observation_shape.end());
  const torch::Tensor& observation = time_step.observation;
  if (observation.sizes() == shape && observation.scalar_type() == spec.observation_dtype &&
      time_step.batch_size() == spec.num_streams) {
    return;
  }
  std::ostringstream text;
  text << "a time step of " << time_step.batch_size() << " streams holds observations "
       << c10::toString(observation.scalar_type()) << observation.sizes() << ", but "
       << c10::toString(spec.observation_dtype) << torch::IntArrayRef(shape)
       << " is expected: build the agent from the specification of its environment";
  throw Error(text.str());
}

}  // namespace accumbens
