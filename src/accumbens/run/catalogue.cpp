#include "accumbens/run/catalogue.h"

#include <utility>

#include "accumbens/agents/implicit_quantile.h"
#include "accumbens/agents/munchausen.h"
#include "accumbens/agents/quantile.h"
#include "accumbens/agents/rainbow.h"
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

std::shared_ptr<QNetwork> make_nature_dqn(const NatureDqnOptions& options,
                                          const NetworkContext& context, RandomStream& random) {
  const EnvironmentSpec& environment = context.environment;
  if (environment.observation_shape.size() != 2) {
    throw ConfigError("the agent's network needs images, but " + environment.name +
                      " has none; bind its parameter network = @ClassicControlDQNNetwork");
  }
  return std::make_shared<NatureDqnNetwork>(options, context.stack_size,
                                            environment.observation_shape[0],
                                            environment.observation_shape[1], context.head, random);
}

std::shared_ptr<QNetwork> make_classic_control_dqn(const ClassicControlDqnOptions& options,
                                                   const NetworkContext& context,
                                                   RandomStream& random) {
  int64_t observation_size = 1;
  for (const int64_t size : context.environment.observation_shape) observation_size *= size;
  return std::make_shared<ClassicControlDqnNetwork>(options, observation_size, context.stack_size,
                                                    context.head, random);
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

const std::string own_files = "see the files that a run writes in README.md";
const std::string from_environment = "it comes from the environment";

void add_networks(Catalogue& catalogue) {
  // networks for images
  const auto add_images = [&]<class Options>(const Options&, const std::string& name,
                                             const std::string& summary) {
    catalogue.registry.add<Options>(
        name, {.modules = {"dopamine.jax.networks"},
               .summary = summary,
               .unused = {{"num_actions", from_environment},
                          {"num_atoms", "it comes from the agent"},
                          {"noisy", "it comes from the agent"},
                          {"dueling", "it comes from the agent"},
                          {"distributional", "it comes from the agent"},
                          {"inputs_preprocessed", "images are always scaled"}}});
    catalogue.networks[name] = {
        summary, [name](const Configuration& configuration, const NetworkContext& context,
                        RandomStream& random) {
          return make_nature_dqn(configuration.get<Options>(name), context, random);
        }};
  };
  add_images(NatureDqnOptions{}, "NatureDQNNetwork",
             "the convolutional network of Mnih et al. (2015)");
  add_images(RainbowNetworkOptions{}, "RainbowNetwork", "the same, as Dopamine's Rainbow begins");
  add_images(NatureDqnOptions{}, "FullRainbowNetwork", "the same for full Rainbow");
  add_images(RainbowNetworkOptions{}, "QuantileNetwork", "the same for QR-DQN");
  add_images(RainbowNetworkOptions{}, "ImplicitQuantileNetwork", "the same for IQN");

  // networks for a few numbers
  for (const std::string name : {"ClassicControlDQNNetwork", "ClassicControlRainbowNetwork"}) {
    const std::string summary = "dense layers on rescaled observations";
    catalogue.registry.add<ClassicControlDqnOptions>(
        name, {.modules = {"dopamine.jax.networks"},
               .summary = summary,
               .unused = {{"num_actions", from_environment},
                          {"num_atoms", "it comes from the agent"},
                          {"inputs_preprocessed", "min_vals and max_vals say it"}}});
    catalogue.networks[name] = {
        summary, [name](const Configuration& configuration, const NetworkContext& context,
                        RandomStream& random) {
          return make_classic_control_dqn(configuration.get<ClassicControlDqnOptions>(name),
                                          context, random);
        }};
  }

  // Dopamine's TensorFlow names of the same
  const std::pair<std::string, std::string> tasks[] = {
      {"CartpoleDQNNetwork", "CARTPOLE"},
      {"CartpoleRainbowNetwork", "CARTPOLE"},
      {"AcrobotDQNNetwork", "ACROBOT"},
      {"AcrobotRainbowNetwork", "ACROBOT"},
  };
  for (const auto& [name, task] : tasks) {
    const std::string summary =
        "ClassicControlDQNNetwork with the range of " + name.substr(0, name.find_first_of("DR"));
    catalogue.registry.add_reference(
        name, {.modules = {"dopamine.discrete_domains.legacy_networks"}, .summary = summary});
    catalogue.networks[name] = {summary, make_classic_control_dqn_within(catalogue.registry, task)};
  }
}

void add_value_agents(Catalogue& catalogue) {
  Registry& registry = catalogue.registry;
  const std::vector<std::string> dqn_modules = {"dopamine.jax.agents.dqn.dqn_agent",
                                                "dopamine.tf.agents.dqn.dqn_agent"};
  registry.add_reference("linearly_decaying_epsilon", {.modules = dqn_modules});
  registry.add_reference("identity_epsilon", {.modules = dqn_modules});
  registry.add_reference("zero_epsilon",
                         {.modules = {"dopamine.jax.agents.full_rainbow.full_rainbow_agent"}});

  // what Dopamine's agents take and these do not
  const std::map<std::string, std::string> unused = {
      {"sess", "TensorFlow's own"},
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
      {"collector_allowlist", own_files}};

  registry.add<DqnOptions>("DQNAgent", {.aliases = {"JaxDQNAgent"},
                                        .modules = dqn_modules,
                                        .summary = "deep Q-network (Mnih et al., 2015)",
                                        .unused = unused});
  auto rainbow_unused = unused;
  rainbow_unused["use_new_replay_buffer"] =
      "it was removed from Dopamine, which refuses this line: delete it";
  registry.add<RainbowOptions>("RainbowAgent",
                               {.aliases = {"JaxRainbowAgent"},
                                .modules = {"dopamine.jax.agents.rainbow.rainbow_agent",
                                            "dopamine.tf.agents.rainbow.rainbow_agent"},
                                .summary = "Rainbow and C51 (Bellemare et al., 2017)",
                                .unused = rainbow_unused});
  auto full_unused = unused;
  full_unused["distributional"] = "RainbowAgent is always distributional; DQNAgent is not";
  full_unused["mse_loss"] = "bind DQNAgent.loss_type";
  full_unused["num_updates_per_train_step"] = "there is one update every update_period steps";
  registry.add<FullRainbowOptions>(
      "FullRainbowAgent", {.aliases = {"JaxFullRainbowAgent"},
                           .modules = {"dopamine.jax.agents.full_rainbow.full_rainbow_agent"},
                           .summary = "Rainbow (Hessel et al., 2018)",
                           .base = "DQNAgent",
                           .unused = full_unused});
  registry.add<QuantileOptions>("QuantileAgent",
                                {.aliases = {"JaxQuantileAgent"},
                                 .modules = {"dopamine.jax.agents.quantile.quantile_agent"},
                                 .summary = "QR-DQN (Dabney et al., 2018a)",
                                 .unused = unused});
  registry.add<MunchausenOptions>("MunchausenDQNAgent",
                                  {.summary = "Munchausen DQN (Vieillard et al., 2020)"});
  registry.add<ImplicitQuantileOptions>(
      "ImplicitQuantileAgent",
      {.aliases = {"JaxImplicitQuantileAgent"},
       .modules = {"dopamine.jax.agents.implicit_quantile.implicit_quantile_agent",
                   "dopamine.tf.agents.implicit_quantile.implicit_quantile_agent"},
       .summary = "IQN (Dabney et al., 2018b)",
       .base = "RainbowAgent",
       .unused = unused});

  // by Dopamine's names too
  const auto add = [&](const std::string& name, const std::string& dopamine,
                       const std::string& summary, const Catalogue::MakeAgent& make) {
    catalogue.agents[name] = {summary, make};
    if (dopamine != name) catalogue.agents[dopamine] = {"Dopamine's name of " + name, make};
  };
  add("dqn", "jax_dqn", "deep Q-network (Mnih et al., 2015)",
      dqn_maker<DqnAgent, DqnOptions>("DQNAgent"));
  add("rainbow", "jax_rainbow", "Rainbow and C51 (Bellemare et al., 2017)",
      dqn_maker<RainbowAgent, RainbowOptions>("RainbowAgent"));
  add("full_rainbow", "full_rainbow", "Rainbow (Hessel et al., 2018)",
      dqn_maker<RainbowAgent, FullRainbowOptions>("FullRainbowAgent"));
  add("munchausen_dqn", "munchausen_dqn", "Munchausen DQN (Vieillard et al., 2020)",
      dqn_maker<MunchausenAgent, MunchausenOptions>("MunchausenDQNAgent"));
  add("quantile", "jax_quantile", "QR-DQN (Dabney et al., 2018a)",
      dqn_maker<QuantileAgent, QuantileOptions>("QuantileAgent"));
  add("implicit_quantile", "jax_implicit_quantile", "IQN (Dabney et al., 2018b)",
      dqn_maker<ImplicitQuantileAgent, ImplicitQuantileOptions>("ImplicitQuantileAgent"));
}

// a network that lacks what the agent needs is found before training
void require_head(QNetwork& network, const HeadSpec& head, const torch::Tensor& s,
                  const std::string& name) {
  const torch::NoGradGuard no_grad;
  using Kind = HeadSpec::Kind;
  QOutput output;
  if (head.kind == Kind::kImplicitQuantile) {
    output = network.forward_at(s, torch::full({1, 1}, 0.5, s.options().dtype(torch::kFloat32)));
  } else {
    output = network.forward(s);
  }
  const bool there = head.kind == Kind::kValue         ? output.q_values.defined()
                     : head.kind == Kind::kCategorical ? output.logits.defined()
                                                       : output.quantiles.defined();
  if (there && output.q_values.sizes() == torch::IntArrayRef({1, head.num_actions})) return;
  throw ConfigError("the network @" + name +
                    " does not give what the agent needs of each action; bind another, see "
                    "`accumbens list networks`");
}

}  // namespace

Catalogue::Catalogue() {
  register_dopamine(registry);
  const std::string no_gym = "Gymnasium's interface is the only one";
  const std::string no_ppo = "PPO's preprocessing is not in Accumbens";
  const std::string from_agent = "it comes from the agent";

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
  add_networks(*this);

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
  registry.add<PrioritizationOptions>("PrioritizedSamplingDistribution",
                                      {.modules = {"dopamine.jax.replay_memory.samplers"},
                                       .summary = "how a prioritized replay draws",
                                       .unused = {{"seed", "bind Runner.seed"}}});
  add_value_agents(*this);
}

std::vector<std::string> Catalogue::check(const Configuration& configuration) const {
  // nothing below concerns agents that are not here, or come from outside
  const Value agent_name = configuration.value("create_agent", "agent_name");
  const auto* agent = agent_name.as<std::string>();
  if (!agent || !agents.contains(*agent)) return unused_agents(configuration);
  const std::string options = agent_options(*agent);
  if (options.empty()) return {};

  // a reference to something else than a network; what is only absent may be looked at
  const Value network = configuration.value(options, "network");
  if (const auto* reference = network.as<ReferenceValue>()) {
    const std::string name = split_scope(reference->name).second;
    if (!networks.contains(name) && !registry.resolve(name).absent) {
      throw ConfigError(options + ".network is @" + name + ", which is not a network; known are " +
                        known_names(networks));
    }
  }

  // a replay that cannot hold one stack and one n-step return has nothing to sample
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
  const std::string continuous = configuration.bound_at("create_continuous_agent");
  if (!continuous.empty()) {
    throw ConfigError(continuous + ": agents with continuous actions are not in Accumbens yet");
  }
  const auto options = configuration.get<CreateAgentOptions>("create_agent");
  const auto it = agents.find(options.agent_name);
  const std::string absent = agent_options(options.agent_name);
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
                               const AgentContext& context, const DqnOptions& options,
                               const HeadSpec& head) {
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
  const bool prioritized = options.replay_scheme == "prioritized";
  Replay::require_memory(replay_options, spec, prioritized);

  const NetworkContext network_context{environment, options.stack_size, head};
  RandomStream initialization(context.seed, "initialization");
  const auto make_network = [&] {
    auto network =
        catalogue.make_network(options.network, configuration, network_context, initialization);
    network->to(context.device);
    return network;
  };
  const auto network = make_network();
  std::vector<int64_t> shape{1, options.stack_size};
  shape.insert(shape.end(), environment.observation_shape.begin(),
               environment.observation_shape.end());
  require_head(
      *network, head,
      torch::zeros(shape, torch::dtype(environment.observation_dtype).device(context.device)),
      options.network.name);

  // noise takes the place of random actions
  const std::string epsilon_fn = split_scope(options.epsilon_fn.name).second;
  const EpsilonSchedule epsilon =
      options.noisy || epsilon_fn == "zero_epsilon" ? constant_epsilon(0.0)
      : epsilon_fn == "identity_epsilon"
          ? constant_epsilon(options.epsilon_train)
          : linearly_decaying_epsilon(options.epsilon_decay_period, options.min_replay_history,
                                      options.epsilon_train);

  std::optional<PrioritizationOptions> prioritization;
  Schedule importance_exponent;
  if (prioritized) {
    prioritization = configuration.get<PrioritizationOptions>("PrioritizedSamplingDistribution");
    importance_exponent = linear_schedule(
        prioritization->importance_exponent_begin, prioritization->importance_exponent_end,
        options.min_replay_history, prioritization->importance_exponent_steps);
  }
  return {
      .network = network,
      .target_network = make_network(),
      .optimizer = Optimizer(optimizer, rates, network->parameters()),
      .replay = Replay(replay_options, spec, prioritization),
      .frame_stack = FrameStack(spec),
      .epsilon = epsilon,
      .exploration = RandomStream(context.seed, "exploration"),
      .sampling = RandomStream(context.seed, "sampling"),
      .noise = RandomStream(context.seed, "noise"),
      .importance_exponent = importance_exponent,
  };
}

}  // namespace accumbens
