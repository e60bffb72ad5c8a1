#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/envs/atari/atari_environment.h"
#include "accumbens/envs/atari/atari_vector_environment.h"
#include "accumbens/envs/environment.h"
#include "accumbens/envs/minatar/minatar.h"

namespace accumbens {

/// An environment by Gymnasium's id, native here or played in Python; in Gin:
/// create_gym_environment.
struct GymOptions {
  std::string environment_name = "CartPole";
  std::string version = "v0";
  std::string kwargs{};
  std::string wrappers{};
  std::optional<int64_t> max_episode_steps = std::nullopt;
  std::optional<std::string> render_mode = std::nullopt;

  template <class Visitor>
  void fields(Visitor& field) {
    field("environment_name", environment_name,
          "Gymnasium's id with or without its version, e.g. CartPole, LunarLander-v3 or "
          "my_module:MyEnv-v0",
          any_value());
    field("version", version, "as in Gymnasium, e.g. v0, for a name without one", any_value());
    field("kwargs", kwargs,
          "a JSON object, passed to gymnasium.make, e.g. '{\"continuous\": true}'", any_value());
    field(
        "wrappers", wrappers,
        "Gymnasium's wrappers or one's own, the innermost first, with JSON for further arguments, "
        "e.g. 'gymnasium.wrappers:FlattenObservation, my_module:MyWrapper{\"size\": 4}'",
        any_value());
    field("max_episode_steps", max_episode_steps,
          "agent steps after which an episode is cut; None: the task's own limit; 0: never, but by "
          "Runner.max_steps_per_episode (Dopamine)",
          at_least(0));
    field("render_mode", render_mode,
          "Gymnasium's: a window, or frames for wrappers such as RecordVideo; of tasks that are "
          "native too, its own are played. None: nothing is drawn",
          one_of({"human", "rgb_array"}));
  }
};

/// A game from the Arcade Learning Environment; its generator's seed comes from the stream
/// "emulator/0". Throws ConfigError for an unknown game, Error where the plug-in or ale-py is
/// missing.
std::unique_ptr<Environment> make_atari_environment(const AtariOptions& options,
                                                    const AtariPreprocessingOptions& preprocessing,
                                                    uint64_t seed);

/// num_environments games of one kind, which ale-py emulates on num_threads threads of its own.
/// Throws as make_atari_environment, and ConfigError for options that it cannot follow.
std::unique_ptr<Environment> make_atari_vector_environment(
    const AtariOptions& options, const AtariPreprocessingOptions& preprocessing,
    int64_t num_environments, int64_t num_threads, uint64_t seed);

/// A native task (CartPole v0 or v1, Acrobot v1, MountainCar v0, MountainCarContinuous v0, Pendulum
/// v1; with the plug-in accumbens_mujoco Ant, HalfCheetah, Hopper, Humanoid and Walker2d v5), else
/// Gymnasium's environment of that id (make_gymnasium_task). Throws ConfigError for another version
/// of MuJoCo's tasks, Error where a plug-in or a model is missing.
std::unique_ptr<Environment> make_gym_environment(const GymOptions& options, uint64_t seed);

/// A game of MinAtar. Throws ConfigError for an unknown one.
std::unique_ptr<Environment> make_minatar_environment(const MinAtarOptions& options, uint64_t seed);

/// Names for a list: "CartPole-v0" ..., "MinAtar/asterix" ..., then MuJoCo's tasks and the Atari
/// games where their plug-ins load.
std::vector<std::string> known_environments();

}  // namespace accumbens
