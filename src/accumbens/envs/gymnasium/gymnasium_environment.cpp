#include "accumbens/envs/gymnasium/gymnasium_environment.h"

#include <optional>
#include <utility>

#include "accumbens/envs/plugin.h"

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

}  // namespace

GymnasiumEnvironment::GymnasiumEnvironment(std::string name, std::unique_ptr<GymnasiumTask> task,
                                           uint64_t seed)
    : spec_(spec_of(std::move(name), task->spaces())),
      task_(std::move(task)),
      random_(seed, "gymnasium/0") {}

StreamStep GymnasiumEnvironment::step_stream(const StreamAction& action, void* observation) {
  if (begins_) {
    // a new episode ignores the action
    std::optional<uint32_t> seed;
    if (!seeded_) seed = static_cast<uint32_t>(random_.below(int64_t{1} << 31));
    with_plugin([&] { task_->reset(seed, observation); });
    seeded_ = true;
    begins_ = false;
    return {};
  }
  const bool discrete = spec_.num_actions > 0;
  const int64_t chosen = discrete ? discrete_action(spec_, action) : 0;
  const float* numbers = discrete ? nullptr : continuous_action(action);
  const GymnasiumOutcome outcome = with_plugin([&] {
    return discrete ? task_->step(chosen, observation) : task_->step(numbers, observation);
  });
  return answer(outcome.reward, outcome.terminated, outcome.truncated);
}

void GymnasiumEnvironment::state(StateTree& tree) {
  tree("random", random_);
  if (!tree.loading()) return;

  // the episode and the generator stayed behind in the other program
  begins_ = true;
  seeded_ = false;
}

}  // namespace accumbens
