#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/envs/atari/atari_environment.h"
#include "accumbens/envs/environment.h"
#include "accumbens/envs/minatar/minatar.h"

namespace accumbens {

/// Which of Gymnasium's tasks that are native here, in Gin: create_gym_environment.
struct GymOptions {
  std::string environment_name = "CartPole";
  std::string version = "v0";

  template <class Visitor>
  void fields(Visitor& field) {
    field("environment_name", environment_name,
          "CartPole, Acrobot, MountainCar, MountainCarContinuous, Pendulum; Ant, HalfCheetah, "
          "Hopper, Humanoid, Walker2d",
          any_value());
    field("version", version, "as in Gymnasium, e.g. v0; v5 of the last five", any_value());
  }
};

/// A game from the Arcade Learning Environment; its generator's seed comes from the stream
/// "emulator/0". Throws ConfigError for an unknown game, Error where the plug-in or ale-py is
/// missing.
std::unique_ptr<Environment> make_atari_environment(const AtariOptions& options,
                                                    const AtariPreprocessingOptions& preprocessing,
                                                    uint64_t seed);

/// CartPole v0 or v1, Acrobot v1, MountainCar v0, MountainCarContinuous v0, Pendulum v1, and with
/// the plug-in accumbens_mujoco Ant, HalfCheetah, Hopper, Humanoid and Walker2d v5. Throws
/// ConfigError for anything else, Error where the plug-in or a model is missing.
std::unique_ptr<Environment> make_gym_environment(const GymOptions& options, uint64_t seed);

/// A game of MinAtar. Throws ConfigError for an unknown one.
std::unique_ptr<Environment> make_minatar_environment(const MinAtarOptions& options, uint64_t seed);

/// Names for a list: "CartPole-v0" ..., "MinAtar/asterix" ..., then MuJoCo's tasks and the Atari
/// games where their plug-ins load.
std::vector<std::string> known_environments();

}  // namespace accumbens
