#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/agents/agent.h"
#include "accumbens/config/configuration.h"
#include "accumbens/config/registry.h"
#include "accumbens/envs/environment.h"
#include "accumbens/networks/q_network.h"
#include "accumbens/run/runner.h"

namespace accumbens {

/// What an agent is built for.
struct AgentContext {
  EnvironmentSpec environment;
  uint64_t seed = 1;
  torch::Device device = torch::kCPU;
};

/// What a network is built for.
struct NetworkContext {
  EnvironmentSpec environment;
  int64_t stack_size = 1;  // frames
};

/// Options of create_agent; Dopamine's names.
struct CreateAgentOptions {
  std::string agent_name = "dqn";
  bool debug_mode = false;

  template <class Visitor>
  void fields(Visitor& field) {
    field("agent_name", agent_name, "see `accumbens list agents`");
    field("debug_mode", debug_mode, "accepted for Dopamine's files; figures are always written");
  }
};

/// Options of create_runner; Dopamine's names.
struct CreateRunnerOptions {
  std::string schedule = "continuous_train_and_eval";

  template <class Visitor>
  void fields(Visitor& field) {
    field("schedule", schedule, "training alone, or training and evaluation in each iteration",
          one_of({"continuous_train", "continuous_train_and_eval"}));
  }
};

/// Everything that a configuration can name, and how it is built. Agents, environments and networks
/// know nothing of configurations: the wiring is here.
class Catalogue {
 public:
  template <class T>
  struct Entry {
    std::string summary;
    T make;
  };
  using MakeAgent = std::function<std::unique_ptr<Agent>(const Catalogue&, const Configuration&,
                                                         const AgentContext&)>;
  using MakeNetwork = std::function<std::shared_ptr<QNetwork>(
      const Configuration&, const NetworkContext&, RandomStream& initialization)>;
  using MakeEnvironment =
      std::function<std::unique_ptr<Environment>(const Configuration&, uint64_t seed)>;

  /// All that ships with Accumbens.
  Catalogue();

  Registry registry;
  std::map<std::string, Entry<MakeAgent>> agents;              // by create_agent.agent_name
  std::map<std::string, Entry<MakeNetwork>> networks;          // by reference
  std::map<std::string, Entry<MakeEnvironment>> environments;  // by reference

  /// Finds what single configurables cannot: throws ConfigError for sizes that contradict each
  /// other. Returns warnings, each with file:line.
  std::vector<std::string> check(const Configuration& configuration) const;

  // throw ConfigError on an unknown name
  std::unique_ptr<Agent> make_agent(const Configuration& configuration,
                                    const AgentContext& context) const;
  std::shared_ptr<QNetwork> make_network(const Reference& reference,
                                         const Configuration& configuration,
                                         const NetworkContext& context,
                                         RandomStream& initialization) const;
  std::unique_ptr<Environment> make_environment(const Configuration& configuration,
                                                const RunnerOptions& options) const;
};

}  // namespace accumbens
