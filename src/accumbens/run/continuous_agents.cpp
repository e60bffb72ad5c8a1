#include "accumbens/run/continuous_agents.h"

#include <torch/utils.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/agents/ddpg.h"
#include "accumbens/agents/sac.h"
#include "accumbens/agents/td3.h"
#include "accumbens/core/error.h"
#include "accumbens/run/dopamine.h"

namespace accumbens {
namespace {

std::shared_ptr<ContinuousActorCritic> make_pixel_network(const Configuration&,
                                                          const ContinuousContext& context,
                                                          RandomStream& random) {
  const EnvironmentSpec& environment = context.environment;
  const std::vector<int64_t>& shape = environment.observation_shape;
  const bool images =
      environment.observation_dtype == torch::kUInt8 && (shape.size() == 2 || shape.size() == 3);
  const int64_t height = images ? shape[shape.size() - 2] : 0;
  const int64_t width = images ? shape.back() : 0;
  constexpr int64_t kLeast = 36;  // pixels that the convolutions leave one number of
  if (height < kLeast || width < kLeast) {
    throw ConfigError(
        "PixelActorCriticNetwork needs images of bytes, at least 36 x 36 pixels, but " +
        environment.name + " has none; bind network = @ActorCriticNetwork");
  }
  const int64_t channels = context.stack_size * (shape.size() == 3 ? shape[0] : 1);
  return std::make_shared<DenseActorCritic>(
      std::make_shared<PixelEncoder>(channels, height, width, context.heads.initialization, random),
      context.heads, random);
}

ContinuousAgent::Parts make_parts(const Catalogue& catalogue, const Configuration& configuration,
                                  const AgentContext& context, const ContinuousOptions& options,
                                  int64_t policy_outputs, int64_t num_critics) {
  const EnvironmentSpec& environment = context.environment;
  const auto replay_options = configuration.get<ReplayOptions>("ReplayBuffer");
  ReplaySpec spec = replay_spec(environment, options.stack_size);
  spec.update_horizon = options.update_horizon;
  spec.gamma = options.gamma;
  if (!context.only_acts) Replay::require_memory(replay_options, spec);

  const ContinuousContext network_context{
      .environment = environment,
      .stack_size = options.stack_size,
      .heads = {.action_size = std::max(environment.action_size(), environment.num_actions),
                .policy_outputs = policy_outputs,
                .num_critics = num_critics,
                .hidden_sizes = std::vector<int64_t>(options.num_layers, options.hidden_units),
                .initialization = initialization_named(options.initialization)}};
  RandomStream initialization(context.seed, "initialization");
  const auto make_network = [&] {
    auto network =
        Catalogue::build("continuous_networks", catalogue.continuous_networks, options.network,
                         configuration, network_context, initialization);
    network->to(context.device);
    return network;
  };
  ActionBounds bounds = action_bounds(environment);
  if (bounds.reach.defined()) {
    bounds = {.centre = bounds.centre.to(context.device), .reach = bounds.reach.to(context.device)};
  }
  return {
      .network = make_network(),
      .target_network = make_network(),
      .replay = Replay(replay_options, spec),
      .frame_stack = FrameStack(spec),
      .bounds = bounds,
      .num_actions = environment.num_actions,
      .exploration = RandomStream(context.seed, "exploration"),
      .sampling = RandomStream(context.seed, "sampling"),
      .noise = RandomStream(context.seed, "noise"),
  };
}

// builds DdpgAgent or Td3Agent; name: of the options in the registry
template <class DerivedAgent, class Options>
std::unique_ptr<Agent> make_ddpg(const std::string& name, int64_t num_critics,
                                 const Catalogue& catalogue, const Configuration& configuration,
                                 const AgentContext& context) {
  const auto options = configuration.get<Options>(name);
  const auto rates = configuration.get<OptimizerOptions>("create_optimizer");
  return std::make_unique<DerivedAgent>(
      options, configuration.get<ReplayOptions>("ReplayBuffer").batch_size, context.device,
      make_parts(catalogue, configuration, context, options, /*policy_outputs=*/1, num_critics),
      Catalogue::build("exploration_noises", catalogue.exploration_noises,
                       options.exploration_noise, configuration, context.environment),
      rates, catalogue.make_optimizer_parts(configuration, rates));
}

std::unique_ptr<Agent> make_ddpg_agent(const Catalogue& catalogue,
                                       const Configuration& configuration,
                                       const AgentContext& context) {
  return make_ddpg<DdpgAgent, DdpgOptions>("DDPGAgent", /*num_critics=*/1, catalogue, configuration,
                                           context);
}

std::unique_ptr<Agent> make_td3_agent(const Catalogue& catalogue,
                                      const Configuration& configuration,
                                      const AgentContext& context) {
  require_actions(context.environment, /*continuous=*/true, "TD3Agent");
  return make_ddpg<Td3Agent, Td3Options>("TD3Agent", /*num_critics=*/2, catalogue, configuration,
                                         context);
}

std::unique_ptr<Agent> make_sac(const Catalogue& catalogue, const Configuration& configuration,
                                const AgentContext& context) {
  require_actions(context.environment, /*continuous=*/true, "SACAgent");
  const auto options = configuration.get<SacOptions>("SACAgent");
  const auto rates = configuration.get<OptimizerOptions>("create_optimizer");
  return std::make_unique<SacAgent>(options,
                                    configuration.get<ReplayOptions>("ReplayBuffer").batch_size,
                                    context.environment.action_size(), context.device,
                                    make_parts(catalogue, configuration, context, options,
                                               /*policy_outputs=*/2, /*num_critics=*/2),
                                    rates, catalogue.make_optimizer_parts(configuration, rates));
}

}  // namespace

void add_continuous_agents(Catalogue& catalogue) {
  const std::string numbers = "ActorCriticNetwork";
  const std::string numbers_summary =
      "dense layers for a policy over continuous actions, and others for critics";
  catalogue.registry.add_reference(
      numbers, {.modules = {"dopamine.jax.continuous_networks"}, .summary = numbers_summary});
  catalogue.continuous_networks[numbers] = {
      numbers_summary,
      [](const Configuration&, const ContinuousContext& context, RandomStream& random) {
        const int64_t inputs = context.environment.observation_size() * context.stack_size;
        return std::make_shared<DenseActorCritic>(std::make_shared<FlatEncoder>(inputs),
                                                  context.heads, random);
      }};
  const std::string pixels = "PixelActorCriticNetwork";
  const std::string pixels_summary =
      "the same for images: policy and critics share the convolutions of Mnih et al. (2015), which "
      "the critics train";
  catalogue.registry.add_reference(pixels, {.summary = pixels_summary});
  catalogue.continuous_networks[pixels] = {pixels_summary, make_pixel_network};

  const std::string sac = "soft actor-critic (Haarnoja et al., 2018)";
  catalogue.registry.add<SacOptions>(
      "SACAgent", {.modules = {"dopamine.jax.agents.sac.sac_agent"},
                   .summary = sac,
                   .unused = unused_by_agents({{"action_shape", kFromEnvironment},
                                               {"action_limits", kFromEnvironment},
                                               {"action_dtype", kFromEnvironment},
                                               {"observation_dtype", kFromEnvironment}})});
  catalogue.agents["sac"] = {sac, make_sac, "SACAgent"};

  const std::string ddpg = "deep deterministic policy gradient (Lillicrap et al., 2016)";
  catalogue.registry.add<DdpgOptions>("DDPGAgent", {.summary = ddpg});
  catalogue.agents["ddpg"] = {ddpg, make_ddpg_agent, "DDPGAgent"};

  const std::string td3 = "twin delayed DDPG (Fujimoto et al., 2018)";
  catalogue.registry.add<Td3Options>("TD3Agent", {.summary = td3});
  catalogue.agents["td3"] = {td3, make_td3_agent, "TD3Agent"};
}

}  // namespace accumbens
