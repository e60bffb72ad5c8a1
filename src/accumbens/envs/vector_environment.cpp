#include "accumbens/envs/vector_environment.h"

#include <torch/utils.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/core/workers.h"

namespace accumbens {

namespace {

// a stream of an environment that makes tensors of its own
StreamStep copy_stream(Environment& environment, const torch::Tensor& action, int64_t bytes,
                       void* observation) {
  const TimeStep one = environment.step(action);
  const torch::Tensor shown = one.observation.contiguous();  // [1, ...]
  if (static_cast<int64_t>(shown.nbytes()) != bytes) {
    throw Error("an observation of " + environment.spec().name + " has " +
                std::to_string(shown.nbytes()) + " bytes where its spec says " +
                std::to_string(bytes) + "; make it of the spec's shape and type");
  }
  std::memcpy(observation, shown.const_data_ptr(), shown.nbytes());
  return {.step_type = one.step_type[0],
          .reward = one.reward[0],
          .discount = one.discount[0],
          .lost_life = one.lost_life[0]};
}

// streams share a batch, of which each writes its part
void require_alike(const EnvironmentSpec& first, const EnvironmentSpec& other) {
  if (other.observation_shape == first.observation_shape &&
      other.observation_dtype == first.observation_dtype &&
      other.num_actions == first.num_actions && other.action_low == first.action_low &&
      other.action_high == first.action_high && other.frames_per_step == first.frames_per_step) {
    return;
  }
  throw ConfigError("the first of Runner.num_environments, " + first.name +
                    ", has other observations or actions than " + other.name +
                    " beside it; what is bound in the scope 'shown' replaces what is bound without "
                    "it, so repeat the others' wrappers and kwargs there");
}

}  // namespace

VectorEnvironment::VectorEnvironment(std::vector<std::unique_ptr<Environment>> environments,
                                     int64_t num_workers)
    : environments_(std::move(environments)),
      spec_(environments_.front()->spec()),
      num_workers_(std::min(num_workers, static_cast<int64_t>(environments_.size()))) {
  for (const auto& environment : environments_) {
    require_alike(spec_, environment->spec());
    singles_.push_back(dynamic_cast<SingleEnvironment*>(environment.get()));
  }
  spec_.batch_size = static_cast<int64_t>(environments_.size());
}

TimeStep VectorEnvironment::step(const torch::Tensor& actions) {
  const BatchActions batch(spec_, actions);
  TimeStep all = empty_time_step(spec_);
  auto* observations = static_cast<std::byte*>(all.observation.mutable_data_ptr());
  const auto frame = static_cast<int64_t>(all.observation.nbytes()) / spec_.batch_size;

  // each worker has as many streams as the others, next to each other
  run_workers(num_workers_, [&](int64_t worker) {
    const int64_t end = (worker + 1) * spec_.batch_size / num_workers_;
    for (int64_t b = worker * spec_.batch_size / num_workers_; b < end; ++b) {
      void* observation = observations + b * frame;
      enter(singles_[b]
                ? singles_[b]->step_stream(batch.at(b), observation)
                : copy_stream(*environments_[b], actions.narrow(0, b, 1), frame, observation),
            b, all);
    }
  });
  return all;
}

void VectorEnvironment::state(StateTree& tree) {
  for (int64_t b = 0; b < spec_.batch_size; ++b) {
    tree.scope(std::to_string(b), [&](StateTree& t) { environments_[b]->state(t); });
  }
}

}  // namespace accumbens
