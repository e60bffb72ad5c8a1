#pragma once

#include <memory>
#include <string>

#include "accumbens/core/random.h"
#include "accumbens/envs/mujoco/mujoco_task.h"
#include "accumbens/envs/single_environment.h"

namespace accumbens {

/// One of Gymnasium's MuJoCo tasks, version 5, with a time limit. B is 1.
///
/// Observations are Gymnasium's, in float32. A task that ends is LAST with discount 0; the time
/// limit is LAST with discount 1. Initial states come from the stream "environment/0" of the seed,
/// with Gymnasium's distribution.
class MujocoEnvironment final : public SingleEnvironment {
 public:
  /// task: one of mujoco_tasks(); max_episode_steps: agent steps until the episode is truncated.
  /// Throws Error where the plug-in or the model is missing.
  MujocoEnvironment(const std::string& task, int64_t max_episode_steps, uint64_t seed);

  const EnvironmentSpec& spec() const override { return spec_; }
  StreamStep step_stream(const StreamAction& action, void* observation) override;
  void state(StateTree& tree) override;

 private:
  void begin_episode();

  std::unique_ptr<MujocoTask> task_;
  EnvironmentSpec spec_;
  int64_t max_episode_steps_;
  RandomStream random_;
  int64_t episode_steps_ = 0;
};

}  // namespace accumbens
