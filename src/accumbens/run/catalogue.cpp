#include "accumbens/run/catalogue.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/envs/factory.h"
#include "accumbens/envs/vector_environment.h"
#include "accumbens/run/continuous_agents.h"
#include "accumbens/run/dopamine.h"
#include "accumbens/run/policy_agents.h"
#include "accumbens/run/value_agents.h"
#include "accumbens/run/wrappers.h"

namespace accumbens {
namespace {

std::string known_names(const auto& entries) {
  std::string names;
  for (const auto& [name, entry] : entries) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

void require_actions(const EnvironmentSpec& environment, bool continuous,
                     const std::string& agent) {
  if ((environment.action_size() > 0) == continuous) return;
  throw ConfigError(agent +
                    (continuous ? " chooses continuous actions, but those of "
                                : " chooses between discrete actions, but those of ") +
                    environment.name + (continuous ? " are discrete" : " are continuous") +
                    "; bind create_agent.agent_name = " +
                    (continuous ? "'dqn', 'ppo' or another that `accumbens list agents` names"
                                : "'sac', 'td3' or 'ddpg'") +
                    ", or another environment");
}

ActionBounds action_bounds(const EnvironmentSpec& environment) {
  if (environment.action_size() == 0) return {};
  const torch::Tensor low = torch::tensor(environment.action_low);
  const torch::Tensor high = torch::tensor(environment.action_high);
  return {.centre = (low + high) / 2.0, .reach = (high - low) / 2.0};
}

ReplaySpec replay_spec(const EnvironmentSpec& environment, int64_t stack_size) {
  return {.observation_shape = environment.observation_shape,
          .observation_dtype = environment.observation_dtype,
          .stack_size = stack_size,
          .action_size = environment.action_size(),
          .num_streams = environment.batch_size};
}

Catalogue::Catalogue() {
  register_dopamine(registry);
  const std::string no_gym = "Gymnasium's interface is the only one";

  // the experiment
  registry.add<RunnerOptions>(
      "Runner", {.aliases = {"TrainRunner", "ContinuousRunner", "ContinuousTrainRunner"},
                 .modules = {"dopamine.discrete_domains.run_experiment",
                             "dopamine.continuous_domains.run_experiment"},
                 .summary = "iterations, steps, seed, checkpoints",
                 .unused = {{"base_dir", "--base_dir says it"},
                            {"create_agent_fn", "create_agent is meant"},
                            {"checkpoint_file_prefix", kOwnFiles},
                            {"logging_file_prefix", kOwnFiles},
                            {"log_every_n", kOwnFiles},
                            {"use_legacy_logger", kOwnFiles},
                            {"fine_grained_print_to_console", kOwnFiles}}});
  registry.add<CreateRunnerOptions>("create_runner",
                                    {.aliases = {"create_continuous_runner"},
                                     .modules = {"dopamine.discrete_domains.run_experiment",
                                                 "dopamine.continuous_domains.run_experiment"},
                                     .summary = "training with or without evaluation",
                                     .unused = {{"base_dir", "--base_dir says it"}}});
  registry.add<CreateAgentOptions>(
      "create_agent",
      {.aliases = {"create_continuous_agent"},
       .modules = {"dopamine.discrete_domains.run_experiment",
                   "dopamine.continuous_domains.run_experiment"},
       .summary = "which agent",
       .unused = {{"environment", kFromEnvironment}, {"summary_writer", kOwnFiles}}});

  // environments
  registry.add<AtariOptions>("create_atari_environment",
                             {.modules = {"dopamine.discrete_domains.atari_lib"},
                              .summary = "an Atari 2600 game",
                              .unused = {{"use_legacy_gym", no_gym},
                                         {"continuous_action_threshold", "actions are discrete"}}});
  registry.add<AtariPreprocessingOptions>("AtariPreprocessing",
                                          {.modules = {"dopamine.discrete_domains.atari_lib"},
                                           .summary = "from emulator frames to observations"});
  registry.add<GymOptions>(
      "create_gym_environment",
      {.modules = {"dopamine.discrete_domains.gym_lib"},
       .summary = "a classic control or MuJoCo task, or any environment of Gymnasium's",
       .unused = {{"use_legacy_gym", no_gym},
                  {"use_ppo_preprocessing",
                   "bind create_agent.wrappers = (@NormalizeObservation, @NormalizeReward)"}}});
  registry.add<MinAtarOptions>(
      "create_minatar_env", {.modules = {"dopamine.labs.environments.minatar.minatar_env"},
                             .summary = "a game of MinAtar",
                             .unused = {{"sticky_actions", "sticky_action_prob says it"},
                                        {"action_repeat_probability", "sticky_action_prob says it"},
                                        {"seed", "bind Runner.seed"}}});
  environments["create_atari_environment"] = {
      "Atari 2600", [](const Configuration& configuration, uint64_t seed) {
        return make_atari_environment(
            configuration.get<AtariOptions>("create_atari_environment"),
            configuration.get<AtariPreprocessingOptions>("AtariPreprocessing"), seed);
      }};
  const std::string vector = "create_atari_vector_environment";
  const std::string vector_summary =
      "Atari 2600, many games on ale-py's threads; with create_atari_environment's options";
  registry.add_reference(vector, {.summary = vector_summary});
  vector_environments[vector] = {
      vector_summary, [](const Configuration& configuration, int64_t num_environments,
                         int64_t num_workers, uint64_t seed) {
        return make_atari_vector_environment(
            configuration.get<AtariOptions>("create_atari_environment"),
            configuration.get<AtariPreprocessingOptions>("AtariPreprocessing"), num_environments,
            num_workers, seed);
      }};
  environments["create_gym_environment"] = {
      "classic control, MuJoCo, and Gymnasium's by id",
      [](const Configuration& configuration, uint64_t seed) {
        return make_gym_environment(configuration.get<GymOptions>("create_gym_environment"), seed);
      }};
  environments["create_minatar_env"] = {
      "MinAtar", [](const Configuration& configuration, uint64_t seed) {
        return make_minatar_environment(configuration.get<MinAtarOptions>("create_minatar_env"),
                                        seed);
      }};

  // networks
  add_value_networks(*this);

  // agents and their parts
  registry.add<OptimizerOptions>("create_optimizer",
                                 {.modules = {"dopamine.jax.agents.dqn.dqn_agent"},
                                  .summary = "Adam, RMSProp or SGD",
                                  .unused = {{"name", "DQNAgent.optimizer says it"}}});
  registry.add<ReplayOptions>("ReplayBuffer",
                              {.aliases = {"WrappedReplayBuffer", "WrappedPrioritizedReplayBuffer"},
                               .modules = {"dopamine.jax.replay_memory.replay_buffer",
                                           "dopamine.tf.replay_memory.circular_replay_buffer",
                                           "dopamine.tf.replay_memory.prioritized_replay_buffer"},
                               .summary = "the agent's memory",
                               .renamed = {{"replay_capacity", "max_capacity"}},
                               .unused = {{"transition_accumulator", kFromAgent},
                                          {"sampling_distribution", kFromAgent},
                                          {"checkpoint_duration", kOwnFiles},
                                          {"use_staging", "TensorFlow's own"},
                                          {"wrapped_memory", kFromAgent},
                                          {"max_sample_attempts", "every draw is valid"},
                                          {"extra_storage_types", kFromAgent},
                                          {"observation_dtype", kFromEnvironment},
                                          {"terminal_dtype", kFromEnvironment},
                                          {"action_shape", kFromEnvironment},
                                          {"action_dtype", kFromEnvironment},
                                          {"reward_shape", kFromEnvironment},
                                          {"reward_dtype", kFromEnvironment}}});
  registry.add<PrioritizationOptions>("PrioritizedSamplingDistribution",
                                      {.modules = {"dopamine.jax.replay_memory.samplers"},
                                       .summary = "how a prioritized replay draws",
                                       .unused = {{"seed", "bind Runner.seed"}}});
  add_value_agents(*this);
  add_policy_agents(*this);
  add_continuous_agents(*this);
  add_wrappers(*this);
}

std::vector<std::string> Catalogue::check(const Configuration& configuration) const {
  // nothing below concerns agents that are not here, or come from outside
  const Value agent_name = configuration.value("create_agent", "agent_name");
  const auto* agent = agent_name.as<std::string>();
  if (!agent || !agents.contains(*agent)) return unused_agents(configuration);
  const std::string options = agent_options(*agent);
  if (options.empty()) return {};

  // a reference to something else than a network, where the field does not say what it takes
  const Value network = configuration.value(options, "network");
  const auto* reference = network.as<ReferenceValue>();
  if (reference && registry.resolve(options).find("network")->range.one_of.empty()) {
    const std::string name = split_scope(reference->name).second;
    if (!networks.contains(name) && !actor_critics.contains(name)) {
      throw ConfigError(options + ".network is @" + name + ", which is not a network; known are " +
                        known_names(networks));
    }
  }

  // a replay that cannot hold one stack and one n-step return has nothing to sample
  if (!registry.resolve(options).find("update_horizon")) return unused_agents(configuration);
  const Value capacity = configuration.value("ReplayBuffer", "max_capacity");
  const Value stack_size = configuration.value(options, "stack_size");
  const Value horizon = configuration.value(options, "update_horizon");
  const auto* have = capacity.as<int64_t>();
  const auto* frames = stack_size.as<int64_t>();
  const auto* steps = horizon.as<int64_t>();
  if (have && frames && steps && *have < *frames + *steps) {
    throw ConfigError("ReplayBuffer.max_capacity (" + std::to_string(*have) + ") is below " +
                      options + ".stack_size (" + std::to_string(*frames) + ") + " + options +
                      ".update_horizon (" + std::to_string(*steps) +
                      "): no transition would ever be whole; raise max_capacity");
  }
  return unused_agents(configuration);
}

std::unique_ptr<Agent> Catalogue::make_agent(const Configuration& configuration,
                                             const AgentContext& context) const {
  const auto options = configuration.get<CreateAgentOptions>("create_agent");
  const auto it = agents.find(options.agent_name);
  if (it == agents.end()) {
    throw ConfigError("unknown agent '" + options.agent_name +
                      "' in create_agent.agent_name; known are " + known_names(agents));
  }
  if (options.wrappers.empty()) return it->second.make(*this, configuration, context);

  // each wrapper sees the environment through those before it
  AgentContext seen = context;
  std::vector<std::unique_ptr<Wrapper>> layers;
  for (const Reference& reference : options.wrappers) {
    const auto [scope, name] = split_scope(reference.name);
    const auto wrapper = wrappers.find(name);
    if (wrapper == wrappers.end()) {
      throw ConfigError("create_agent.wrappers has @" + name +
                        ", which is not a wrapper; known are " + known_names(wrappers));
    }
    const Configuration::Scope inside(configuration, scope);
    layers.push_back(wrapper->second.make(configuration, seen.environment));
    seen.environment = layers.back()->spec(seen.environment);
  }
  return std::make_unique<WrappedAgent>(std::move(layers),
                                        it->second.make(*this, configuration, seen));
}

std::shared_ptr<QNetwork> Catalogue::make_network(const Reference& reference,
                                                  const Configuration& configuration,
                                                  const NetworkContext& context,
                                                  RandomStream& initialization) const {
  const auto [scope, name] = split_scope(reference.name);
  const auto it = networks.find(name);
  if (it == networks.end()) {
    throw ConfigError("there is no network '@" + reference.name + "' in Accumbens; known are " +
                      known_names(networks));
  }
  const Configuration::Scope inside(configuration, scope);
  return it->second.make(configuration, context, initialization);
}

std::unique_ptr<Environment> Catalogue::make_environment(const Configuration& configuration,
                                                         const RunnerOptions& options) const {
  const auto [scope, name] = split_scope(options.create_environment_fn.name);
  const Configuration::Scope inside(configuration, scope);
  const auto seed = static_cast<uint64_t>(options.seed);
  const auto vector = vector_environments.find(name);
  if (vector != vector_environments.end()) {
    return vector->second.make(configuration, options.num_environments, options.num_workers, seed);
  }
  const auto it = environments.find(name);
  if (it == environments.end()) {
    throw ConfigError("unknown environment '@" + name +
                      "' in Runner.create_environment_fn; known are " + known_names(environments) +
                      ", " + known_names(vector_environments));
  }
  if (options.num_environments == 1) return it->second.make(configuration, seed);

  // the first stream is that of a single environment
  std::vector<std::unique_ptr<Environment>> streams;
  for (int64_t b = 0; b < options.num_environments; ++b) {
    const std::string stream = "stream/" + std::to_string(b);
    streams.push_back(
        it->second.make(configuration, b == 0 ? seed : RandomStream(seed, stream).bits()));
  }
  return std::make_unique<VectorEnvironment>(std::move(streams), options.num_workers);
}

}  // namespace accumbens
