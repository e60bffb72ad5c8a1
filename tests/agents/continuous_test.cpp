#include "accumbens/agents/continuous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numbers>

#include "accumbens/agents/ddpg.h"
#include "accumbens/agents/sac.h"
#include "accumbens/agents/td3.h"
#include "accumbens/core/error.h"
#include "golden_tensors.h"

namespace accumbens {
namespace {

constexpr int64_t kStreams = 2;

ContinuousAgent::Parts make_parts(const ContinuousActorCritic::Shape& shape,
                                  const ActionBounds& bounds) {
  RandomStream random(1, "initialization");
  const auto network =
      std::make_shared<ContinuousActorCritic>(shape, Initialization::kFanInUniform, random);
  const ReplaySpec spec{.observation_shape = {shape.state_size},
                        .observation_dtype = torch::kFloat32,
                        .gamma = 0.9,
                        .action_size = shape.action_size,
                        .num_streams = kStreams};
  return {.network = network,
          .target_network =
              std::make_shared<ContinuousActorCritic>(shape, Initialization::kFanInUniform, random),
          .replay = Replay({.max_capacity = 2'000, .batch_size = 32}, spec),
          .frame_stack = FrameStack(spec),
          .bounds = bounds,
          .exploration = RandomStream(1, "exploration"),
          .sampling = RandomStream(1, "sampling"),
          .noise = RandomStream(1, "noise")};
}

// both streams see one state, and episodes have one step, which earns -(action - 0.6)^2
struct Target {
  TimeStep step(const torch::Tensor& actions) {
    const bool first = count++ % 2 == 0;
    TimeStep time_step{.step_type = {},
                       .reward = {},
                       .discount = {},
                       .lost_life = {0, 0},
                       .observation = torch::ones({kStreams, 1})};
    for (int64_t b = 0; b < kStreams; ++b) {
      const double error = first ? 0.0 : actions[b][0].item<double>() - 0.6;
      time_step.step_type.push_back(first ? StepType::kFirst : StepType::kLast);
      time_step.reward.push_back(static_cast<float>(-error * error));
      time_step.discount.push_back(first ? 1.0F : 0.0F);
    }
    return time_step;
  }

  int64_t count = 0;
};

const ActionBounds kBounds{.centre = torch::full({1}, 0.5), .reach = torch::full({1}, 1.5)};

const OptimizerOptions kRates{.learning_rate = 3e-3, .eps = 1e-8};

template <class Options>
Options small(Options options) {
  options.min_replay_history = 50;
  options.hidden_units = 32;
  options.target_smoothing_coefficient = 0.05;
  return options;
}

ContinuousActorCritic::Shape shape(int64_t outputs, int64_t critics) {
  return {.state_size = 1,
          .action_size = 1,
          .policy_outputs = outputs,
          .num_critics = critics,
          .hidden_sizes = {32, 32}};
}

std::unique_ptr<ContinuousAgent> make_agent(const std::string& name) {
  torch::set_num_threads(1);  // small tensors

  if (name == "sac") {
    SacOptions options = small(SacOptions{});
    options.target_policy = "online";
    options.target_entropy = -1.0;
    return std::make_unique<SacAgent>(options, 32, 1, torch::kCPU, make_parts(shape(2, 2), kBounds),
                                      kRates);
  }
  if (name == "td3") {
    return std::make_unique<Td3Agent>(small(Td3Options{}), 32, torch::kCPU,
                                      make_parts(shape(1, 2), kBounds), kRates);
  }
  return std::make_unique<DdpgAgent>(small(DdpgOptions{}), 32, torch::kCPU,
                                     make_parts(shape(1, 1), kBounds), kRates);
}

torch::Tensor run(ContinuousAgent& agent, Target& game, torch::Tensor action, int64_t steps) {
  for (int64_t t = 0; t < steps; ++t) action = agent.step(game.step(action));
  return action;
}

// oracle: the game: the best action is 0.6
TEST(ContinuousAgents, FindTheBestAction) {
  for (const std::string name : {"ddpg", "td3", "sac"}) {
    const auto agent = make_agent(name);
    Target game;
    const torch::Tensor action = run(*agent, game, torch::zeros({kStreams, 1}), 2'000);
    agent->set_eval_mode(true);
    const torch::Tensor best = run(*agent, game, action, 1);
    EXPECT_NEAR(best[0].item<double>(), 0.6, 0.05) << name;
    EXPECT_TRUE(torch::equal(best[0], best[1])) << "evaluation has no noise";
  }
}

// oracle: the dual of the constraint: alpha settles where the policy has the entropy asked for
TEST(SacAgent, KeepsTheEntropyItIsAskedFor) {
  const auto agent = make_agent("sac");
  Target game;
  torch::Tensor action = run(*agent, game, torch::zeros({kStreams, 1}), 3'000);
  double entropy = 0;
  for (int i = 0; i < 100; ++i) {
    action = run(*agent, game, action, 10);
    entropy += agent->statistics().at("entropy") / 100;
  }
  EXPECT_NEAR(entropy, -1.0, 0.15);
}

// oracle: the bounds, and that nothing is learned before min_replay_history
TEST(ContinuousAgents, ActAtRandomWithinTheBoundsAtFirst) {
  for (const std::string name : {"ddpg", "td3", "sac"}) {
    const auto agent = make_agent(name);
    Target game;
    torch::Tensor action = torch::zeros({kStreams, 1});
    double low = 1e9, high = -1e9;
    for (int i = 0; i < 400; ++i) {
      action = run(*agent, game, action, 1);
      EXPECT_EQ(action.sizes(), torch::IntArrayRef({kStreams, 1}));
      if (i < 40) {
        low = std::min(low, action.min().item<double>());
        high = std::max(high, action.max().item<double>());
      }
      EXPECT_GE(action.min().item<double>(), -1.0) << name;
      EXPECT_LE(action.max().item<double>(), 2.0) << name;
      EXPECT_EQ(agent->statistics().contains("loss"), i > 51) << name << " " << i;
    }
    EXPECT_LT(low, -0.8);
    EXPECT_GT(high, 1.8);
  }
}

// oracle: the uninterrupted agent
TEST(ContinuousAgents, ContinueBitForBitAfterSaving) {
  for (const std::string name : {"ddpg", "td3", "sac"}) {
    for (const int64_t stop : {1, 30, 101}) {
      const auto agent = make_agent(name);
      Target game;
      torch::Tensor action = run(*agent, game, torch::zeros({kStreams, 1}), stop);

      StateTree saved;
      agent->state(saved);
      const auto other = make_agent(name);
      StateTree loaded(saved.contents());
      other->state(loaded);
      EXPECT_EQ(other->statistics(), agent->statistics()) << name << " " << stop;

      Target same_game = game;
      const torch::Tensor a = run(*agent, game, action, 40);
      const torch::Tensor b = run(*other, same_game, action, 40);
      EXPECT_TRUE(torch::equal(a, b)) << name << " " << stop;
      EXPECT_EQ(other->statistics(), agent->statistics()) << name << " " << stop;
    }
  }
}

// oracle: the message
TEST(ContinuousAgents, ALossThatIsNotFiniteIsNamed) {
  const auto agent = make_agent("td3");
  Target game;
  torch::Tensor action = run(*agent, game, torch::zeros({kStreams, 1}), 60);
  TimeStep time_step = game.step(action);
  while (!time_step.last(0)) {
    action = agent->step(time_step);
    time_step = game.step(action);
  }
  time_step.reward[0] = std::nanf("");
  agent->step(time_step);
  EXPECT_THAT([&] { run(*agent, game, action, 500); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("rewards that are not finite")));
}

// learns from a given batch with given noise
class GoldenSac final : public SacAgent {
 public:
  using SacAgent::SacAgent;
  using SacAgent::update;

  std::vector<torch::Tensor> noise;  // of the calls to come, in order

 protected:
  torch::Tensor update_noise(torch::IntArrayRef) override {
    const torch::Tensor next = noise.front();
    noise.erase(noise.begin());
    return next;
  }
};

// oracle: Dopamine 4.1.2, tests/oracles/sac_dopamine.py: with plain descent of rate 1 the weights
// afterwards show every gradient
TEST(SacAgent, AnUpdateEqualsDopamines) {
  auto data = golden_tensors("sac_dopamine");
  const torch::Tensor low = torch::tensor({-2.0F, -1.0F}), high = torch::tensor({2.0F, 3.0F});
  auto parts = make_parts({.state_size = 5,
                           .action_size = 2,
                           .policy_outputs = 2,
                           .num_critics = 2,
                           .hidden_sizes = {16, 16}},
                          {.centre = (low + high) / 2, .reach = (high - low) / 2});
  const auto network = parts.network;
  const auto target_network = parts.target_network;
  SacOptions options;
  options.target_entropy = -1.0;
  options.optimizer = "sgd";
  options.target_update_type = "hard";
  GoldenSac agent(options, 8, 2, torch::kCPU, std::move(parts), {.learning_rate = 1.0});

  // the script's weights
  {
    const torch::NoGradGuard no_grad;
    for (auto& item : network->named_parameters()) {
      item.value().copy_(data.at("network/" + item.key()));
    }
    for (auto& item : target_network->named_parameters()) {
      item.value().copy_(data.at("target_network/" + item.key()));
    }
    StateTree tree;
    agent.state(tree);
    auto contents = tree.contents();
    contents.tensors["log_alpha"] = data.at("log_alpha").squeeze();
    StateTree with_alpha(contents);
    agent.state(with_alpha);
  }

  // rewards come scaled
  agent.noise = {data.at("noise_t"), data.at("noise_tm1")};
  agent.update({.s_tm1 = data.at("s_tm1"),
                .a_tm1 = data.at("a_tm1"),
                .r_t = 0.5 * data.at("r_t"),
                .discount_t = data.at("discount_t"),
                .s_t = data.at("s_t"),
                .ids = {},
                .probabilities = {}});

  for (const auto& item : network->named_parameters()) {
    const torch::Tensor before = data.at("network/" + item.key());
    const torch::Tensor gradient = before - data.at("after/" + item.key());
    const double scale = gradient.abs().max().item<double>();
    EXPECT_GT(scale, 0) << item.key();
    EXPECT_LT((before - item.value() - gradient).abs().max().item<double>(), 2e-5 * scale)
        << item.key();
  }
  const auto figures = agent.statistics();
  EXPECT_NEAR(figures.at("loss"), 0.5 * data.at("critic_loss").item<double>(), 1e-5);
  EXPECT_NEAR(figures.at("policy_loss"), data.at("policy_loss").item<double>(), 1e-5);
  EXPECT_NEAR(figures.at("alpha_loss"), data.at("alpha_loss").item<double>(), 1e-5);
  StateTree after;
  agent.state(after);
  EXPECT_NEAR(after.contents().tensors.at("log_alpha").item<double>(),
              data.at("log_alpha_after").item<double>(), 1e-5);
}

}  // namespace
}  // namespace accumbens
