#include "accumbens/run/catalogue.h"

#include <utility>

#include "accumbens/agents/dqn.h"
#include "accumbens/envs/factory.h"
#include "accumbens/networks/classic_control.h"
#include "accumbens/networks/nature_dqn.h"

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

std::shared_ptr<QNetwork> make_classic_control_dqn(const Configuration& configuration,
                                                   const NetworkContext& context,
                                                   RandomStream& random) {
  int64_t observation_size = 1;
  for (const int64_t size : context.environment.observation_shape) observation_size *= size;
  return std::make_shared<ClassicControlDqnNetwork>(
      configuration.get<ClassicControlDqnOptions>("ClassicControlDQNNetwork"), observation_size,
      context.stack_size, context.environment.num_actions, random);
}

std::unique_ptr<Agent> make_dqn(const Catalogue& catalogue, const Configuration& configuration,
                                const AgentContext& context) {
  const auto options = configuration.get<DqnOptions>("DQNAgent");
  const auto replay_options = configuration.get<ReplayOptions>("ReplayBuffer");
  const auto optimizer_options = configuration.get<OptimizerOptions>("create_optimizer");
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
      options.epsilon_fn.name == "identity_epsilon"
          ? constant_epsilon(options.epsilon_train)
          : linearly_decaying_epsilon(options.epsilon_decay_period, options.min_replay_history,
                                      options.epsilon_train);
  return std::make_unique<DqnAgent>(
      options, replay_options.batch_size, environment.num_actions, context.device,
      DqnAgent::Parts{
          .network = network,
          .target_network = make_network(),
          .optimizer = Optimizer(options.optimizer, optimizer_options, network->parameters()),
          .replay = Replay(replay_options, spec),
          .frame_stack = FrameStack(spec),
          .epsilon = epsilon,
          .exploration = RandomStream(context.seed, "exploration"),
          .sampling = RandomStream(context.seed, "sampling"),
      });
}

}  // namespace

Catalogue::Catalogue() {
  // the experiment
  registry.add<RunnerOptions>("Runner", {.aliases = {"TrainRunner"},
                                         .modules = {"dopamine.discrete_domains.run_experiment"},
                                         .summary = "iterations, steps, seed, checkpoints"});
  registry.add<CreateRunnerOptions>("create_runner",
                                    {.modules = {"dopamine.discrete_domains.run_experiment"},
                                     .summary = "training with or without evaluation"});
  registry.add<CreateAgentOptions>(
      "create_agent",
      {.modules = {"dopamine.discrete_domains.run_experiment"}, .summary = "which agent"});

  // environments
  registry.add<AtariOptions>(
      "create_atari_environment",
      {.modules = {"dopamine.discrete_domains.atari_lib"}, .summary = "an Atari 2600 game"});
  registry.add<AtariPreprocessingOptions>("AtariPreprocessing",
                                          {.modules = {"dopamine.discrete_domains.atari_lib"},
                                           .summary = "from emulator frames to observations"});
  registry.add<GymOptions>(
      "create_gym_environment",
      {.modules = {"dopamine.discrete_domains.gym_lib"}, .summary = "a classic control task"});
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
                                  .summary = "the convolutional network of Mnih et al. (2015)"});
  registry.add<ClassicControlDqnOptions>(
      "ClassicControlDQNNetwork",
      {.modules = {"dopamine.jax.networks"}, .summary = "dense layers on rescaled observations"});
  networks["NatureDQNNetwork"] = {"the convolutional network of Mnih et al. (2015)",
                                  make_nature_dqn};
  networks["ClassicControlDQNNetwork"] = {"dense layers on rescaled observations",
                                          make_classic_control_dqn};

  // agents and their parts
  registry.add<OptimizerOptions>(
      "create_optimizer",
      {.modules = {"dopamine.jax.agents.dqn.dqn_agent"}, .summary = "Adam, RMSProp or SGD"});
  registry.add<ReplayOptions>(
      "ReplayBuffer",
      {.modules = {"dopamine.jax.replay_memory.replay_buffer"}, .summary = "the agent's memory"});
  registry.add<DqnOptions>("DQNAgent", {.aliases = {"JaxDQNAgent"},
                                        .modules = {"dopamine.jax.agents.dqn.dqn_agent"},
                                        .summary = "deep Q-network (Mnih et al., 2015)"});
  registry.add_reference("linearly_decaying_epsilon",
                         {.modules = {"dopamine.jax.agents.dqn.dqn_agent"}});
  registry.add_reference("identity_epsilon", {.modules = {"dopamine.jax.agents.dqn.dqn_agent"}});
  agents["dqn"] = {"deep Q-network (Mnih et al., 2015)", make_dqn};
  agents["jax_dqn"] = {"Dopamine's name of dqn", make_dqn};
}

std::unique_ptr<Agent> Catalogue::make_agent(const Configuration& configuration,
                                             const AgentContext& context) const {
  const auto options = configuration.get<CreateAgentOptions>("create_agent");
  const auto it = agents.find(options.agent_name);
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
  const auto it = networks.find(reference.name);
  if (it == networks.end()) {
    throw ConfigError("unknown network '@" + reference.name + "'; known are " +
                      known_names(networks));
  }
  return it->second.make(configuration, context, initialization);
}

std::unique_ptr<Environment> Catalogue::make_environment(const Configuration& configuration,
                                                         const RunnerOptions& options) const {
  const std::string& name = options.create_environment_fn.name;
  const auto it = environments.find(name);
  if (it == environments.end()) {
    throw ConfigError("unknown environment '@" + name +
                      "' in Runner.create_environment_fn; known are " + known_names(environments));
  }
  return it->second.make(configuration, static_cast<uint64_t>(options.seed));
}

}  // namespace accumbens
