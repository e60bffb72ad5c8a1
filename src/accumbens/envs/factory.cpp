#include "accumbens/envs/factory.h"

#include <functional>
#include <map>

#include "accumbens/core/error.h"
#include "accumbens/envs/classic_control/acrobot.h"
#include "accumbens/envs/classic_control/cart_pole.h"
#include "accumbens/envs/classic_control/mountain_car.h"
#include "accumbens/envs/classic_control/mountain_car_continuous.h"
#include "accumbens/envs/classic_control/pendulum.h"

namespace accumbens {
namespace {

using MakeTask = std::function<std::unique_ptr<Environment>(uint64_t seed)>;

template <class Task>
MakeTask task(int64_t max_episode_steps) {
  return [max_episode_steps](uint64_t seed) {
    return std::make_unique<Task>(max_episode_steps, seed);
  };
}

// by id, with Gymnasium's time limits
const std::map<std::string, MakeTask>& tasks() {
  static const std::map<std::string, MakeTask> all = {
      {"Acrobot-v1", task<Acrobot>(500)},
      {"CartPole-v0", task<CartPole>(200)},
      {"CartPole-v1", task<CartPole>(500)},
      {"MountainCar-v0", task<MountainCar>(200)},
      {"MountainCarContinuous-v0", task<MountainCarContinuous>(999)},
      {"Pendulum-v1", task<Pendulum>(200)},
  };
  return all;
}

}  // namespace

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
  const auto task = tasks().find(id);
  if (task != tasks().end()) return task->second(seed);
  std::string known;
  for (const auto& [name, make] : tasks()) known += (known.empty() ? "" : ", ") + name;
  throw ConfigError("there is no environment '" + id + "'; create_gym_environment knows " + known);
}

std::vector<std::string> known_environments() {
  std::vector<std::string> names;
  for (const auto& [name, make] : tasks()) names.push_back(name);
  try {
    const std::vector<std::string> games = emulator_library().games();
    names.insert(names.end(), games.begin(), games.end());
  } catch (const std::exception&) {
    // without the plug-in or ale-py there are no Atari games to list
  }
  return names;
}

}  // namespace accumbens
