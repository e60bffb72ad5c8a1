#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace accumbens {

/// Where episodes begin: at the model's own state, with noise on it.
struct MujocoStart {
  std::vector<double> positions;   // of the model's joints (MuJoCo's qpos)
  std::vector<double> velocities;  // likewise (qvel)
  double noise = 0;                // positions: uniform, at most this much
  bool normal_velocities = false;  // velocities: normal, of this deviation, instead of uniform
};

/// What a step led to.
struct MujocoOutcome {
  double reward;    // raw
  bool terminated;  // for good; time limits are not the task's
};

/// One of Gymnasium's MuJoCo tasks, version 5, with its default arguments. This seam knows neither
/// torch nor MuJoCo's headers.
///
/// Tasks share nothing: each may be used from any thread, by one at a time. Failures of MuJoCo are
/// std::runtime_error. A simulation that diverges starts anew from the model's own state in the
/// middle of a step, as MuJoCo has it by default, and so in Gymnasium.
class MujocoTask {
 public:
  virtual ~MujocoTask() = default;

  /// Of which reset() takes a draw.
  virtual const MujocoStart& start() const = 0;

  /// Numbers in an observation.
  virtual int64_t observation_size() const = 0;

  /// Least value of each number of an action.
  virtual const std::vector<float>& action_low() const = 0;

  /// Greatest value of each number of an action.
  virtual const std::vector<float>& action_high() const = 0;

  /// Begins an episode. positions, velocities: of the sizes in start().
  virtual void reset(const std::vector<double>& positions,
                     const std::vector<double>& velocities) = 0;

  /// One agent step. action: as many numbers as action_low() has. Those out of bounds count in full
  /// in the reward's cost, the simulation cuts them off.
  virtual MujocoOutcome step(const float* action) = 0;

  /// What Gymnasium's agents see, in its precision.
  virtual std::vector<double> observe() const = 0;

  /// Everything that decides how the episode goes on; observe() is valid again after the next
  /// step() or reset().
  virtual std::vector<double> save_state() const = 0;

  /// Continues from what save_state() gave for the same task.
  virtual void load_state(const std::vector<double>& state) = 0;
};

/// What a plug-in gives.
class MujocoLibrary {
 public:
  virtual ~MujocoLibrary() = default;

  /// name: one of mujoco_tasks(). Throws std::runtime_error if the model is not there or broken.
  virtual std::unique_ptr<MujocoTask> create(const std::string& name) = 0;
};

/// "Ant", "HalfCheetah" ..., whether the plug-in is there or not.
const std::vector<std::string>& mujoco_tasks();

/// The library in the plug-in accumbens_mujoco (envs/plugin.h). Throws Error if that is not there
/// or does not load.
MujocoLibrary& mujoco_library();

/// A task from the library. Throws Error where the library fails.
std::unique_ptr<MujocoTask> make_mujoco_task(const std::string& name);

}  // namespace accumbens
