#pragma once

#include <string>
#include <vector>

#include "accumbens/run/catalogue.h"
#include "timing.h"

namespace accumbens {

/// Agent steps per second once learning has begun: environment, replay, acting and updates. The
/// network, batch and schedule are those of the configuration; the warm-up is 1,000 agent steps.
inline double training_steps_per_second(const std::vector<std::string>& files,
                                        std::vector<std::string> bindings, int64_t agent_steps) {
  const int64_t warmup = 1'000;
  const Catalogue catalogue;
  const std::string agent_name = Configuration(catalogue.registry, files, bindings)
                                     .get<CreateAgentOptions>("create_agent")
                                     .agent_name;
  const std::string options = catalogue.agents.at(agent_name).options;
  bindings.push_back("ReplayBuffer.max_capacity = 20_000");
  bindings.push_back(options + ".min_replay_history = " + std::to_string(warmup));
  bindings.push_back(options + ".epsilon_fn = @identity_epsilon");
  const Configuration configuration(catalogue.registry, files, bindings);
  const auto environment =
      catalogue.make_environment(configuration, configuration.get<RunnerOptions>("Runner"));
  const auto agent =
      catalogue.make_agent(configuration, {.environment = environment->spec(), .seed = 1});

  torch::Tensor action = torch::zeros({1}, torch::kInt64);
  const auto run = [&](int64_t steps) {
    for (int64_t i = 0; i < steps; ++i) action = agent->step(environment->step(action));
  };
  run(warmup + 100);
  return static_cast<double>(agent_steps) / seconds_of([&] { run(agent_steps); });
}

}  // namespace accumbens
