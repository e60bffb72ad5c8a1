#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/agents/action_functions.h"
#include "accumbens/agents/agent.h"
#include "accumbens/agents/exploration_noise.h"
#include "accumbens/agents/wrapper.h"
#include "accumbens/config/configuration.h"
#include "accumbens/config/registry.h"
#include "accumbens/core/error.h"
#include "accumbens/core/schedule.h"
#include "accumbens/envs/environment.h"
#include "accumbens/losses/continuous.h"
#include "accumbens/losses/policy_gradient.h"
#include "accumbens/networks/actor_critic.h"
#include "accumbens/networks/continuous.h"
#include "accumbens/networks/optimizer.h"
#include "accumbens/networks/value_head.h"
#include "accumbens/replay/spec.h"
#include "accumbens/run/runner.h"

namespace accumbens {

/// The first of several environments, in a scope of its own, "shown", so that it alone can be bound
/// to be drawn: @x/create_gym_environment is then @x/shown/create_gym_environment.
Reference shown_environment(const Reference& reference);

/// What an agent is built for.
struct AgentContext {
  EnvironmentSpec environment;         // that it acts in
  uint64_t seed = 1;                   // of the run
  torch::Device device = torch::kCPU;  // of its networks
  bool only_acts = false;              // its replay is unused, and takes no memory
  std::string agent{};                 // the configurable of its options; make_agent() knows it
};

/// What a network is built for.
struct NetworkContext {
  EnvironmentSpec environment;  // whose observations it sees
  int64_t stack_size = 1;       // frames
  HeadSpec head{};              // what the agent needs of each action
  std::string agent{};          // the configurable whose parameter network names it
};

/// What a network of SAC, DDPG or TD3 is built for.
struct ContinuousContext {
  EnvironmentSpec environment;  // whose observations it sees
  int64_t stack_size = 1;       // frames
  ActorCriticHeads heads{};     // what the agent asks of policy and critics
  std::string agent{};          // the configurable whose parameter network names it
};

/// What an epsilon function is built for; Dopamine's arguments.
struct EpsilonContext {
  int64_t decay_period = 1;  // agent steps
  int64_t warmup_steps = 0;  // agent steps before learning starts
  double epsilon = 0.0;      // that it ends with
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
          "what stands between environment and agent, the first next to the environment",
          part("wrappers"));
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

  /// Parts of a kind, by the names that references use.
  template <class T>
  using Parts = std::map<std::string, Entry<T>>;

  /// Builds an agent; throws ConfigError where the configuration does not fit its environment.
  using MakeAgent = std::function<std::unique_ptr<Agent>(const Catalogue&, const Configuration&,
                                                         const AgentContext&)>;

  /// An agent that create_agent.agent_name can name.
  struct AgentEntry {
    std::string summary;    // one line, for `accumbens list`
    MakeAgent make;         // builds it
    std::string options{};  // the configurable that it reads, for check()
  };

  /// Builds a network, all of whose weights come from `initialization`; throws ConfigError
  /// likewise.
  using MakeNetwork = std::function<std::shared_ptr<QNetwork>(
      const Configuration&, const NetworkContext&, RandomStream& initialization)>;

  /// The same for an actor-critic network.
  using MakeActorCritic = std::function<std::shared_ptr<ActorCriticNetwork>(
      const Configuration&, const NetworkContext&, RandomStream& initialization)>;

  /// The same for a policy and critics that follow continuous actions.
  using MakeContinuous = std::function<std::shared_ptr<ContinuousActorCritic>(
      const Configuration&, const ContinuousContext&, RandomStream& initialization)>;

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

  /// Builds what lets epsilon fall, by agent steps of training.
  using MakeEpsilon = std::function<Schedule(const Configuration&, const EpsilonContext&)>;

  /// Builds what chooses actions in an environment; throws ConfigError likewise.
  using MakeAction = std::function<ActionFunction(const Configuration&, const EnvironmentSpec&)>;

  /// Builds what explores with noise in an environment; throws ConfigError likewise.
  using MakeNoise = std::function<std::unique_ptr<ExplorationNoise>(const Configuration&,
                                                                    const EnvironmentSpec&)>;

  /// Builds what tells an on-policy agent how good its actions were. lambda: the agent's.
  using MakeAdvantages = std::function<AdvantageEstimator(const Configuration&, double lambda)>;

  /// Builds a schedule of shares of the learning rate, by updates.
  using MakeRates = std::function<Schedule(const Configuration&, const OptimizerOptions&)>;

  /// Builds what happens to gradients.
  using MakeTransform = std::function<GradientTransform(const Configuration&)>;

  /// All that ships with Accumbens.
  Catalogue();

  Registry registry;                                 // of options
  std::map<std::string, AgentEntry> agents;          // by create_agent.agent_name
  Parts<MakeEnvironment> environments;               // by reference, as all below
  Parts<MakeVectorEnvironment> vector_environments;  // of many streams
  Parts<MakeWrapper> wrappers;                       // between environment and agent
  Parts<MakeNetwork> networks;                       // of value-based agents
  Parts<MakeActorCritic> actor_critics;              // networks of on-policy agents
  Parts<MakeContinuous> continuous_networks;         // of SAC, DDPG and TD3
  Parts<MakeEpsilon> epsilon_functions;              // of value-based agents
  Parts<MakeAction> action_functions;                // of value-based and on-policy agents
  Parts<MakeNoise> exploration_noises;               // of DDPG and TD3
  Parts<MakeAdvantages> advantage_estimators;        // of on-policy agents
  Parts<MakeRates> learning_rate_schedules;          // of all optimizers
  Parts<MakeTransform> gradient_transforms;          // of all optimizers

  /// Names and summaries of all parts, by their kind: what `accumbens list KIND` names.
  std::map<std::string, std::map<std::string, std::string>> parts() const;

  /// Builds the part that a parameter refers to, in the scope of the reference. kind: of parts.
  /// Throws ConfigError on an unknown name.
  template <class Make, class... Arguments>
  static auto build(const std::string& kind, const Parts<Make>& parts, const Reference& reference,
                    const Configuration& configuration, Arguments&&... arguments) {
    const auto [scope, name] = split_scope(reference.name);
    const auto found = parts.find(name);
    if (found == parts.end()) throw ConfigError(unknown_part(kind, name, names_of(parts)));
    const Configuration::Scope inside(configuration, scope);
    return found->second.make(configuration, std::forward<Arguments>(arguments)...);
  }

  /// Finds what single configurables cannot: throws ConfigError for references to parts of another
  /// kind. Returns warnings, each with file:line.
  std::vector<std::string> check(const Configuration& configuration) const;

  /// Warnings of bindings that nothing has read, once environment and agent are built; those of
  /// agents that were not chosen aside, of which check() warns.
  std::vector<std::string> unread(const Configuration& configuration) const;

  /// The agent that create_agent names, behind its wrappers. Throws ConfigError on an unknown name.
  std::unique_ptr<Agent> make_agent(const Configuration& configuration,
                                    const AgentContext& context) const;

  /// The learning-rate schedule and the gradient transforms that the options name.
  OptimizerParts make_optimizer_parts(const Configuration& configuration,
                                      const OptimizerOptions& options) const;

  /// The environment that Runner names, with as many streams as it says. Throws ConfigError on an
  /// unknown name.
  std::unique_ptr<Environment> make_environment(const Configuration& configuration,
                                                const RunnerOptions& options) const;

 private:
  template <class T>
  static std::vector<std::string> names_of(const std::map<std::string, T>& parts) {
    std::vector<std::string> names;
    for (const auto& [name, entry] : parts) names.push_back(name);
    return names;
  }

  // what is wrong with a reference to something else
  static std::string unknown_part(const std::string& kind, const std::string& name,
                                  const std::vector<std::string>& known);

  // the options that this agent does not read, of agents that create_agent could have chosen, each
  // with one that reads them
  std::map<std::string, std::string> options_of_others(const std::string& agent_name) const;

  // warnings of their bindings, with file:line
  std::vector<std::string> unused_agents(const Configuration& configuration,
                                         const std::string& agent_name) const;

  // throws ConfigError where a parameter of the configurable refers to a part of another kind
  void require_parts(const Configuration& configuration, const std::string& configurable) const;
};

}  // namespace accumbens
