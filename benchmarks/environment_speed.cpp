// Agent steps per second of environments that are native here, with random actions:
//
//   build/release/environment_speed agent_steps [ids ...]
//
// prints a line per environment, its id and the figure. peer_gymnasium.py runs it beside Gymnasium.

#include <torch/utils.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "accumbens/core/error.h"
#include "accumbens/core/random.h"
#include "accumbens/envs/factory.h"
#include "timing.h"

namespace accumbens {
namespace {

void measure(const std::string& id, int64_t agent_steps) {
  const size_t dash = id.rfind('-');
  if (dash == std::string::npos) throw ConfigError("'" + id + "' has no version, such as -v5");
  const auto environment = make_gym_environment(
      {.environment_name = id.substr(0, dash), .version = id.substr(dash + 1)}, /*seed=*/1);
  const EnvironmentSpec& spec = environment->spec();

  // actions are drawn before
  RandomStream random(1, "actions");
  std::vector<torch::Tensor> actions;
  for (int i = 0; i < 1'000; ++i) {
    torch::Tensor action = zero_actions(spec);
    if (spec.num_actions > 0) action.fill_(random.below(spec.num_actions));
    for (int64_t k = 0; k < spec.action_size(); ++k) {
      action.mutable_data_ptr<float>()[k] =
          static_cast<float>(random.uniform(spec.action_low[k], spec.action_high[k]));
    }
    actions.push_back(action);
  }

  // the time steps that begin an episode are no agent steps
  int64_t done = 0;
  const double seconds = seconds_of([&] {
    for (int64_t i = 0; done < agent_steps; ++i) {
      const TimeStep time_step = environment->step(actions[i % actions.size()]);
      if (!time_step.first(0)) ++done;
    }
  });
  std::printf("%s %.0f\n", id.c_str(), static_cast<double>(done) / seconds);
}

}  // namespace
}  // namespace accumbens

int main(int argc, char** argv) {
  try {
    const int64_t agent_steps = argc > 1 ? std::atoll(argv[1]) : 20'000;
    std::vector<std::string> ids(argv + std::min(argc, 2), argv + argc);
    if (ids.empty()) ids = {"HalfCheetah-v5"};
    for (const std::string& id : ids) accumbens::measure(id, agent_steps);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "environment_speed: %s\n", error.what());
    return 1;
  }
  return 0;
}
