#include "accumbens/run/catalogue.h"

#include <torch/utils.h>

#include <algorithm>
#include <utility>

#include "accumbens/config/nearest_name.h"
#include "accumbens/envs/factory.h"
#include "accumbens/envs/vector_environment.h"
#include "accumbens/run/continuous_agents.h"
#include "accumbens/run/dopamine.h"
#include "accumbens/run/parts.h"
#include "accumbens/run/policy_agents.h"
#include "accumbens/run/value_agents.h"
#include "accumbens/run/wrappers.h"

namespace accumbens {

namespace {

// the names with `before` in front of each, and commas between
std::string joined(const std::vector<std::string>& names, const std::string& before) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + before + name;
  return text;
}

}  // namespace

Reference shown_environment(const Reference& reference) {
  const auto [scope, name] = split_scope(reference.name);
  return {(scope.empty() ? "" : scope + "/") + "shown/" + name};
}

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
          .num_actions = environment.num_actions,
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
                                       .unused = {{"max_capacity", ""},  // ReplayBuffer's counts
                                                  {"seed", "bind Runner.seed"}}});
  add_parts(*this);
  add_value_agents(*this);
  add_policy_agents(*this);
  add_continuous_agents(*this);
  add_wrappers(*this);
}

std::map<std::string, std::map<std::string, std::string>> Catalogue::parts() const {
  std::map<std::string, std::map<std::string, std::string>> all;
  const auto add = [&](const std::string& kind, const auto& entries) {
    for (const auto& [name, entry] : entries) all[kind][name] = entry.summary;
  };
  add("environments", environments);
  add("environments", vector_environments);
  add("wrappers", wrappers);
  add("networks", networks);
  add("actor_critic_networks", actor_critics);
  add("continuous_networks", continuous_networks);
  add("epsilon_functions", epsilon_functions);
  add("action_functions", action_functions);
  add("exploration_noises", exploration_noises);
  add("advantage_estimators", advantage_estimators);
  add("learning_rate_schedules", learning_rate_schedules);
  add("gradient_transforms", gradient_transforms);
  return all;
}

std::string Catalogue::unknown_part(const std::string& kind, const std::string& name,
                                    const std::vector<std::string>& known) {
  return "@" + name + " is none of the " + kind + "; known are " + joined(known, "@");
}

void Catalogue::require_parts(const Configuration& configuration,
                              const std::string& configurable) const {
  const auto known = parts();
  for (const Field& field : registry.resolve(configurable).fields) {
    const std::string& kind = field.range.part_of;
    if (kind.empty()) continue;

    // one reference, a list of them, or none
    const Value value = configuration.value(configurable, field.name);
    std::vector<Value> references;
    if (const auto* list = value.as<ListValue>()) references = list->items;
    if (value.as<ReferenceValue>()) references = {value};
    for (const Value& item : references) {
      const std::string name = split_scope(item.as<ReferenceValue>()->name).second;
      if (known.at(kind).contains(name)) continue;
      throw ConfigError(
          configuration.with_places(configurable + "." + field.name + ": " +
                                    unknown_part(kind, name, names_of(known.at(kind)))));
    }
  }
}

std::vector<std::string> Catalogue::check(const Configuration& configuration) const {
  for (const char* shared : {"Runner", "create_agent", "create_optimizer"}) {
    require_parts(configuration, shared);
  }

  // nothing below concerns agents that are not here, or do not say what they read
  const Value agent_name = configuration.value("create_agent", "agent_name");
  const auto* agent = agent_name.as<std::string>();
  if (!agent || !agents.contains(*agent)) return {};
  const std::string& options = agents.at(*agent).options;
  if (options.empty()) return {};

  require_parts(configuration, options);
  return unused_agents(configuration, *agent);
}

std::map<std::string, std::string> Catalogue::options_of_others(
    const std::string& agent_name) const {
  std::map<std::string, std::string> others;
  for (const auto& [name, agent] : agents) {
    if (!agent.options.empty()) others[registry.resolve(agent.options).name] = name;
  }
  const std::string& options = agents.at(agent_name).options;
  if (options.empty()) return others;

  // what is bound for its bases reaches it too
  for (const Configurable* one = &registry.resolve(options); one; one = one->base) {
    others.erase(one->name);
  }
  return others;
}

std::vector<std::string> Catalogue::unused_agents(const Configuration& configuration,
                                                  const std::string& agent_name) const {
  const std::string chosen = registry.resolve(agents.at(agent_name).options).name;
  std::vector<std::string> warnings;
  for (const auto& [options, other] : options_of_others(agent_name)) {
    const std::string place = configuration.bound_at(options);
    if (place.empty()) continue;
    warnings.push_back(place + ": the bindings of " + options +
                       " have no effect: create_agent.agent_name is '" + agent_name +
                       "', which builds " + chosen + "; '" + other + "' builds " + options);
  }
  return warnings;
}

std::vector<std::string> Catalogue::unread(const Configuration& configuration) const {
  // of other agents check() says more
  const auto others =
      options_of_others(configuration.get<CreateAgentOptions>("create_agent").agent_name);
  std::vector<std::string> warnings;
  for (const Configuration::Unread& unread : configuration.unread()) {
    if (others.contains(unread.configurable->name)) continue;
    warnings.push_back(unread.place + ": the bindings of " + unread.label +
                       " have no effect: nothing in this run reads them");
  }
  return warnings;
}

std::unique_ptr<Agent> Catalogue::make_agent(const Configuration& configuration,
                                             const AgentContext& context) const {
  const auto options = configuration.get<CreateAgentOptions>("create_agent");
  const auto it = agents.find(options.agent_name);
  if (it == agents.end()) {
    throw ConfigError(configuration.with_places(
        "unknown agent '" + options.agent_name + "' in create_agent.agent_name; known are " +
        joined(names_of(agents), "") + did_you_mean(options.agent_name, names_of(agents))));
  }
  AgentContext seen = context;
  seen.agent = it->second.options;
  if (options.wrappers.empty()) return it->second.make(*this, configuration, seen);

  // each wrapper sees the environment through those before it
  std::vector<std::unique_ptr<Wrapper>> layers;
  for (const Reference& reference : options.wrappers) {
    layers.push_back(build("wrappers", wrappers, reference, configuration, seen.environment));
    seen.environment = layers.back()->spec(seen.environment);
  }
  return std::make_unique<WrappedAgent>(std::move(layers),
                                        it->second.make(*this, configuration, seen));
}

OptimizerParts Catalogue::make_optimizer_parts(const Configuration& configuration,
                                               const OptimizerOptions& options) const {
  OptimizerParts parts{.learning_rate =
                           build("learning_rate_schedules", learning_rate_schedules,
                                 options.learning_rate_schedule, configuration, options)};
  for (const Reference& reference : options.gradient_transforms) {
    parts.transforms.push_back(
        build("gradient_transforms", gradient_transforms, reference, configuration));
  }
  return parts;
}

std::unique_ptr<Environment> Catalogue::make_environment(const Configuration& configuration,
                                                         const RunnerOptions& options) const {
  const auto seed = static_cast<uint64_t>(options.seed);
  const Reference& reference = options.create_environment_fn;
  if (vector_environments.contains(split_scope(reference.name).second)) {
    return build("environments", vector_environments, reference, configuration,
                 options.num_environments, options.num_workers, seed);
  }

  // the first stream is that of a single environment
  const Reference shown = shown_environment(reference);
  const bool drawn = configuration.bound(shown.name, "render_mode") &&
                     configuration.value(shown.name, "render_mode") !=
                         configuration.value(reference.name, "render_mode");
  std::vector<std::unique_ptr<Environment>> streams;
  streams.push_back(
      build("environments", environments, drawn ? shown : reference, configuration, seed));
  if (options.num_environments == 1) return std::move(streams.front());
  for (int64_t b = 1; b < options.num_environments; ++b) {
    const std::string stream = "stream/" + std::to_string(b);
    streams.push_back(build("environments", environments, reference, configuration,
                            RandomStream(seed, stream).bits()));
  }
  return std::make_unique<VectorEnvironment>(std::move(streams), options.num_workers);
}

}  // namespace accumbens
