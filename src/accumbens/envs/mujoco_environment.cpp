#include "accumbens/envs/mujoco_environment.h"

#include <algorithm>

#include "accumbens/envs/plugin.h"

namespace accumbens {

const std::vector<std::string>& mujoco_tasks() {
  static const std::vector<std::string> kNames{"Ant", "HalfCheetah", "Hopper", "Humanoid",
                                               "Walker2d"};
  return kNames;
}

MujocoLibrary& mujoco_library() {
  // a failed load is tried again
  static auto& library = plugin_library<MujocoLibrary>(
      "accumbens_mujoco", "accumbens_mujoco_library", "MuJoCo's tasks");
  return library;
}

std::unique_ptr<MujocoTask> make_mujoco_task(const std::string& name) {
  return with_plugin([&] { return mujoco_library().create(name); });
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
    const MujocoOutcome outcome = with_plugin([&] { return task_->step(chosen); });
    step = answer(static_cast<float>(outcome.reward), outcome.terminated,
                  /*truncated=*/++episode_steps_ >= max_episode_steps_);
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
  with_plugin([&] { task_->reset(positions, velocities); });
  episode_steps_ = 0;
  begins_ = false;
}

void MujocoEnvironment::state(StateTree& tree) {
  std::vector<double> simulation = task_->save_state();
  tree("random", random_)("episode_steps", episode_steps_)("begins", begins_)("simulation",
                                                                              simulation);
  if (tree.loading()) with_plugin([&] { task_->load_state(simulation); });
}

}  // namespace accumbens
