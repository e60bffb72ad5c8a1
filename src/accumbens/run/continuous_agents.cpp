#include "accumbens/run/continuous_agents.h"

#include <torch/utils.h>

#include <memory>
#include <utility>

#include "accumbens/agents/ddpg.h"
#include "accumbens/agents/sac.h"
#include "accumbens/agents/td3.h"
#include "accumbens/run/dopamine.h"

namespace accumbens {
namespace {

ContinuousAgent::Parts make_parts(const Configuration& configuration, const AgentContext& context,
                                  const ContinuousOptions& options, int64_t policy_outputs,
                                  int64_t num_critics) {
  const EnvironmentSpec& environment = context.environment;
  const auto replay_options = configuration.get<ReplayOptions>("ReplayBuffer");
  ReplaySpec spec = replay_spec(environment, options.stack_size);
  spec.update_horizon = options.update_horizon;
  spec.gamma = options.gamma;
  if (!context.only_acts) Replay::require_memory(replay_options, spec);

  RandomStream initialization(context.seed, "initialization");
  const auto make_network = [&] {
    auto network = std::make_shared<ContinuousActorCritic>(
        ContinuousActorCritic::Shape{
            .state_size = environment.observation_size() * options.stack_size,
            .action_size = environment.action_size(),
            .policy_outputs = policy_outputs,
            .num_critics = num_critics,
            .hidden_sizes = std::vector<int64_t>(options.num_layers, options.hidden_units)},
        initialization_named(options.initialization), initialization);
    network->to(context.device);
    return network;
  };
  const ActionBounds bounds = action_bounds(environment);
  return {
      .network = make_network(),
      .target_network = make_network(),
      .replay = Replay(replay_options, spec),
      .frame_stack = FrameStack(spec),
      .bounds = {.centre = bounds.centre.to(context.device),
                 .reach = bounds.reach.to(context.device)},
      .exploration = RandomStream(context.seed, "exploration"),
      .sampling = RandomStream(context.seed, "sampling"),
      .noise = RandomStream(context.seed, "noise"),
  };
}

// builds DdpgAgent or Td3Agent; name: of the options in the registry
template <class DerivedAgent, class Options>
Catalogue::MakeAgent ddpg_maker(const std::string& name, int64_t num_critics) {
  return [name, num_critics](const Catalogue&, const Configuration& configuration,
                             const AgentContext& context) {
    require_actions(context.environment, /*continuous=*/true, name);
    const auto options = configuration.get<Options>(name);
    return std::make_unique<DerivedAgent>(
        options, configuration.get<ReplayOptions>("ReplayBuffer").batch_size, context.device,
        make_parts(configuration, context, options, /*policy_outputs=*/1, num_critics),
        configuration.get<OptimizerOptions>("create_optimizer"));
  };
}

std::unique_ptr<Agent> make_sac(const Catalogue&, const Configuration& configuration,
                                const AgentContext& context) {
  require_actions(context.environment, /*continuous=*/true, "SACAgent");
  const auto options = configuration.get<SacOptions>("SACAgent");
  return std::make_unique<SacAgent>(
      options, configuration.get<ReplayOptions>("ReplayBuffer").batch_size,
      context.environment.action_size(), context.device,
      make_parts(configuration, context, options, /*policy_outputs=*/2, /*num_critics=*/2),
      configuration.get<OptimizerOptions>("create_optimizer"));
}

}  // namespace

void add_continuous_agents(Catalogue& catalogue) {
  catalogue.registry.add_reference(
      "ActorCriticNetwork", {.modules = {"dopamine.jax.continuous_networks"},
                             .summary = "dense layers for a policy over continuous actions, and "
                                        "others for critics"});

  const std::string sac = "soft actor-critic (Haarnoja et al., 2018)";
  catalogue.registry.add<SacOptions>(
      "SACAgent", {.modules = {"dopamine.jax.agents.sac.sac_agent"},
                   .summary = sac,
                   .unused = unused_by_agents({{"action_shape", kFromEnvironment},
                                               {"action_limits", kFromEnvironment},
                                               {"action_dtype", kFromEnvironment},
                                               {"observation_dtype", kFromEnvironment}})});
  catalogue.agents["sac"] = {sac, make_sac};

  const std::string ddpg = "deep deterministic policy gradient (Lillicrap et al., 2016)";
  catalogue.registry.add<DdpgOptions>("DDPGAgent", {.summary = ddpg});
  catalogue.agents["ddpg"] = {ddpg,
                              ddpg_maker<DdpgAgent, DdpgOptions>("DDPGAgent", /*num_critics=*/1)};

  const std::string td3 = "twin delayed DDPG (Fujimoto et al., 2018)";
  catalogue.registry.add<Td3Options>("TD3Agent", {.summary = td3});
  catalogue.agents["td3"] = {td3, ddpg_maker<Td3Agent, Td3Options>("TD3Agent", /*num_critics=*/2)};
}

}  // namespace accumbens
