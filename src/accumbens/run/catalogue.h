#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/agents/agent.h"
#include "accumbens/agents/wrapper.h"
#include "accumbens/config/configuration.h"
#include "accumbens/config/registry.h"
#include "accumbens/envs/environment.h"
#include "accumbens/losses/continuous.h"
#include "accumbens/networks/actor_critic.h"
#include "accumbens/networks/value_head.h"
#include "accumbens/replay/spec.h"
#include "accumbens/run/runner.h"

namespace accumbens {

/// What an agent is built for.
struct AgentContext {
  EnvironmentSpec environment;         // that it acts in
  uint64_t seed = 1;                   // of the run
  torch::Device device = torch::kCPU;  // of its networks
  bool only_acts = false;              // its replay stays empty, so that it needs no memory
};

/// What a network is built for.
struct NetworkContext {
  EnvironmentSpec environment;  // whose observations it sees
  int64_t stack_size = 1;       // frames
  HeadSpec head{};              // what the agent needs of each action
};

/// Throws ConfigError unless the environment has the actions, continuous or discrete, that `agent`
/// chooses.
void require_actions(const EnvironmentSpec& environment, bool continuous, const std::string& agent);

/// The bounds of an environment's continuous actions; undefined tensors for discrete ones.
ActionBounds action_bounds(const EnvironmentSpec& environment);

/// What a replay or a stack of frames takes from the environment.
ReplaySpec replay_spec(const EnvironmentSpec& environment, int64_t stack_size);

/// Options of create_agent; Dopamine's names.
struct CreateAgentOptions {
  std::string agent_name = "dqn";
  std::vector<Reference> wrappers{};
  bool debug_mode = false;

  template <class Visitor>
  void fields(Visitor& field) {
    field("agent_name", agent_name, "see `accumbens list agents`");
    field("wrappers", wrappers,
          "what stands between environment and agent, the first next to the environment; see "
          "`accumbens list wrappers`");
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
///
/// A program of one's own adds to it before it runs (app/command_line.h): the options of a part to
/// `registry`, and the function that builds it to one of the maps.
class Catalogue {
 public:
  /// Something that can be built.
  template <class T>
  struct Entry {
    std::string summary;  // one line, for `accumbens list`
    T make;               // builds it
  };

  /// Builds an agent; throws ConfigError where the configuration does not fit its environment.
  using MakeAgent = std::function<std::unique_ptr<Agent>(const Catalogue&, const Configuration&,
                                                         const AgentContext&)>;

  /// Builds a network, all of whose weights come from `initialization`; throws ConfigError
  /// likewise.
  using MakeNetwork = std::function<std::shared_ptr<QNetwork>(
      const Configuration&, const NetworkContext&, RandomStream& initialization)>;

  /// The same for an actor-critic network.
  using MakeActorCritic = std::function<std::shared_ptr<ActorCriticNetwork>(
      const Configuration&, const NetworkContext&, RandomStream& initialization)>;

  /// Builds a wrapper of an agent for an environment; throws ConfigError likewise.
  using MakeWrapper =
      std::function<std::unique_ptr<Wrapper>(const Configuration&, const EnvironmentSpec&)>;

  /// Builds an environment of one stream, all of whose randomness comes from the seed; throws
  /// ConfigError likewise.
  using MakeEnvironment =
      std::function<std::unique_ptr<Environment>(const Configuration&, uint64_t seed)>;

  /// Builds an environment of many streams at once, on threads of its own; throws ConfigError
  /// likewise.
  using MakeVectorEnvironment = std::function<std::unique_ptr<Environment>(
      const Configuration&, int64_t num_environments, int64_t num_workers, uint64_t seed)>;

  /// All that ships with Accumbens.
  Catalogue();

  Registry registry;                                            // of options
  std::map<std::string, Entry<MakeAgent>> agents;               // by create_agent.agent_name
  std::map<std::string, Entry<MakeWrapper>> wrappers;           // by reference
  std::map<std::string, Entry<MakeNetwork>> networks;           // by reference
  std::map<std::string, Entry<MakeActorCritic>> actor_critics;  // by reference
  std::map<std::string, Entry<MakeEnvironment>> environments;   // by reference
  std::map<std::string, Entry<MakeVectorEnvironment>> vector_environments;  // by reference

  /// Finds what single configurables cannot: throws ConfigError for sizes that contradict each
  /// other. Returns warnings, each with file:line.
  std::vector<std::string> check(const Configuration& configuration) const;

  /// The agent that create_agent names, behind its wrappers. Throws ConfigError on an unknown name.
  std::unique_ptr<Agent> make_agent(const Configuration& configuration,
                                    const AgentContext& context) const;

  /// The network that a parameter refers to. Throws ConfigError on an unknown name.
  std::shared_ptr<QNetwork> make_network(const Reference& reference,
                                         const Configuration& configuration,
                                         const NetworkContext& context,
                                         RandomStream& initialization) const;

  /// The environment that Runner names, with as many streams as it says. Throws ConfigError on an
  /// unknown name.
  std::unique_ptr<Environment> make_environment(const Configuration& configuration,
                                                const RunnerOptions& options) const;
};

}  // namespace accumbens
