#include "accumbens/envs/gymnasium/gymnasium_environment.h"

#include <torch/torch.h>

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "accumbens/core/error.h"
#include "accumbens/envs/continuous_action.h"
#include "accumbens/envs/discrete_action.h"

namespace accumbens {
namespace {

EnvironmentSpec spec_of(std::string name, const GymnasiumSpaces& spaces) {
  return {.name = std::move(name),
          .observation_shape = spaces.observation_shape,
          .observation_dtype = spaces.bytes ? torch::kUInt8 : torch::kFloat32,
          .num_actions = spaces.num_actions,
          .action_low = spaces.action_low,
          .action_high = spaces.action_high};
}

// what fails in the plug-in is the user's to act on
template <class F>
auto with_errors(F&& body) {
  try {
    return body();
  } catch (const std::runtime_error& error) {
    throw Error(error.what());
  }
}

}  // namespace

GymnasiumEnvironment::GymnasiumEnvironment(std::string name, std::unique_ptr<GymnasiumTask> task,
                                           uint64_t seed)
    : spec_(spec_of(std::move(name), task->spaces())),
      task_(std::move(task)),
      random_(seed, "gymnasium/0") {}

TimeStep GymnasiumEnvironment::step(const torch::Tensor& actions) {
  std::vector<int64_t> shape{1};
  shape.insert(shape.end(), spec_.observation_shape.begin(), spec_.observation_shape.end());
  torch::Tensor observation = torch::empty(shape, spec_.observation_dtype);
  void* out = observation.mutable_data_ptr();
  StepType step_type = StepType::kFirst;
  GymnasiumOutcome outcome{.reward = 0, .terminated = false, .truncated = false};

  if (begins_) {
    // a new episode ignores the action
    std::optional<uint32_t> seed;
    if (!seeded_) seed = static_cast<uint32_t>(random_.below(int64_t{1} << 31));
    with_errors([&] { task_->reset(seed, out); });
    seeded_ = true;
    begins_ = false;
  } else {
    outcome = spec_.num_actions > 0 ? with_errors([&, action = discrete_action(spec_, actions)] {
      return task_->step(action, out);
    })
                                    : with_errors([&, action = continuous_action(spec_, actions)] {
                                        return task_->step(action.data(), out);
                                      });

    // what ends on its last allowed step has ended, not been cut
    begins_ = outcome.terminated || outcome.truncated;
    step_type = begins_ ? StepType::kLast : StepType::kMid;
  }
  return {.step_type = {step_type},
          .reward = {outcome.reward},
          .discount = {outcome.terminated ? 0.0F : 1.0F},
          .lost_life = {0},
          .observation = observation};
}

void GymnasiumEnvironment::end_episode(int64_t) {
  begins_ = true;
}

void GymnasiumEnvironment::state(StateTree& tree) {
  tree("random", random_);
  if (!tree.loading()) return;

  // the episode and the generator stayed behind in the other program
  begins_ = true;
  seeded_ = false;
}

}  // namespace accumbens
