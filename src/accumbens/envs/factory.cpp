#include "accumbens/envs/factory.h"

#include "accumbens/core/error.h"
#include "accumbens/envs/classic_control/acrobot.h"
#include "accumbens/envs/classic_control/cart_pole.h"
#include "accumbens/envs/classic_control/mountain_car.h"

namespace accumbens {

std::unique_ptr<Environment> make_atari_environment(const AtariOptions& options,
                                                    const AtariPreprocessingOptions& preprocessing,
                                                    uint64_t seed) {
  const auto emulator_seed =
      static_cast<uint32_t>(RandomStream(seed, "emulator/0").below(int64_t{1} << 31));
  return std::make_unique<AtariEnvironment>(
      options.game_name,
      make_emulator({.game = options.game_name,
                     .sticky_probability = options.sticky_actions ? 0.25 : 0.0,
                     .seed = emulator_seed}),
      preprocessing, seed);
}

std::unique_ptr<Environment> make_gym_environment(const GymOptions& options, uint64_t seed) {
  const std::string id = options.environment_name + "-" + options.version;
  if (id == "CartPole-v0") return std::make_unique<CartPole>(/*max_episode_steps=*/200, seed);
  if (id == "CartPole-v1") return std::make_unique<CartPole>(/*max_episode_steps=*/500, seed);
  if (id == "Acrobot-v1") return std::make_unique<Acrobot>(/*max_episode_steps=*/500, seed);
  if (id == "MountainCar-v0") return std::make_unique<MountainCar>(/*max_episode_steps=*/200, seed);
  throw ConfigError("there is no environment '" + id +
                    "'; create_gym_environment knows CartPole-v0, CartPole-v1, Acrobot-v1 and "
                    "MountainCar-v0");
}

std::vector<std::string> known_environments() {
  std::vector<std::string> names{"CartPole-v0", "CartPole-v1", "Acrobot-v1", "MountainCar-v0"};
  try {
    const std::vector<std::string> games = emulator_library().games();
    names.insert(names.end(), games.begin(), games.end());
  } catch (const std::exception&) {
    // without the plug-in or ale-py there are no Atari games to list
  }
  return names;
}

}  // namespace accumbens
