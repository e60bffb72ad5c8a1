#include "accumbens/envs/factory.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "accumbens/core/error.h"
#include "accumbens/envs/classic_control/acrobot.h"
#include "accumbens/envs/classic_control/cart_pole.h"
#include "accumbens/envs/classic_control/mountain_car.h"
#include "accumbens/envs/classic_control/mountain_car_continuous.h"
#include "accumbens/envs/classic_control/pendulum.h"
#include "accumbens/envs/gymnasium/gymnasium_environment.h"
#include "accumbens/envs/minatar/asterix.h"
#include "accumbens/envs/minatar/breakout.h"
#include "accumbens/envs/minatar/freeway.h"
#include "accumbens/envs/minatar/seaquest.h"
#include "accumbens/envs/minatar/space_invaders.h"
#include "accumbens/envs/mujoco_environment.h"

namespace accumbens {
namespace {

// limit: as GymOptions::max_episode_steps
using MakeTask =
    std::function<std::unique_ptr<Environment>(std::optional<int64_t> limit, uint64_t seed)>;

int64_t steps_within(std::optional<int64_t> limit, int64_t own) {
  return limit == 0 ? std::numeric_limits<int64_t>::max() : limit.value_or(own);
}

template <class Task>
MakeTask task(int64_t own_limit) {
  return [own_limit](std::optional<int64_t> limit, uint64_t seed) {
    return std::make_unique<Task>(steps_within(limit, own_limit), seed);
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

// the only version of MuJoCo's tasks that is here, and its time limit in agent steps
constexpr const char* kMujocoVersion = "v5";
constexpr int64_t kMujocoLimit = 1'000;

// the arguments of gymnasium.make, to which 0 is a limit and -1 none
std::string gymnasium_kwargs(const GymOptions& options) {
  if (!options.max_episode_steps && !options.render_mode) return options.kwargs;

  // deeper ones would take a stack as deep, and not even the outermost is kept of them
  constexpr int kDepth = 100;
  bool deep = false;
  const auto shallow = [&](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    deep = deep || depth > kDepth;
    return !deep;
  };
  auto kwargs = nlohmann::json::parse(options.kwargs.empty() ? "{}" : options.kwargs, shallow,
                                      /*allow_exceptions=*/false);
  if (!kwargs.is_object()) {
    throw ConfigError(
        "create_gym_environment.kwargs must be a JSON object, at most 100 levels deep and without "
        "NaN and Infinity, where max_episode_steps or render_mode is bound");
  }
  if (options.max_episode_steps && !kwargs.contains("max_episode_steps")) {
    const int64_t limit = *options.max_episode_steps;
    kwargs["max_episode_steps"] = limit == 0 ? -1 : limit;
  }
  if (options.render_mode) kwargs["render_mode"] = *options.render_mode;
  return kwargs.dump();
}

// a name that ends in a version, -v and digits, is whole
std::string gym_id(const GymOptions& options) {
  const std::string& name = options.environment_name;
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  const bool whole =
      digits < name.size() && std::string_view(name).substr(0, digits).ends_with("-v");
  if (options.version.empty() || whole) return name;
  return name + "-" + options.version;
}

using MakeGame = std::function<std::unique_ptr<Environment>(const MinAtarOptions&, uint64_t seed)>;

template <class Game>
MakeGame game() {
  return [](const MinAtarOptions& options, uint64_t seed) {
    return std::make_unique<Game>(options, seed);
  };
}

const std::map<std::string, MakeGame>& minatar_games() {
  static const std::map<std::string, MakeGame> all = {
      {"asterix", game<Asterix>()},
      {"breakout", game<Breakout>()},
      {"freeway", game<Freeway>()},
      {"seaquest", game<Seaquest>()},
      {"space_invaders", game<SpaceInvaders>()},
  };
  return all;
}

std::string names_of(const auto& entries) {
  std::string names;
  for (const auto& [name, make] : entries) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

std::unique_ptr<Environment> make_atari_environment(const AtariOptions& options,
                                                    const AtariPreprocessingOptions& preprocessing,
                                                    uint64_t seed) {
  const auto emulator_seed =
      static_cast<uint32_t>(RandomStream(seed, "emulator/0").below(int64_t{1} << 31));
  AtariPreprocessingOptions seen = preprocessing;
  if (options.use_ppo_preprocessing) {
    seen.preset = "baselines";
    seen.terminal_on_life_loss = true;
  }
  return std::make_unique<AtariEnvironment>(
      options.game_name,
      make_emulator({.game = options.game_name,
                     .sticky_probability = options.sticky_actions ? 0.25 : 0.0,
                     .seed = emulator_seed,
                     .window = options.render_mode.has_value()}),
      seen, seed);
}

std::unique_ptr<Environment> make_atari_vector_environment(
    const AtariOptions& options, const AtariPreprocessingOptions& preprocessing,
    int64_t num_environments, int64_t num_threads, uint64_t seed) {
  if (options.render_mode || preprocessing.preset != "dopamine" ||
      preprocessing.observation != "pixels" || preprocessing.terminal_on_life_loss ||
      options.use_ppo_preprocessing) {
    throw ConfigError(
        "create_atari_vector_environment shows the screen as the preset 'dopamine' does, without "
        "terminal_on_life_loss and render_mode; for anything else bind "
        "Runner.create_environment_fn = "
        "@create_atari_environment");
  }
  constexpr int64_t kMostFrames = 2'000'000'000;  // ale-py counts in 32 bits
  const VectorEmulatorOptions emulator{
      .game = options.game_name,
      .num_streams = num_environments,
      .num_threads = num_threads,
      .sticky_probability = options.sticky_actions ? 0.25 : 0.0,
      .frame_skip = preprocessing.frame_skip,
      .screen_size = preprocessing.screen_size,
      .max_frames = std::min(preprocessing.max_frames_per_episode, kMostFrames),
      .max_noops = preprocessing.max_noops.value_or(0)};
  return std::make_unique<AtariVectorEnvironment>(options.game_name, emulator,
                                                  make_vector_emulator(emulator), seed);
}

std::unique_ptr<Environment> make_gym_environment(const GymOptions& options, uint64_t seed) {
  std::string id = gym_id(options);
  if (options.render_mode && id.find(':') == std::string::npos) id = "gymnasium:" + id;  // is drawn
  const auto task = tasks().find(id);
  const std::string name = id.substr(0, id.rfind('-'));
  const bool mujoco = std::ranges::find(mujoco_tasks(), name) != mujoco_tasks().end();
  if (task == tasks().end() && !mujoco) {
    return std::make_unique<GymnasiumEnvironment>(
        id,
        make_gymnasium_task(
            {.id = id, .kwargs = gymnasium_kwargs(options), .wrappers = options.wrappers}),
        seed);
  }
  if (!options.kwargs.empty() || !options.wrappers.empty()) {
    throw ConfigError("'" + id +
                      "' is Accumbens's own, which takes neither kwargs nor wrappers; bind "
                      "create_gym_environment.environment_name = 'gymnasium:" +
                      id + "' for Gymnasium's");
  }
  if (!mujoco) return task->second(options.max_episode_steps, seed);
  if (id == name + "-" + kMujocoVersion) {
    return std::make_unique<MujocoEnvironment>(
        name, steps_within(options.max_episode_steps, kMujocoLimit), seed);
  }
  const bool apart = options.environment_name == name;
  throw ConfigError("there is no '" + id +
                    "' here, only its present version in Gymnasium: bind create_gym_environment." +
                    (apart ? "version = '" : "environment_name = '" + name + "-") + kMujocoVersion +
                    "'");
}

std::unique_ptr<Environment> make_minatar_environment(const MinAtarOptions& options,
                                                      uint64_t seed) {
  const auto game = minatar_games().find(options.game_name);
  if (game != minatar_games().end()) return game->second(options, seed);
  throw ConfigError("create_minatar_env.game_name: there is no game '" + options.game_name +
                    "' in MinAtar; known are " + names_of(minatar_games()));
}

std::vector<std::string> known_environments() {
  std::vector<std::string> names;
  for (const auto& [name, make] : tasks()) names.push_back(name);
  for (const auto& [name, make] : minatar_games()) names.push_back("MinAtar/" + name);

  // what a plug-in is needed for is listed where it loads
  try {
    mujoco_library();
    for (const std::string& name : mujoco_tasks()) names.push_back(name + "-" + kMujocoVersion);
  } catch (const Error&) {
    // without the plug-in there are no tasks of MuJoCo's to list
  }
  try {
    const std::vector<std::string> games = emulator_library().games();
    names.insert(names.end(), games.begin(), games.end());
  } catch (const std::exception&) {
    // without the plug-in or ale-py there are no Atari games to list
  }
  return names;
}

}  // namespace accumbens
