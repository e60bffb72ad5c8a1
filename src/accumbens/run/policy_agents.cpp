#include "accumbens/run/policy_agents.h"

#include <torch/utils.h>

#include <memory>
#include <utility>

#include "accumbens/agents/a2c.h"
#include "accumbens/agents/ppo.h"
#include "accumbens/core/error.h"
#include "accumbens/core/memory.h"
#include "accumbens/core/saturated.h"
#include "accumbens/networks/autocast.h"
#include "accumbens/networks/minatar.h"
#include "accumbens/replay/frames.h"
#include "accumbens/run/dopamine.h"
#include "accumbens/run/parts.h"

namespace accumbens {
namespace {

// a network that is not what its agent asks for is found before training. s: [3, stack, ...]
void require_policy(ActorCriticNetwork& network, const EnvironmentSpec& environment,
                    const torch::Tensor& s, torch::ScalarType dtype, const std::string& name) {
  const torch::NoGradGuard no_grad;
  const Autocast products(s.device().type(), dtype);
  const PolicyOutput output = network.forward(s);
  const auto require = [&](const std::string& what, const torch::Tensor& got,
                           const std::vector<int64_t>& shape) {
    const torch::IntArrayRef needed(shape);
    if (got.defined() && got.sizes() == needed && got.scalar_type() == torch::kFloat32) return;
    throw ConfigError(
        "the network @" + name + " says of three states " +
        (got.defined() ? c10::str(got.scalar_type(), " ", got.sizes(), " as ") : "no ") + what +
        ", where " + environment.name + " needs Float " + c10::str(needed) +
        "; bind another, see `accumbens list actor_critic_networks`" +
        (got.defined() && got.sizes() == needed
             ? ", or compute its last layers under an Autocast to float32"
             : ""));
  };
  require("value", output.value, {3});

  // of one kind of action alone: whoever acts by it looks at what there is
  const bool discrete = environment.num_actions > 0;
  const bool normal = output.mean.defined() || output.log_std.defined();
  if (discrete ? normal : output.logits.defined()) {
    throw ConfigError("the network @" + name + " says " +
                      (discrete ? "mean or log_std" : "logits") + ", but the actions of " +
                      environment.name + " are " +
                      (discrete ? "discrete; let it say logits alone"
                                : "continuous; let it say mean and log_std alone"));
  }
  if (discrete) {
    require("logits", output.logits, {3, environment.num_actions});
    return;
  }
  require("mean", output.mean, {3, environment.action_size()});
  require("log_std", output.log_std, {3, environment.action_size()});
}

// builds PpoAgent or A2cAgent; name: of the options in the registry
template <class DerivedAgent, class Options>
Catalogue::MakeAgent on_policy_maker(const std::string& name) {
  return [name](const Catalogue& catalogue, const Configuration& configuration,
                const AgentContext& context) {
    const auto options = configuration.get<Options>(name);
    const EnvironmentSpec& environment = context.environment;

    // the network
    RandomStream initialization(context.seed, "initialization");
    const NetworkContext network_context{environment, options.stack_size, HeadSpec{}, name};
    const auto network =
        Catalogue::build("actor_critic_networks", catalogue.actor_critics, options.network,
                         configuration, network_context, initialization);
    network->to(context.device);
    const ReplaySpec frames = replay_spec(environment, options.stack_size);

    // an update has what the rollout holds, and a copy of it in order
    if (!context.only_acts) {
      require_memory(saturated_product({2, bytes_of_stacks(frames, options.update_period)}),
                     free_memory(),
                     std::to_string(options.update_period) + " agent steps with a stack_size of " +
                         std::to_string(options.stack_size),
                     "lower " + name + ".update_period or stack_size");
    }
    require_policy(*network, environment, zero_stacks(frames, /*batch_size=*/3, context.device),
                   autocast_type(options.network_dtype), options.network.name);

    auto rates = configuration.get<OptimizerOptions>("create_optimizer");
    if (rates.max_gradient_norm) {
      throw ConfigError("create_optimizer.max_gradient_norm is not for " + name +
                        ", which has one of its own; bind " + name + ".max_gradient_norm");
    }
    rates.max_gradient_norm = options.max_gradient_norm;
    const auto action_function = [&](const Reference& reference) {
      return Catalogue::build("action_functions", catalogue.action_functions, reference,
                              configuration, environment);
    };
    return std::make_unique<DerivedAgent>(
        options, environment.batch_size, context.device,
        OnPolicyAgent::Parts{
            .network = network,
            .optimizer = Optimizer(options.optimizer, rates, network->parameters(),
                                   catalogue.make_optimizer_parts(configuration, rates)),
            .frame_stack = FrameStack(frames),
            .advantages =
                Catalogue::build("advantage_estimators", catalogue.advantage_estimators,
                                 options.advantage_estimator, configuration, options.lambda_),
            .action_fn = action_function(options.action_fn),
            .eval_action_fn = action_function(options.eval_action_fn),
            .bounds = action_bounds(environment),
            .actions = RandomStream(context.seed, "actions"),
            .minibatches = RandomStream(context.seed, "minibatches"),
        });
  };
}

// adds ClassicControlActorCriticNetwork under a name with its own defaults
template <class Options>
void add_dense_network(Catalogue& catalogue, const std::string& name,
                       const ConfigurableNames& names) {
  add_part_with<Options>(
      catalogue.registry, catalogue.actor_critics, name, names,
      [](const Options& options, const NetworkContext& context, RandomStream& random) {
        const EnvironmentSpec& environment = context.environment;
        return std::make_shared<ClassicControlActorCriticNetwork>(
            options, context.stack_size * environment.observation_size(), environment.num_actions,
            environment.action_size(), random);
      });
}

}  // namespace

void add_policy_agents(Catalogue& catalogue) {
  add_dense_network<ClassicControlActorCriticOptions>(
      catalogue, "ClassicControlActorCriticNetwork",
      {.summary = "dense layers with tanh for a policy, and others for a value"});
  const std::string from_layers = "bind PPOActorCriticNetwork.layer_sizes";
  add_dense_network<PpoActorCriticOptions>(
      catalogue, "PPOActorCriticNetwork",
      {.modules = {"dopamine.jax.continuous_networks"},
       .summary = "the same, as Dopamine begins it for continuous actions",
       .unused = {{"action_shape", kFromEnvironment},
                  {"action_limits", kFromEnvironment},
                  {"num_layers", from_layers},
                  {"hidden_units", from_layers},
                  {"activation", "it is tanh"}}});

  add_part(catalogue.registry, catalogue.actor_critics, "PPODiscreteActorCriticNetwork",
           "Nature's convolutions for a policy and a value (PPO on Atari)",
           [](const NetworkContext& context, RandomStream& random) {
             const EnvironmentSpec& environment = context.environment;
             require_actions(environment, /*continuous=*/false, "PPODiscreteActorCriticNetwork");
             if (environment.observation_shape.size() != 2) {
               throw ConfigError(context.agent +
                                 ".network needs grey images, [height, width], but those of " +
                                 environment.name + " are none; bind " + context.agent +
                                 ".network = @ClassicControlActorCriticNetwork");
             }
             return std::make_shared<NatureActorCriticNetwork>(
                 context.stack_size, environment.observation_shape[0],
                 environment.observation_shape[1], environment.num_actions, random);
           },
           {"dopamine.jax.networks"});
  add_part(catalogue.registry, catalogue.actor_critics, "MinAtarActorCriticNetwork",
           "a convolution for MinAtar, shared by a softmax policy and a value",
           [](const NetworkContext& context, RandomStream& random) {
             const EnvironmentSpec& environment = context.environment;
             require_actions(environment, /*continuous=*/false, "MinAtarActorCriticNetwork");
             const std::vector<int64_t>& shape = environment.observation_shape;
             if (shape.size() != 3) {
               throw ConfigError(context.agent + ".network needs grids with channels, but " +
                                 environment.name + " has none; bind another network");
             }
             return std::make_shared<MinAtarActorCriticNetwork>(context.stack_size * shape[0],
                                                                shape[1], shape[2],
                                                                environment.num_actions, random);
           });

  const std::string summary = "proximal policy optimisation (Schulman et al., 2017)";
  const std::string from_network = "bind layer_sizes of the network";
  catalogue.registry.add<PpoOptions>(
      "PPOAgent", {.modules = {"dopamine.jax.agents.ppo.ppo_agent"},
                   .summary = summary,
                   .unused = unused_by_agents({{"action_shape", kFromEnvironment},
                                               {"action_limits", kFromEnvironment},
                                               {"update_horizon", "advantages go on to the end"},
                                               {"num_layers", from_network},
                                               {"hidden_units", from_network},
                                               {"activation", from_network}})});
  catalogue.agents["ppo"] = {summary, on_policy_maker<PpoAgent, PpoOptions>("PPOAgent"),
                             "PPOAgent"};

  const std::string a2c = "advantage actor-critic (Mnih et al., 2016)";
  catalogue.registry.add<A2cOptions>("A2CAgent", {.summary = a2c});
  catalogue.agents["a2c"] = {a2c, on_policy_maker<A2cAgent, A2cOptions>("A2CAgent"), "A2CAgent"};
  const std::string vpg = "vanilla policy gradient, REINFORCE with a baseline (Williams, 1992)";
  catalogue.registry.add<VpgOptions>("VPGAgent", {.summary = vpg});
  catalogue.agents["vpg"] = {vpg, on_policy_maker<A2cAgent, VpgOptions>("VPGAgent"), "VPGAgent"};
}

}  // namespace accumbens
