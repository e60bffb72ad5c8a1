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
#include "accumbens/replay/frames.h"
#include "accumbens/run/dopamine.h"
#include "accumbens/run/parts.h"

namespace accumbens {
namespace {

std::shared_ptr<ContinuousActorCritic> make_pixel_network(const ContinuousContext& context,
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
        context.agent + ".network needs images of bytes, at least 36 x 36 pixels, but " +
        environment.name + " has none; bind " + context.agent + ".network = @ActorCriticNetwork");
  }
  const int64_t channels = context.stack_size * (shape.size() == 3 ? shape[0] : 1);
  return std::make_shared<DenseActorCritic>(
      std::make_shared<PixelEncoder>(channels, height, width, context.heads.initialization, random),
      context.heads, random);
}

// a network that is not what its agent asked for is found before training. s: [3, stack, ...]
void require_heads(ContinuousActorCritic& network, const ActorCriticHeads& heads,
                   const torch::Tensor& s, const std::string& name) {
  const torch::NoGradGuard no_grad;
  const auto require = [&](const torch::Tensor& got, const std::string& what,
                           const std::vector<int64_t>& shape) {
    if (got.sizes() == torch::IntArrayRef(shape)) return;
    throw ConfigError("the network @" + name + " makes " + what + " of the shape " +
                      c10::str(got.sizes()) + " of three states, but its agent needs " +
                      c10::str(torch::IntArrayRef(shape)) +
                      "; bind another, see `accumbens list continuous_networks`");
  };
  const torch::Tensor x = network.encode(s);  // [3, F]
  require(x, "an encoding", {3, x.numel() / 3});
  require(network.policy(x), "policy outputs", {3, heads.action_size * heads.policy_outputs});
  const torch::Tensor a = torch::zeros({3, heads.action_size}, x.options());
  require(network.values(x, a), "values", {heads.num_critics, 3});

  // what nobody names is neither trained nor followed
  std::vector<torch::Tensor> named = network.acting_parameters();
  for (const torch::Tensor& one : network.value_parameters()) named.push_back(one);
  const auto is_named = [&](const torch::Tensor& parameter) {
    return std::ranges::any_of(named,
                               [&](const torch::Tensor& one) { return one.is_same(parameter); });
  };
  const auto all = network.named_parameters();
  for (const auto& parameter : all) {
    if (is_named(parameter.value())) continue;
    throw ConfigError("the network @" + name + " has a parameter '" + parameter.key() +
                      "' that is none of its encoder_parameters(), policy_parameters() and "
                      "value_parameters(): nothing would train it");
  }
  if (named.size() == all.size()) return;
  throw ConfigError("the network @" + name +
                    " names a parameter twice, or one that is not registered, in "
                    "encoder_parameters(), policy_parameters() and value_parameters()");
}

ContinuousAgent::Parts make_parts(const Catalogue& catalogue, const Configuration& configuration,
                                  const AgentContext& context, const ContinuousOptions& options,
                                  int64_t policy_outputs, int64_t num_critics) {
  const EnvironmentSpec& environment = context.environment;
  const auto replay_options = configuration.get<ReplayOptions>("ReplayBuffer");
  ReplaySpec spec = replay_spec(environment, options.stack_size);
  spec.update_horizon = options.update_horizon;
  spec.gamma = options.gamma;
  spec.unused = context.only_acts;
  if (!spec.unused) Replay::require_memory(replay_options, spec);

  const ContinuousContext network_context{
      .environment = environment,
      .stack_size = options.stack_size,
      .heads = {.action_size = std::max(environment.action_size(), environment.num_actions),
                .policy_outputs = policy_outputs,
                .num_critics = num_critics,
                .hidden_sizes = std::vector<int64_t>(options.num_layers, options.hidden_units),
                .initialization = initialization_named(options.initialization)},
      .agent = context.agent};
  RandomStream initialization(context.seed, "initialization");
  const auto make_network = [&] {
    auto network =
        Catalogue::build("continuous_networks", catalogue.continuous_networks, options.network,
                         configuration, network_context, initialization);
    network->to(context.device);
    return network;
  };
  const auto network = make_network();
  require_heads(*network, network_context.heads,
                zero_stacks(spec, /*batch_size=*/3, context.device), options.network.name);
  ActionBounds bounds = action_bounds(environment);
  if (bounds.reach.defined()) {
    bounds = {.centre = bounds.centre.to(context.device), .reach = bounds.reach.to(context.device)};
  }
  return {
      .network = network,
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
  add_part(catalogue.registry, catalogue.continuous_networks, "ActorCriticNetwork",
           "dense layers for a policy over continuous actions, and others for critics",
           [](const ContinuousContext& context, RandomStream& random) {
             const int64_t inputs = context.environment.observation_size() * context.stack_size;
             return std::make_shared<DenseActorCritic>(std::make_shared<FlatEncoder>(inputs),
                                                       context.heads, random);
           },
           {"dopamine.jax.continuous_networks"});
  add_part(catalogue.registry, catalogue.continuous_networks, "PixelActorCriticNetwork",
           "the same for images: policy and critics share the convolutions of Mnih et al. (2015), "
           "which the critics train",
           make_pixel_network);

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
