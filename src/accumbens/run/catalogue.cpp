#include "accumbens/run/catalogue.h"

#include <utility>

#include "accumbens/envs/factory.h"
#include "accumbens/networks/classic_control.h"
#include "accumbens/networks/nature_dqn.h"
#include "accumbens/run/dopamine.h"

namespace accumbens {
namespace {

std::string known_names(const auto& entries) {
  std::string names;
  for (const auto& [name, entry] : entries) names += (names.empty() ? "" : ", ") + name;
  return names;
}

std::shared_ptr<QNetwork> make_nature_dqn(const Configuration& configuration,
                                          const NetworkContext& context, RandomStream& random) {
  const EnvironmentSpec& environment = context.environment;
  if (environment.observation_shape.size() != 2) {
    throw ConfigError("NatureDQNNetwork needs images, but " + environment.name +
                      " has none; bind DQNAgent.network = @ClassicControlDQNNetwork");
  }
  return std::make_shared<NatureDqnNetwork>(configuration.get<NatureDqnOptions>("NatureDQNNetwork"),
                                            context.stack_size, environment.observation_shape[0],
                                            environment.observation_shape[1],
                                            environment.num_actions, random);
}

std::shared_ptr<QNetwork> make_classic_control_dqn(const ClassicControlDqnOptions& options,
                                                   const NetworkContext& context,
                                                   RandomStream& random) {
  int64_t observation_size = 1;
  for (const int64_t size : context.environment.observation_shape) observation_size *= size;
  return std::make_shared<ClassicControlDqnNetwork>(options, observation_size, context.stack_size,
                                                    context.environment.num_actions, random);
}

// Dopamine's TensorFlow networks have their ranges built in
Catalogue::MakeNetwork make_classic_control_dqn_within(const Registry& registry,
                                                       const std::string& task) {
  const auto range = [&](const std::string& end) {
    std::vector<double> values;
    field_detail::assign(*registry.constant("jax_networks." + task + end), values);
    return values;
  };
  const ClassicControlDqnOptions options{.min_vals = range("_MIN_VALS"),
                                         .max_vals = range("_MAX_VALS")};
  return [options](const Configuration&, const NetworkContext& context, RandomStream& random) {
    return make_classic_control_dqn(options, context, random);
  };
}

}  // namespace

Catalogue::Catalogue() {
  register_dopamine(registry);
  const std::string no_gym = "Gymnasium's interface is the only one";
  const std::string no_ppo = "PPO's preprocessing is not in Accumbens";
  const std::string from_environment = "it comes from the environment";
  const std::string from_agent = "it comes from the agent";
  const std::string own_files = "see the files that a run writes in README.md";

  // the experiment
  registry.add<RunnerOptions>("Runner", {.aliases = {"TrainRunner"},
                                         .modules = {"dopamine.discrete_domains.run_experiment"},
                                         .summary = "iterations, steps, seed, checkpoints",
                                         .unused = {{"base_dir", "--base_dir says it"},
                                                    {"create_agent_fn", "create_agent is meant"},
                                                    {"checkpoint_file_prefix", own_files},
                                                    {"logging_file_prefix", own_files},
                                                    {"log_every_n", own_files},
                                                    {"use_legacy_logger", own_files},
                                                    {"fine_grained_print_to_console", own_files}}});
  registry.add<CreateRunnerOptions>("create_runner",
                                    {.modules = {"dopamine.discrete_domains.run_experiment"},
                                     .summary = "training with or without evaluation",
                                     .unused = {{"base_dir", "--base_dir says it"}}});
  registry.add<CreateAgentOptions>(
      "create_agent",
      {.modules = {"dopamine.discrete_domains.run_experiment"}, .summary = "which agent"});

  // environments
  registry.add<AtariOptions>("create_atari_environment",
                             {.modules = {"dopamine.discrete_domains.atari_lib"},
                              .summary = "an Atari 2600 game",
                              .unused = {{"use_legacy_gym", no_gym},
                                         {"use_ppo_preprocessing", no_ppo},
                                         {"continuous_action_threshold", "actions are discrete"}}});
  registry.add<AtariPreprocessingOptions>("AtariPreprocessing",
                                          {.modules = {"dopamine.discrete_domains.atari_lib"},
                                           .summary = "from emulator frames to observations"});
  registry.add<GymOptions>(
      "create_gym_environment",
      {.modules = {"dopamine.discrete_domains.gym_lib"},
       .summary = "a classic control task",
       .unused = {{"use_legacy_gym", no_gym}, {"use_ppo_preprocessing", no_ppo}}});
  environments["create_atari_environment"] = {
      "Atari 2600", [](const Configuration& configuration, uint64_t seed) {
        return make_atari_environment(
            configuration.get<AtariOptions>("create_atari_environment"),
            configuration.get<AtariPreprocessingOptions>("AtariPreprocessing"), seed);
      }};
  environments["create_gym_environment"] = {
      "classic control", [](const Configuration& configuration, uint64_t seed) {
        return make_gym_environment(configuration.get<GymOptions>("create_gym_environment"), seed);
      }};

  // networks
  registry.add<NatureDqnOptions>("NatureDQNNetwork",
                                 {.modules = {"dopamine.jax.networks"},
                                  .summary = "the convolutional network of Mnih et al. (2015)",
                                  .unused = {{"num_actions", from_environment},
                                             {"inputs_preprocessed", "images are always scaled"}}});
  registry.add<ClassicControlDqnOptions>(
      "ClassicControlDQNNetwork",
      {.modules = {"dopamine.jax.networks"},
       .summary = "dense layers on rescaled observations",
       .unused = {{"num_actions", from_environment},
                  {"inputs_preprocessed", "min_vals and max_vals say it"}}});
  registry.add_reference("CartpoleDQNNetwork",
                         {.modules = {"dopamine.discrete_domains.legacy_networks"},
                          .summary = "ClassicControlDQNNetwork with the range of CartPole"});
  registry.add_reference("AcrobotDQNNetwork",
                         {.modules = {"dopamine.discrete_domains.legacy_networks"},
                          .summary = "ClassicControlDQNNetwork with the range of Acrobot"});
  networks["NatureDQNNetwork"] = {"the convolutional network of Mnih et al. (2015)",
                                  make_nature_dqn};
  networks["ClassicControlDQNNetwork"] = {
      "dense layers on rescaled observations",
      [](const Configuration& configuration, const NetworkContext& context, RandomStream& random) {
        return make_classic_control_dqn(
            configuration.get<ClassicControlDqnOptions>("ClassicControlDQNNetwork"), context,
            random);
      }};
  networks["CartpoleDQNNetwork"] = {"ClassicControlDQNNetwork with the range of CartPole",
                                    make_classic_control_dqn_within(registry, "CARTPOLE")};
  networks["AcrobotDQNNetwork"] = {"ClassicControlDQNNetwork with the range of Acrobot",
                                   make_classic_control_dqn_within(registry, "ACROBOT")};

  // agents and their parts
  registry.add<OptimizerOptions>("create_optimizer",
                                 {.modules = {"dopamine.jax.agents.dqn.dqn_agent"},
                                  .summary = "Adam, RMSProp or SGD",
                                  .unused = {{"name", "DQNAgent.optimizer says it"}}});
  registry.add<ReplayOptions>("ReplayBuffer",
                              {.aliases = {"WrappedReplayBuffer"},
                               .modules = {"dopamine.jax.replay_memory.replay_buffer",
                                           "dopamine.tf.replay_memory.circular_replay_buffer"},
                               .summary = "the agent's memory",
                               .renamed = {{"replay_capacity", "max_capacity"}},
                               .unused = {{"transition_accumulator", from_agent},
                                          {"sampling_distribution", from_agent},
                                          {"checkpoint_duration", own_files},
                                          {"compress", "frames are stored once, uncompressed"},
                                          {"use_staging", "TensorFlow's own"},
                                          {"wrapped_memory", from_agent},
                                          {"max_sample_attempts", "every draw is valid"},
                                          {"extra_storage_types", from_agent},
                                          {"observation_dtype", from_environment},
                                          {"terminal_dtype", from_environment},
                                          {"action_shape", from_environment},
                                          {"action_dtype", from_environment},
                                          {"reward_shape", from_environment},
                                          {"reward_dtype", from_environment}}});
  const std::vector<std::string> dqn_modules = {"dopamine.jax.agents.dqn.dqn_agent",
                                                "dopamine.tf.agents.dqn.dqn_agent"};
  registry.add<DqnOptions>(
      "DQNAgent",
      {.aliases = {"JaxDQNAgent"},
       .modules = dqn_modules,
       .summary = "deep Q-network (Mnih et al., 2015)",
       .unused = {{"sess", "TensorFlow's own"},
                  {"num_actions", from_environment},
                  {"observation_shape", from_environment},
                  {"observation_dtype", from_environment},
                  {"tf_device", "bind Runner.device, where 'auto' takes a GPU if there is one"},
                  {"use_staging", "TensorFlow's own"},
                  {"max_tf_checkpoints_to_keep", own_files},
                  {"eval_mode", "use `accumbens evaluate`"},
                  {"summary_writer", own_files},
                  {"summary_writing_frequency", "bind Runner.summary_writing_frequency"},
                  {"allow_partial_reload", "checkpoints are whole"},
                  {"seed", "bind Runner.seed"},
                  {"preprocess_fn", "the network scales images itself"},
                  {"collector_allowlist", own_files}}});
  registry.add_reference("linearly_decaying_epsilon", {.modules = dqn_modules});
  registry.add_reference("identity_epsilon", {.modules = dqn_modules});
  const MakeAgent make_dqn = dqn_maker<DqnAgent, DqnOptions>("DQNAgent");
  agents["dqn"] = {"deep Q-network (Mnih et al., 2015)", make_dqn};
  agents["jax_dqn"] = {"Dopamine's name of dqn", make_dqn};
}

std::vector<std::string> Catalogue::check(const Configuration& configuration) const {
  // nothing below concerns agents that are not here
  const Value agent_name = configuration.value("create_agent", "agent_name");
  const auto* agent = agent_name.as<std::string>();
  if (!agent || !agents.contains(*agent)) return unused_agents(configuration);

  // a reference to something else than a network; what is only absent may be looked at
  const Value network = configuration.value("DQNAgent", "network");
  if (const auto* reference = network.as<ReferenceValue>()) {
    const std::string name = split_scope(reference->name).second;
    if (!networks.contains(name) && !registry.resolve(name).absent) {
      throw ConfigError("DQNAgent.network is @" + name + ", which is not a network; known are " +
                        known_names(networks));
    }
  }

  // a replay that cannot hold one stack and one n-step return has nothing to sample
  const Value capacity = configuration.value("ReplayBuffer", "max_capacity");
  const Value stack_size = configuration.value("DQNAgent", "stack_size");
  const Value horizon = configuration.value("DQNAgent", "update_horizon");
  const auto* have = capacity.as<int64_t>();
  const auto* frames = stack_size.as<int64_t>();
  const auto* steps = horizon.as<int64_t>();
  if (have && frames && steps && *have < *frames + *steps) {
    throw ConfigError("ReplayBuffer.max_capacity (" + std::to_string(*have) +
                      ") is below DQNAgent.stack_size (" + std::to_string(*frames) +
                      ") + DQNAgent.update_horizon (" + std::to_string(*steps) +
                      "): no transition would ever be whole; raise max_capacity");
  }
  return unused_agents(configuration);
}

std::unique_ptr<Agent> Catalogue::make_agent(const Configuration& configuration,
                                             const AgentContext& context) const {
  const std::string continuous = configuration.bound_at("create_continuous_agent");
  if (!continuous.empty()) {
    throw ConfigError(continuous + ": agents with continuous actions are not in Accumbens yet");
  }
  const auto options = configuration.get<CreateAgentOptions>("create_agent");
  const auto it = agents.find(options.agent_name);
  const std::string absent = absent_agent(options.agent_name);
  if (it == agents.end() && !absent.empty()) {
    throw ConfigError("create_agent.agent_name is '" + options.agent_name + "', Dopamine's " +
                      absent + ", which is not in Accumbens yet; known are " + known_names(agents));
  }
  if (it == agents.end()) {
    throw ConfigError("unknown agent '" + options.agent_name +
                      "' in create_agent.agent_name; known are " + known_names(agents));
  }
  return it->second.make(*this, configuration, context);
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
  const auto it = environments.find(name);
  if (it == environments.end()) {
    throw ConfigError("unknown environment '@" + name +
                      "' in Runner.create_environment_fn; known are " + known_names(environments));
  }
  const Configuration::Scope inside(configuration, scope);
  return it->second.make(configuration, static_cast<uint64_t>(options.seed));
}

DqnAgent::Parts make_dqn_parts(const Catalogue& catalogue, const Configuration& configuration,
                               const AgentContext& context, const DqnOptions& options) {
  const auto replay_options = configuration.get<ReplayOptions>("ReplayBuffer");
  const auto [optimizer, rates] = optimizer_options(configuration, options.optimizer);
  const EnvironmentSpec& environment = context.environment;

  // the replay is by far the largest: better refused now than killed in an hour
  const ReplaySpec spec{
      .observation_shape = environment.observation_shape,
      .observation_dtype = environment.observation_dtype,
      .stack_size = options.stack_size,
      .update_horizon = options.update_horizon,
      .gamma = options.gamma,
      .padding = options.stack_padding == "leading" ? StackPadding::kLeadingZeros
                                                    : StackPadding::kTrailingZeros,
      .num_streams = environment.batch_size,
  };
  Replay::require_memory(replay_options, spec);

  const NetworkContext network_context{environment, options.stack_size};
  RandomStream initialization(context.seed, "initialization");
  const auto make_network = [&] {
    auto network =
        catalogue.make_network(options.network, configuration, network_context, initialization);
    network->to(context.device);
    return network;
  };
  const auto network = make_network();

  const EpsilonSchedule epsilon =
      split_scope(options.epsilon_fn.name).second == "identity_epsilon"
          ? constant_epsilon(options.epsilon_train)
          : linearly_decaying_epsilon(options.epsilon_decay_period, options.min_replay_history,
                                      options.epsilon_train);
  return {
      .network = network,
      .target_network = make_network(),
      .optimizer = Optimizer(optimizer, rates, network->parameters()),
      .replay = Replay(replay_options, spec),
      .frame_stack = FrameStack(spec),
      .epsilon = epsilon,
      .exploration = RandomStream(context.seed, "exploration"),
      .sampling = RandomStream(context.seed, "sampling"),
  };
}

}  // namespace accumbens
