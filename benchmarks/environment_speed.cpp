// How many agent steps a second environments make, with random actions and no agent:
//
//   build/release/environment_speed STREAMS WORKERS STEPS ID ...
//
// ID as in Gymnasium, e.g. CartPole-v1 or ALE/Pong-v5, whose games have Dopamine's frames, or
// MinAtar/breakout; ale-py/Pong is the game on ale-py's threads. Time steps that begin an episode
// are no agent steps. Prints a line for each, of the id and the figure; peer_gymnasium.py runs it
// beside Gymnasium.

#include <torch/types.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/core/random.h"
#include "accumbens/envs/factory.h"
#include "accumbens/envs/vector_environment.h"
#include "timing.h"

namespace accumbens {
namespace {

std::unique_ptr<Environment> make_environment(const std::string& id, uint64_t seed) {
  if (id.starts_with("MinAtar/")) {
    return make_minatar_environment({.game_name = id.substr(8)}, seed);
  }
  const size_t dash = id.rfind('-');
  const std::string name = id.substr(0, dash);
  if (name.starts_with("ALE/")) {
    return make_atari_environment({.game_name = name.substr(4)}, AtariPreprocessingOptions{}, seed);
  }
  return make_gym_environment({.environment_name = name, .version = id.substr(dash + 1)}, seed);
}

std::unique_ptr<Environment> make_streams(const std::string& id, int64_t streams, int64_t workers) {
  if (id.starts_with("ale-py/")) {
    return make_atari_vector_environment({.game_name = id.substr(7)}, AtariPreprocessingOptions{},
                                         streams, workers, /*seed=*/1);
  }
  std::vector<std::unique_ptr<Environment>> environments;
  for (int64_t b = 0; b < streams; ++b) environments.push_back(make_environment(id, b));
  return std::make_unique<VectorEnvironment>(std::move(environments), workers);
}

double steps_per_second(const std::string& id, int64_t streams, int64_t workers, int64_t steps) {
  const std::unique_ptr<Environment> environment = make_streams(id, streams, workers);

  // actions are drawn before
  RandomStream random(1, "actions");
  const EnvironmentSpec& spec = environment->spec();
  std::vector<torch::Tensor> actions;
  for (int i = 0; i < 1'000; ++i) {
    torch::Tensor action = zero_actions(spec);
    for (int64_t b = 0; b < streams; ++b) {
      if (spec.num_actions > 0) action[b] = random.below(spec.num_actions);
      for (int64_t k = 0; k < spec.action_size(); ++k) {
        action[b][k] = random.uniform(spec.action_low[k], spec.action_high[k]);
      }
    }
    actions.push_back(action);
  }

  environment->step(actions.front());  // begins all episodes
  int64_t done = 0;
  const double seconds = seconds_of([&] {
    for (int64_t i = 0; done < steps; ++i) {
      const TimeStep time_step = environment->step(actions[i % actions.size()]);
      done += streams - std::ranges::count(time_step.step_type, StepType::kFirst);
    }
  });
  return static_cast<double>(done) / seconds;
}

}  // namespace
}  // namespace accumbens

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: environment_speed STREAMS WORKERS STEPS ID ...\n");
    return 2;
  }
  try {
    at::set_num_threads(static_cast<int>(std::atoll(argv[2])));  // which are the workers
    for (int i = 4; i < argc; ++i) {
      const double speed = accumbens::steps_per_second(argv[i], std::atoll(argv[1]),
                                                       std::atoll(argv[2]), std::atoll(argv[3]));
      std::printf("%s %.0f\n", argv[i], speed);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "environment_speed: %s\n", error.what());
    return 1;
  }
  return 0;
}
