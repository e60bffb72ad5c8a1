#include "accumbens/envs/vector_environment.h"

#include <torch/utils.h>

#include <cstring>
#include <string>
#include <utility>

namespace accumbens {

VectorEnvironment::VectorEnvironment(std::vector<std::unique_ptr<Environment>> environments)
    : environments_(std::move(environments)), spec_(environments_.front()->spec()) {
  spec_.batch_size = static_cast<int64_t>(environments_.size());
}

TimeStep VectorEnvironment::step(const torch::Tensor& actions) {
  std::vector<int64_t> shape{spec_.batch_size};
  shape.insert(shape.end(), spec_.observation_shape.begin(), spec_.observation_shape.end());
  TimeStep all;
  all.observation = torch::empty(shape, spec_.observation_dtype);
  auto* out = static_cast<std::byte*>(all.observation.mutable_data_ptr());

  for (int64_t b = 0; b < spec_.batch_size; ++b) {
    const TimeStep one = environments_[b]->step(actions.narrow(0, b, 1));
    all.step_type.push_back(one.step_type[0]);
    all.reward.push_back(one.reward[0]);
    all.discount.push_back(one.discount[0]);
    all.lost_life.push_back(one.lost_life[0]);
    const torch::Tensor observation = one.observation.contiguous();  // [1, ...]
    std::memcpy(out, observation.const_data_ptr(), observation.nbytes());
    out += observation.nbytes();
  }
  return all;
}

void VectorEnvironment::state(StateTree& tree) {
  for (int64_t b = 0; b < spec_.batch_size; ++b) {
    tree.scope(std::to_string(b), [&](StateTree& t) { environments_[b]->state(t); });
  }
}

}  // namespace accumbens
