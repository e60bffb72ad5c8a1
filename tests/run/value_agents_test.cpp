#include "accumbens/run/value_agents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/agents/implicit_quantile.h"
#include "accumbens/agents/munchausen.h"
#include "accumbens/agents/quantile.h"
#include "accumbens/agents/rainbow.h"
#include "accumbens/core/error.h"
#include "accumbens/run/catalogue.h"
#include "agents/dqn_parts.h"

namespace accumbens {
namespace {

const std::string kCartPole = ACCUMBENS_SOURCE_DIR "/configs/dopamine/dqn_cartpole.gin";

// bindings that let an agent act in CartPole, with small networks
std::vector<std::string> bindings_of(const std::string& name, const std::string& class_name,
                                     const std::vector<std::string>& more = {}) {
  std::vector<std::string> bindings{
      "create_agent.agent_name = '" + name + "'",
      class_name + ".stack_size = 1",
      class_name + ".network = @ClassicControlDQNNetwork",
      class_name + ".min_replay_history = 40",
      class_name + ".epsilon_fn = @identity_epsilon",
      "ClassicControlDQNNetwork.hidden_units = 16",
      "ReplayBuffer.max_capacity = 1_000",
      "ReplayBuffer.batch_size = 8",
  };
  bindings.insert(bindings.end(), more.begin(), more.end());
  return bindings;
}

// an agent and its environment, as a run has them
struct Trial {
  Trial(const Catalogue& catalogue, const std::string& file,
        const std::vector<std::string>& bindings)
      : configuration(catalogue.registry, {file}, bindings),
        environment(
            catalogue.make_environment(configuration, configuration.get<RunnerOptions>("Runner"))),
        agent(catalogue.make_agent(configuration,
                                   {.environment = environment->spec(), .seed = kSeed})) {}

  // steps, each given to `look` with the action that answers it
  void go(
      int64_t steps,
      const std::function<void(const TimeStep&, int64_t)>& look = [](const TimeStep&, int64_t) {}) {
    for (int64_t step = 0; step < steps; ++step) {
      const TimeStep time_step = environment->step(action);
      action = agent->step(time_step);
      if (!time_step.last(0)) look(time_step, action.item<int64_t>());
    }
  }

  std::map<std::string, torch::Tensor> tensors() {
    StateTree tree;
    agent->state(tree);
    std::map<std::string, torch::Tensor> copies;
    for (const auto& [name, tensor] : tree.contents().tensors) copies[name] = tensor.clone();
    return copies;
  }

  static constexpr uint64_t kSeed = 3;
  Configuration configuration;
  std::unique_ptr<Environment> environment;
  std::unique_ptr<Agent> agent;
  torch::Tensor action = torch::zeros({1}, torch::kInt64);
};

// ---- what begins a network

// how a layer's weights begin, by a formula of its own; biases begin as 0, or like the weights
struct Start {
  double variance;
  double greatest;  // that there is
  bool with_biases;
};

Start xavier_uniform(double fan_in, double fan_out) {
  return {2.0 / (fan_in + fan_out), std::sqrt(6.0 / (fan_in + fan_out)), false};
}
Start variance_scaling(double fan_in, double) {
  const double variance = 1.0 / std::sqrt(3.0) / fan_in;
  return {variance, std::sqrt(3.0 * variance), false};
}
Start fan_in_uniform(double fan_in, double) {
  return {1.0 / 3.0 / fan_in, 1.0 / std::sqrt(fan_in), true};
}
Start lecun_normal(double fan_in, double) {
  return {1.0 / fan_in, 2.0 / 0.87962566 / std::sqrt(fan_in), false};
}

using StartOf = std::function<Start(double fan_in, double fan_out)>;

// every layer of a network, by the moments of its weights, within five standard deviations of those
// of as many draws
void expect_start(torch::nn::Module& network,
                  const std::function<StartOf(const std::string& layer)>& start_of) {
  const auto parameters = network.named_parameters();
  int layers = 0;
  for (const auto& item : parameters) {
    if (!item.key().ends_with(".weight")) continue;
    const std::string layer = item.key().substr(0, item.key().rfind('.'));
    SCOPED_TRACE(layer);
    ++layers;
    const torch::Tensor weight = item.value().detach().to(torch::kFloat64);
    const auto fan_out = static_cast<double>(weight.size(0));
    const auto inputs = static_cast<double>(weight.size(1));
    const double field = static_cast<double>(weight[0][0].numel());
    const auto [variance, greatest, with_biases] = start_of(layer)(inputs * field, fan_out * field);

    const auto draws = static_cast<double>(weight.numel());
    EXPECT_NEAR(weight.mean().item<double>(), 0.0, 5.0 * std::sqrt(variance / draws));
    EXPECT_NEAR(weight.square().mean().item<double>() / variance, 1.0, 5.0 / std::sqrt(draws));
    EXPECT_LE(weight.abs().max().item<double>(), greatest * (1.0 + 1e-6));
    EXPECT_GT(weight.abs().max().item<double>(), greatest * (1.0 - 20.0 / draws - 0.02));

    if (!parameters.contains(layer + ".bias")) continue;
    const torch::Tensor bias = parameters[layer + ".bias"].detach();
    const double furthest = bias.abs().max().item<double>();
    if (with_biases) {
      EXPECT_LE(furthest, greatest * (1.0 + 1e-6));
      EXPECT_GT(furthest, 0.0);
    } else {
      EXPECT_EQ(furthest, 0.0);
    }
  }
  EXPECT_GT(layers, 0);
}

// the network of that name for six actions and four frames
std::shared_ptr<QNetwork> build(const std::string& name, HeadSpec head,
                                const std::vector<int64_t>& observation_shape = {84, 84},
                                const std::vector<std::string>& bindings = {}) {
  const Catalogue catalogue;
  const Configuration configuration(catalogue.registry, {}, bindings);
  const EnvironmentSpec environment{
      .name = "a game",
      .observation_shape = observation_shape,
      .observation_dtype = observation_shape.size() == 1 ? torch::kFloat32 : torch::kUInt8,
      .num_actions = 6};
  RandomStream random(1, "initialization");
  head.num_actions = 6;
  return Catalogue::build("networks", catalogue.networks, Reference{name}, configuration,
                          NetworkContext{environment, /*stack_size=*/4, head}, random);
}

// oracle: Dopamine's networks.py and legacy_networks.py (google/dopamine at 5873f54): which
// initializer each network gives to its layers, and JAX's definitions of them; DQN Zoo's
// networks.py
TEST(ValueNetworks, BeginAsTheirPeersDo) {
  torch::set_num_threads(1);
  using Kind = HeadSpec::Kind;
  const HeadSpec value;
  const HeadSpec categorical{
      .kind = Kind::kCategorical, .num_atoms = 51, .support = torch::linspace(-10, 10, 51)};
  const HeadSpec quantile{.kind = Kind::kQuantile, .num_atoms = 200};
  const HeadSpec implicit{.kind = Kind::kImplicitQuantile};
  const auto zoo = [](const std::string& name) {
    return std::vector<std::string>{name + ".initialization = 'fan_in_uniform'",
                                    name + ".padding = 'VALID'"};
  };
  struct Case {
    std::string name;
    HeadSpec head;
    StartOf start;
    std::vector<int64_t> observation_shape{84, 84};
    std::vector<std::string> bindings{};
  };
  const std::vector<Case> cases{
      {"NatureDQNNetwork", value, xavier_uniform},
      {"RainbowNetwork", categorical, variance_scaling},
      {"QuantileNetwork", quantile, variance_scaling},
      {"ImplicitQuantileNetwork", implicit, variance_scaling},
      {"FullRainbowNetwork", categorical, xavier_uniform},
      {"ClassicControlDQNNetwork", value, xavier_uniform, {4}},
      {"ClassicControlRainbowNetwork", categorical, xavier_uniform, {4}},
      {"JaxFourierDQNNetwork",
       value,
       xavier_uniform,
       {2},
       {"JaxFourierDQNNetwork.fourier_basis_order = 1"}},
      {"CartpoleDQNNetwork", value, xavier_uniform, {4}},
      {"AcrobotRainbowNetwork", categorical, xavier_uniform, {6}},
      {"MinAtarDQNNetwork", value, fan_in_uniform, {4, 10, 10}},

      // as DQN Zoo's files bind it
      {"NatureDQNNetwork", value, fan_in_uniform, {84, 84}, zoo("NatureDQNNetwork")},
      {"RainbowNetwork", categorical, fan_in_uniform, {84, 84}, zoo("RainbowNetwork")},
      {"QuantileNetwork", quantile, fan_in_uniform, {84, 84}, zoo("QuantileNetwork")},
      {"ImplicitQuantileNetwork",
       implicit,
       fan_in_uniform,
       {84, 84},
       zoo("ImplicitQuantileNetwork")},
  };
  for (const Case& of : cases) {
    SCOPED_TRACE(of.name + testing::PrintToString(of.bindings));
    const auto network = build(of.name, of.head, of.observation_shape, of.bindings);
    expect_start(*network, [&](const std::string&) { return of.start; });
  }
}

// oracle: Dopamine's networks.py: Stack names an initializer for its first convolution only, so
// that flax's own begins the residual blocks
TEST(ValueNetworks, ImpalasBlocksBeginAsFlaxs) {
  torch::set_num_threads(1);
  const auto network = build("ImpalaDQNNetwork", HeadSpec{});
  int blocks = 0;
  expect_start(*network, [&](const std::string& layer) -> StartOf {
    const bool block = layer.find("block") != std::string::npos;
    blocks += block ? 1 : 0;
    return block ? lecun_normal : xavier_uniform;
  });
  EXPECT_EQ(blocks, 3 * 2 * 2);
}

// oracle: Dopamine's NoisyNetwork, with what the paper says of factorised noise: means are
// U(+-1 / sqrt(inputs)), biases too, and deviations begin as 0.1 / sqrt(inputs)
TEST(ValueNetworks, NoisyHeadsBeginAsTheirPapersDo) {
  torch::set_num_threads(1);
  const HeadSpec head{.kind = HeadSpec::Kind::kCategorical,
                      .num_atoms = 51,
                      .support = torch::linspace(-10, 10, 51),
                      .dueling = true,
                      .noise = NoiseSpec{}};
  const auto network = build("FullRainbowNetwork", head);
  expect_start(*network, [](const std::string& layer) -> StartOf {
    return layer.starts_with("head.") ? fan_in_uniform : xavier_uniform;
  });
  int deviations = 0;
  for (const auto& item : network->named_parameters()) {
    if (!item.key().ends_with("_sigma")) continue;
    ++deviations;
    const double inputs = item.key().starts_with("head.hidden") ? 11.0 * 11.0 * 64.0 : 512.0;
    EXPECT_NEAR(item.value().min().item<double>(), 0.1 / std::sqrt(inputs), 1e-8) << item.key();
    EXPECT_NEAR(item.value().max().item<double>(), 0.1 / std::sqrt(inputs), 1e-8) << item.key();
  }
  EXPECT_EQ(deviations, 6);
}

// oracle: the meanings that DqnOptions gives to its options
TEST(DqnOptions, AskForAHead) {
  DqnOptions options;
  EXPECT_EQ(options.head(3).num_actions, 3);
  EXPECT_EQ(options.head(3).bias, Bias::kPerOutput);
  EXPECT_FALSE(options.head(3).dueling);
  EXPECT_FALSE(options.head(3).noise);
  options.shared_bias = true;
  EXPECT_EQ(options.head(3).bias, Bias::kShared);
  options.shared_bias = false;
  options.output_bias = false;
  EXPECT_EQ(options.head(3).bias, Bias::kNone);
  options.dueling = options.separate_streams = options.noisy = true;
  options.noise_sigma = 0.3;
  for (const auto& [name, kind] : {std::pair{"factorised", NoiseSpec::Kind::kFactorised},
                                   std::pair{"independent", NoiseSpec::Kind::kIndependent}}) {
    for (const auto& [from, distribution] :
         {std::pair{"normal", NoiseSpec::Distribution::kNormal},
          std::pair{"truncated_normal", NoiseSpec::Distribution::kTruncatedNormal}}) {
      options.noise_kind = name;
      options.noise_distribution = from;
      const HeadSpec head = options.head(3);
      EXPECT_TRUE(head.dueling);
      EXPECT_TRUE(head.separate_streams);
      EXPECT_EQ(head.bias, Bias::kNoiseOnly);
      ASSERT_TRUE(head.noise);
      EXPECT_EQ(head.noise->kind, kind);
      EXPECT_EQ(head.noise->distribution, distribution);
      EXPECT_EQ(head.noise->sigma, 0.3);
    }
  }
}

// ---- networks that do not do

// says of each action what it is told to say, for one state
struct TalkingNetwork final : QNetwork {
  QOutput forward(const torch::Tensor&) override { return output; }
  QOutput output;
};

// the same of an implicit quantile network
struct TalkingQuantiles final : QNetwork {
  QOutput forward(const torch::Tensor&) override { return {}; }
  QOutput forward_at(const torch::Tensor&, const torch::Tensor&) override { return output; }
  QOutput output;
};

// why a CartPole agent with that network is refused
template <class Network>
std::string refusal(const std::string& name, const std::string& class_name, const QOutput& output) {
  Catalogue catalogue;
  catalogue.registry.add_reference("MyNetwork");
  catalogue.networks["MyNetwork"] = {
      "", [=](const Configuration&, const NetworkContext&, RandomStream&) {
        const auto network = std::make_shared<Network>();
        network->output = output;
        return network;
      }};
  try {
    Trial(catalogue, kCartPole,
          bindings_of(name, class_name, {class_name + ".network = @MyNetwork"}));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

// oracle: QOutput's list of what each kind of agent needs, for CartPole's two actions; the sentence
TEST(ValueAgents, RefuseANetworkThatLacksWhatTheyNeed) {
  const std::string sentence =
      "the network @MyNetwork does not give what the agent needs of each action; bind another, see "
      "`accumbens list networks`";
  const auto of = [](const std::string& name, const std::string& class_name,
                     const QOutput& output) {
    return refusal<TalkingNetwork>(name, class_name, output);
  };
  const torch::Tensor q_values = torch::zeros({1, 2}), atoms = torch::zeros({1, 2, 51});

  EXPECT_EQ(of("dqn", "DQNAgent", {.q_values = q_values}), "none");
  EXPECT_EQ(of("dqn", "DQNAgent", {}), sentence);
  EXPECT_EQ(of("dqn", "DQNAgent", {.q_values = torch::zeros({1, 3})}), sentence);
  EXPECT_EQ(of("dqn", "DQNAgent", {.q_values = torch::zeros({2})}), sentence);

  EXPECT_EQ(of("rainbow", "RainbowAgent",
               {.q_values = q_values, .logits = atoms, .probabilities = atoms.softmax(-1)}),
            "none");
  EXPECT_EQ(of("rainbow", "RainbowAgent", {.q_values = q_values}), sentence);
  EXPECT_EQ(of("rainbow", "RainbowAgent", {.q_values = q_values, .logits = atoms}), sentence);
  const torch::Tensor one = torch::zeros({1, 2, 1});
  EXPECT_EQ(of("rainbow", "RainbowAgent",
               {.q_values = q_values, .logits = one, .probabilities = one.softmax(-1)}),
            sentence);
  EXPECT_EQ(of("rainbow", "RainbowAgent", {.q_values = q_values, .quantiles = atoms}), sentence);

  EXPECT_EQ(of("quantile", "QuantileAgent",
               {.q_values = q_values, .quantiles = torch::zeros({1, 2, 200})}),
            "none");
  EXPECT_EQ(of("quantile", "QuantileAgent", {.q_values = q_values}), sentence);
  EXPECT_EQ(of("quantile", "QuantileAgent", {.q_values = q_values, .quantiles = one}), sentence);
  EXPECT_EQ(of("quantile", "QuantileAgent", {.q_values = q_values, .logits = atoms}), sentence);

  const auto implicit = [](const QOutput& output) {
    return refusal<TalkingQuantiles>("implicit_quantile", "ImplicitQuantileAgent", output);
  };
  const torch::Tensor quantiles = torch::zeros({1, 2, 1});
  EXPECT_EQ(implicit({.q_values = q_values, .quantiles = quantiles}), "none");
  EXPECT_EQ(implicit({.q_values = q_values}), sentence);
  EXPECT_EQ(implicit({.q_values = torch::zeros({1, 3}), .quantiles = quantiles}), sentence);
}

// oracle: the sentence
TEST(ValueAgents, RefuseANetworkWhoseValuesLackDigits) {
  EXPECT_EQ(refusal<TalkingNetwork>("dqn", "DQNAgent",
                                    {.q_values = torch::zeros({1, 2}, torch::kBFloat16)}),
            "the network @MyNetwork says BFloat16 numbers, and losses need those of float32; "
            "compute its last layer under an Autocast to float32");
}

// oracle: the sentence
TEST(ValueAgents, RefuseANetworkWithoutAQuantileFunctionForImplicitQuantiles) {
  const torch::Tensor q_values = torch::zeros({1, 2}), quantiles = torch::zeros({1, 2, 1});
  for (const auto& [name, class_name] : {std::pair{"implicit_quantile", "ImplicitQuantileAgent"},
                                         std::pair{"munchausen_iqn", "MunchausenIQNAgent"}}) {
    EXPECT_EQ(
        refusal<TalkingNetwork>(name, class_name, {.q_values = q_values, .quantiles = quantiles}),
        "the network has no quantile function; bind one that has, for instance "
        "@ImplicitQuantileNetwork");
  }
}

// ---- options on their way to the agent

// lets a test look at the losses
struct OpenRainbow final : RainbowAgent {
  using RainbowAgent::RainbowAgent;
  torch::Tensor losses_of(const Batch& batch) { return losses(batch).losses.detach(); }
};

// says the same of all states: logits 0, 1, 2 for the three atoms of each of two actions
struct ThreeAtoms final : QNetwork {
  QOutput forward(const torch::Tensor& s) override {
    const torch::Tensor logits = torch::arange(3.0F).expand({s.size(0), 2, 3});
    return {.q_values = torch::zeros({s.size(0), 2}),
            .logits = logits,
            .probabilities = logits.softmax(-1)};
  }
};

// oracle: the atoms by hand, and of rewards that end an episode the cross-entropy with the atom
// that they fall on; on [-10, 10] they would fall between two
TEST(RainbowOptions, AVminOfZeroIsNotOneThatIsMissing) {
  const auto options = [](const std::string& binding) {
    const Catalogue catalogue;
    const Configuration configuration(
        catalogue.registry, {},
        {"RainbowAgent.num_atoms = 3", "RainbowAgent.vmax = 10.0", binding});
    return configuration.get<RainbowOptions>("RainbowAgent");
  };
  const auto support = [&](const std::string& binding) {
    return options(binding).head(/*num_actions=*/2).support;
  };
  EXPECT_TRUE(torch::equal(support("RainbowAgent.vmin = 0.0"), torch::tensor({0.0F, 5.0F, 10.0F})));
  EXPECT_TRUE(torch::equal(support("RainbowAgent.vmin = 0"), torch::tensor({0.0F, 5.0F, 10.0F})));
  EXPECT_TRUE(
      torch::equal(support("RainbowAgent.vmin = None"), torch::tensor({-10.0F, 0.0F, 10.0F})));

  const auto network = std::make_shared<ThreeAtoms>();
  const ReplaySpec spec{.observation_shape = {1}, .observation_dtype = torch::kFloat32};
  OpenRainbow agent(options("RainbowAgent.vmin = 0.0"), /*batch_size=*/4, /*num_actions=*/2,
                    torch::kCPU,
                    dqn_parts(network, std::make_shared<ThreeAtoms>(), Optimizer("adam", {}, {}),
                              Replay({.max_capacity = 10, .batch_size = 4}, spec), spec));
  const torch::Tensor s = torch::zeros({4, 1, 1});
  const torch::Tensor losses = agent.losses_of({.s_tm1 = s,
                                                .a_tm1 = torch::tensor({0, 1, 0, 1}),
                                                .r_t = torch::tensor({-7.0F, 0.0F, 5.0F, 10.0F}),
                                                .discount_t = torch::zeros({4}),
                                                .s_t = s,
                                                .ids = {},
                                                .probabilities = {}});
  const torch::Tensor of_atoms = -torch::arange(3.0F).log_softmax(0);
  EXPECT_TRUE(torch::allclose(losses, of_atoms.index({torch::tensor({0, 0, 1, 2})})));
}

// oracle: counting the numbers, and that gradient descent moves what the loss depends on
TEST(ValueAgents, ASharedBiasIsOneNumberThatTrainingMoves) {
  torch::set_num_threads(1);
  const Catalogue catalogue;
  for (const bool shared : {true, false}) {
    Trial run(catalogue, kCartPole,
              bindings_of("dqn", "DQNAgent",
                          {std::string("DQNAgent.shared_bias = ") + (shared ? "True" : "False"),
                           "DQNAgent.update_period = 1"}));
    const auto before = run.tensors();
    run.go(80);
    const auto after = run.tensors();
    EXPECT_EQ(before.at("network/head.output.bias").numel(), shared ? 1 : 2);
    EXPECT_FALSE(
        torch::equal(before.at("network/head.output.bias"), after.at("network/head.output.bias")));
  }
}

// ---- agents that act

struct Noisy {
  std::string name, class_name;
  std::function<HeadSpec(const Configuration&)> head;
};

template <class Options>
std::function<HeadSpec(const Configuration&)> head_of(const std::string& class_name) {
  return [=](const Configuration& configuration) {
    return configuration.get<Options>(class_name).head(/*num_actions=*/2);
  };
}

// oracle: the line, in agent steps of training
TEST(ValueAgents, TheImportanceExponentRisesFromWhereLearningBegins) {
  torch::set_num_threads(1);
  const Catalogue catalogue;
  Trial run(catalogue, kCartPole,
            bindings_of("dqn", "DQNAgent",
                        {"DQNAgent.replay_scheme = 'prioritized'",
                         "PrioritizedSamplingDistribution.importance_exponent_begin = 0.4",
                         "PrioritizedSamplingDistribution.importance_exponent_end = 1.0",
                         "PrioritizedSamplingDistribution.importance_exponent_steps = 100"}));
  int64_t agent_steps = 0;
  run.go(250, [&](const TimeStep&, int64_t) {
    const double share = std::clamp((++agent_steps - 40) / 100.0, 0.0, 1.0);
    EXPECT_NEAR(run.agent->statistics().at("importance_exponent"), 0.4 + 0.6 * share, 1e-12)
        << agent_steps;
  });
  EXPECT_GT(agent_steps, 150);
}

// oracle: an episode's first state, three frames of which nobody has seen
TEST(ValueAgents, StackOnTheSideThatTheirOptionSays) {
  torch::set_num_threads(1);
  const Catalogue catalogue;
  for (const std::string padding : {"leading", "trailing"}) {
    Trial run(catalogue, kCartPole,
              bindings_of("dqn", "DQNAgent", {"DQNAgent.stack_padding = '" + padding + "'"}));
    auto options = run.configuration.get<DqnOptions>("DQNAgent");
    options.stack_size = 4;
    auto parts = make_dqn_parts(catalogue, run.configuration,
                                {.environment = run.environment->spec(), .seed = 1}, options,
                                options.head(2));
    const TimeStep time_step = run.environment->step(run.action);
    const torch::Tensor stack = parts.frame_stack.push(time_step);  // [1, 4, 4]
    const int64_t there = padding == "leading" ? 3 : 0;
    for (int64_t frame = 0; frame < 4; ++frame) {
      const torch::Tensor expected = frame == there ? time_step.observation[0] : torch::zeros({4});
      EXPECT_TRUE(torch::equal(stack[0][frame], expected)) << padding << " " << frame;
    }
  }
}

// oracle: the greatest value of a network of the same weights, whose noise has no size, and the
// documented NaN of state_value() for actions at random
TEST(ValueAgents, NoiseTakesThePlaceOfRandomActionsInTraining) {
  torch::set_num_threads(1);
  const Catalogue catalogue;
  const std::vector<Noisy> agents{
      {"dqn", "DQNAgent", head_of<DqnOptions>("DQNAgent")},
      {"munchausen_dqn", "MunchausenDQNAgent", head_of<MunchausenOptions>("MunchausenDQNAgent")},
      {"rainbow", "RainbowAgent", head_of<RainbowOptions>("RainbowAgent")},
      {"full_rainbow", "FullRainbowAgent", head_of<FullRainbowOptions>("FullRainbowAgent")},
      {"quantile", "QuantileAgent", head_of<QuantileOptions>("QuantileAgent")},
      {"implicit_quantile", "ImplicitQuantileAgent", nullptr},  // its values are drawn
      {"munchausen_iqn", "MunchausenIQNAgent", nullptr}};
  for (const auto& [name, class_name, head] : agents) {
    SCOPED_TRACE(name);
    for (const bool noisy : {true, false}) {
      Trial run(catalogue, kCartPole,
                bindings_of(name, class_name,
                            {class_name + ".noisy = " + (noisy ? "True" : "False"),
                             class_name + ".noise_sigma = 0.0", class_name + ".epsilon_train = 1.0",
                             class_name + ".min_replay_history = 900"}));
      std::shared_ptr<QNetwork> twin;
      if (head) {
        RandomStream random(Trial::kSeed, "initialization");
        twin = Catalogue::build(
            "networks", catalogue.networks, Reference{"ClassicControlDQNNetwork"},
            run.configuration,
            NetworkContext{run.environment->spec(), /*stack_size=*/1, head(run.configuration)},
            random);
      }
      int64_t steps = 0, greedy = 0, valued = 0;
      run.go(200, [&](const TimeStep& time_step, int64_t action) {
        ++steps;
        valued += std::isnan(run.agent->state_value()) ? 0 : 1;
        if (!twin) return;
        const torch::NoGradGuard no_grad;
        const torch::Tensor q_t = twin->forward(time_step.observation.unsqueeze(1)).q_values;
        greedy += q_t.argmax(1).item<int64_t>() == action ? 1 : 0;
      });
      EXPECT_GT(steps, 150);
      EXPECT_EQ(valued, noisy ? steps : 0);
      if (!twin) continue;
      if (noisy) {
        EXPECT_EQ(greedy, steps);
      } else {
        EXPECT_LT(greedy, steps);
      }
    }
  }
}

// oracle: the same agent in float32. Until its first update nothing differs, acting included; that
// update differs in the third digit
TEST(ValueAgents, LearnInBfloat16AndActInFloat32) {
  torch::set_num_threads(1);
  const Catalogue catalogue;
  struct Outcome {
    std::vector<int64_t> actions;
    double loss = 0.0, gradient_norm = 0.0;
    std::map<std::string, torch::Tensor> before, after;
  };
  const auto outcome = [&](const std::string& dtype) {
    Trial run(catalogue, ACCUMBENS_SOURCE_DIR "/configs/minatar/dqn.gin",
              {"DQNAgent.min_replay_history = 100", "DQNAgent.epsilon_fn = @identity_epsilon",
               "DQNAgent.update_dtype = '" + dtype + "'"});
    Outcome of;
    const auto look = [&](const TimeStep&, int64_t action) { of.actions.push_back(action); };
    run.go(100, look);
    of.before = run.tensors();
    while (!run.agent->statistics().contains("loss")) run.go(1);
    of.loss = run.agent->statistics().at("loss");
    of.gradient_norm = run.agent->statistics().at("gradient_norm");
    of.after = run.tensors();
    return of;
  };
  const Outcome exact = outcome("float32"), coarse = outcome("bfloat16");
  EXPECT_EQ(coarse.actions, exact.actions);
  EXPECT_NE(coarse.loss, exact.loss);
  EXPECT_NEAR(coarse.loss / exact.loss, 1.0, 0.02);
  EXPECT_NEAR(coarse.gradient_norm / exact.gradient_norm, 1.0, 0.02);
  for (const auto& [name, tensor] : exact.before) {
    EXPECT_TRUE(torch::equal(tensor, coarse.before.at(name))) << name;
    EXPECT_EQ(tensor.scalar_type(), coarse.after.at(name).scalar_type()) << name;
  }
}

// oracle: an update moves every tensor that the loss depends on; the copy to the target network
TEST(ValueAgents, DqnWithImpalasNetworkTrainsOnPong) {
  torch::set_num_threads(1);
  const Catalogue catalogue;
  Trial run(catalogue, ACCUMBENS_SOURCE_DIR "/configs/dopamine/dqn_impala.gin",
            {"DQNAgent.min_replay_history = 100", "DQNAgent.target_update_period = 50",
             "ReplayBuffer.max_capacity = 1_000", "ReplayBuffer.batch_size = 8"});
  const auto before = run.tensors();
  run.go(200);
  const auto figures = run.agent->statistics();
  EXPECT_TRUE(std::isfinite(figures.at("loss")));
  EXPECT_GT(figures.at("gradient_norm"), 0.0);
  int networks = 0;
  for (const auto& [name, tensor] : run.tensors()) {
    if (!name.starts_with("network/") && !name.starts_with("target_network/")) continue;
    ++networks;
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
    EXPECT_FALSE(torch::equal(tensor, before.at(name))) << name;
  }
  EXPECT_EQ(networks, 2 * 2 * (3 * (1 + 2 * 2) + 2));
}

}  // namespace
}  // namespace accumbens
