#include "accumbens/run/value_agents.h"

#include <torch/utils.h>

#include "accumbens/agents/implicit_quantile.h"
#include "accumbens/agents/munchausen.h"
#include "accumbens/agents/munchausen_iqn.h"
#include "accumbens/agents/quantile.h"
#include "accumbens/agents/rainbow.h"
#include "accumbens/networks/autocast.h"
#include "accumbens/replay/frames.h"
#include "accumbens/run/dopamine.h"

namespace accumbens {
namespace {

// a network that lacks what the agent needs is found before training
void require_head(QNetwork& network, const HeadSpec& head, const torch::Tensor& s,
                  torch::ScalarType dtype, const std::string& name) {
  const torch::NoGradGuard no_grad;
  const Autocast products(s.device().type(), dtype);
  using Kind = HeadSpec::Kind;
  QOutput output;
  if (head.kind == Kind::kImplicitQuantile) {
    output = network.forward_at(s, torch::full({1, 1}, 0.5, s.options().dtype(torch::kFloat32)));
  } else {
    output = network.forward(s);
  }
  const torch::Tensor& said = head.kind == Kind::kValue         ? output.q_values
                              : head.kind == Kind::kCategorical ? output.logits
                                                                : output.quantiles;
  const auto is = [](const torch::Tensor& got, const std::vector<int64_t>& shape) {
    return got.defined() && got.sizes() == torch::IntArrayRef(shape);
  };
  const bool per_action = head.kind == Kind::kValue;
  const std::vector<int64_t> atoms{1, head.num_actions, head.num_atoms};
  const bool complete = is(output.q_values, {1, head.num_actions}) &&
                        (per_action || is(said, atoms)) &&
                        (head.kind != Kind::kCategorical || is(output.probabilities, atoms));
  if (!complete) {
    throw ConfigError("the network @" + name +
                      " does not give what the agent needs of each action; bind another, see "
                      "`accumbens list networks`");
  }
  if (said.scalar_type() != torch::kFloat32) {
    throw ConfigError("the network @" + name + " says " + c10::toString(said.scalar_type()) +
                      " numbers, and losses need those of float32; compute its last layer under an "
                      "Autocast to float32");
  }
}

}  // namespace

void add_value_agents(Catalogue& catalogue) {
  Registry& registry = catalogue.registry;
  // what Dopamine's agents take and these do not
  const auto unused = unused_by_agents(
      {{"sess", "TensorFlow's own"},
       {"num_actions", kFromEnvironment},
       {"observation_dtype", kFromEnvironment},
       {"tf_device", "bind Runner.device, where 'auto' takes a GPU if there is one"},
       {"use_staging", "TensorFlow's own"},
       {"max_tf_checkpoints_to_keep", kOwnFiles},
       {"preprocess_fn", "the network scales images itself"}});

  registry.add<DqnOptions>("DQNAgent", {.aliases = {"JaxDQNAgent"},
                                        .modules = kDqnModules,
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
  full_unused["mse_loss"] = "bind DQNAgent.loss_type";
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
  registry.add<MunchausenIqnOptions>("MunchausenIQNAgent",
                                     {.summary = "Munchausen IQN (Vieillard et al., 2020)"});
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
                       const std::string& options, const Catalogue::MakeAgent& make) {
    catalogue.agents[name] = {registry.resolve(options).summary, make, options};
    if (dopamine != name) {
      catalogue.agents[dopamine] = {"Dopamine's name of " + name, make, options};
    }
  };
  add("dqn", "jax_dqn", "DQNAgent", dqn_maker<DqnAgent, DqnOptions>("DQNAgent"));
  add("rainbow", "jax_rainbow", "RainbowAgent",
      dqn_maker<RainbowAgent, RainbowOptions>("RainbowAgent"));
  add("full_rainbow", "full_rainbow", "FullRainbowAgent",
      dqn_maker<RainbowAgent, FullRainbowOptions>("FullRainbowAgent"));
  add("munchausen_dqn", "munchausen_dqn", "MunchausenDQNAgent",
      dqn_maker<MunchausenAgent, MunchausenOptions>("MunchausenDQNAgent"));
  add("munchausen_iqn", "munchausen_iqn", "MunchausenIQNAgent",
      dqn_maker<MunchausenIqnAgent, MunchausenIqnOptions>("MunchausenIQNAgent"));
  add("quantile", "jax_quantile", "QuantileAgent",
      dqn_maker<QuantileAgent, QuantileOptions>("QuantileAgent"));
  add("implicit_quantile", "jax_implicit_quantile", "ImplicitQuantileAgent",
      dqn_maker<ImplicitQuantileAgent, ImplicitQuantileOptions>("ImplicitQuantileAgent"));
}

DqnAgent::Parts make_dqn_parts(const Catalogue& catalogue, const Configuration& configuration,
                               const AgentContext& context, const DqnOptions& options,
                               const HeadSpec& head) {
  const auto replay_options = configuration.get<ReplayOptions>("ReplayBuffer");
  const auto [optimizer, rates] = optimizer_options(configuration, options.optimizer);
  const EnvironmentSpec& environment = context.environment;

  // the replay is by far the largest: better refused now than killed in an hour
  ReplaySpec spec = replay_spec(environment, options.stack_size);
  spec.update_horizon = options.update_horizon;
  spec.gamma = options.gamma;
  spec.padding = options.stack_padding == "leading" ? StackPadding::kLeadingZeros
                                                    : StackPadding::kTrailingZeros;
  const bool prioritized = options.replay_scheme == "prioritized";
  spec.unused = context.only_acts;
  if (!spec.unused) Replay::require_memory(replay_options, spec, prioritized);

  const NetworkContext network_context{environment, options.stack_size, head, context.agent};
  RandomStream initialization(context.seed, "initialization");
  const auto make_network = [&] {
    auto network = Catalogue::build("networks", catalogue.networks, options.network, configuration,
                                    network_context, initialization);
    network->to(context.device);
    return network;
  };
  const auto network = make_network();
  const auto s = zero_stacks(spec, /*batch_size=*/1, context.device);  // [1, stack, ...]
  require_head(*network, head, s, autocast_type(options.update_dtype), options.network.name);

  // noise takes the place of random actions
  const EpsilonContext decay{.decay_period = options.epsilon_decay_period,
                             .warmup_steps = options.min_replay_history,
                             .epsilon = options.epsilon_train};
  const Schedule epsilon = options.noisy
                               ? constant_epsilon(0.0)
                               : Catalogue::build("epsilon_functions", catalogue.epsilon_functions,
                                                  options.epsilon_fn, configuration, decay);

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
      .optimizer = Optimizer(optimizer, rates, network->parameters(),
                             catalogue.make_optimizer_parts(configuration, rates)),
      .replay = Replay(replay_options, spec, prioritization),
      .frame_stack = FrameStack(spec),
      .epsilon = epsilon,
      .action_fn = Catalogue::build("action_functions", catalogue.action_functions,
                                    options.action_fn, configuration, environment),
      .exploration = RandomStream(context.seed, "exploration"),
      .sampling = RandomStream(context.seed, "sampling"),
      .noise = RandomStream(context.seed, "noise"),
      .importance_exponent = importance_exponent,
  };
}

}  // namespace accumbens
