#include "accumbens/envs/mujoco_environment.h"

#include <algorithm>

#include "accumbens/core/error.h"
#include "accumbens/envs/plugin.h"

namespace accumbens {
namespace {

MujocoLibrary* load_library() {
  void* symbol = plugin_symbol("accumbens_mujoco", "accumbens_mujoco_library", "MuJoCo's tasks");
  return reinterpret_cast<MujocoLibrary* (*)()>(symbol)();
}

// what the plug-in throws becomes the user's error
template <class F>
auto with_mujoco(F&& body) {
  try {
    return std::forward<F>(body)();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(error.what());
  }
}

}  // namespace

const std::vector<std::string>& mujoco_tasks() {
  static const std::vector<std::string> kNames{"Ant", "HalfCheetah", "Hopper", "Humanoid",
                                               "Walker2d"};
  return kNames;
}

MujocoLibrary& mujoco_library() {
  // a failed load is tried again
  static MujocoLibrary* library = load_library();
  return *library;
}

std::unique_ptr<MujocoTask> make_mujoco_task(const std::string& name) {
  return with_mujoco([&] { return mujoco_library().create(name); });
}

MujocoEnvironment::MujocoEnvironment(const std::string& task, int64_t max_episode_steps,
                                     uint64_t seed)
    : task_(make_mujoco_task(task)),
      spec_{.name = task,
            .observation_shape = {task_->observation_size()},
            .action_low = task_->action_low(),
            .action_high = task_->action_high()},
      max_episode_steps_(max_episode_steps),
      random_(seed, "environment/0") {}

StreamStep MujocoEnvironment::step_stream(const StreamAction& action, void* observation) {
  StreamStep step;
  if (begins_) {
    // a new episode ignores the action
    begin_episode();
  } else {
    const float* chosen = continuous_action(action);
    const MujocoOutcome outcome = with_mujoco([&] { return task_->step(chosen); });

    // a task that ends on its last allowed step has ended, not been cut
    ++episode_steps_;
    begins_ = outcome.terminated || episode_steps_ >= max_episode_steps_;
    step = {.step_type = begins_ ? StepType::kLast : StepType::kMid,
            .reward = static_cast<float>(outcome.reward),
            .discount = outcome.terminated ? 0.0F : 1.0F};
  }

  const std::vector<double> values = task_->observe();
  std::transform(values.begin(), values.end(), static_cast<float*>(observation),
                 [](double value) { return static_cast<float>(value); });
  return step;
}

void MujocoEnvironment::begin_episode() {
  const MujocoStart& start = task_->start();
  const auto uniform = [&] { return random_.uniform(-start.noise, start.noise); };
  std::vector<double> positions = start.positions;
  std::vector<double> velocities = start.velocities;
  for (double& position : positions) position += uniform();
  for (double& velocity : velocities) {
    velocity += start.normal_velocities ? start.noise * random_.normal() : uniform();
  }
  with_mujoco([&] { task_->reset(positions, velocities); });
  episode_steps_ = 0;
  begins_ = false;
}

void MujocoEnvironment::end_stream_episode() {
  begins_ = true;
}

void MujocoEnvironment::state(StateTree& tree) {
  std::vector<double> simulation = task_->save_state();
  tree("random", random_)("episode_steps", episode_steps_)("begins", begins_)("simulation",
                                                                              simulation);
  if (tree.loading()) with_mujoco([&] { task_->load_state(simulation); });
}

}  // namespace accumbens
