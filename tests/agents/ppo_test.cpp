#include "accumbens/agents/ppo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

constexpr int64_t kStreams = 2;
constexpr int64_t kActions = 3;

const PpoOptions kOptions{.update_period = 16, .num_epochs = 2, .batch_size = 8};

std::unique_ptr<PpoAgent> make_agent(const PpoOptions& options, uint64_t seed = 1) {
  RandomStream initialization(seed, "initialization");
  const auto network = std::make_shared<ClassicControlActorCriticNetwork>(
      ClassicControlActorCriticOptions{.layer_sizes = {8}}, /*inputs=*/2, kActions, initialization);
  return std::make_unique<PpoAgent>(
      options, kStreams, torch::kCPU,
      PpoAgent::Parts{
          .network = network,
          .optimizer =
              Optimizer("adam", {.learning_rate = 0.01, .eps = 1e-5}, network->parameters()),
          .frame_stack = FrameStack({.observation_shape = {2},
                                     .observation_dtype = torch::kFloat32,
                                     .num_streams = kStreams}),
          .actions = RandomStream(seed, "actions"),
          .minibatches = RandomStream(seed, "minibatches"),
      });
}

// both streams see one state; an action earns its number, and episodes have 5 steps
struct Game {
  TimeStep step(const torch::Tensor& actions) {
    TimeStep time_step{.step_type = {},
                       .reward = {},
                       .discount = {},
                       .lost_life = {0, 0},
                       .observation = torch::ones({kStreams, 2})};
    const int64_t place = count++ % 6;
    for (int64_t b = 0; b < kStreams; ++b) {
      time_step.step_type.push_back(place == 0   ? StepType::kFirst
                                    : place == 5 ? StepType::kLast
                                                 : StepType::kMid);
      time_step.reward.push_back(place == 0 ? 0.0F : actions[b].item<float>());
      time_step.discount.push_back(place == 5 ? 0.0F : 1.0F);
    }
    return time_step;
  }

  int64_t count = 0;
};

std::map<std::string, torch::Tensor> network_of(PpoAgent& agent) {
  StateTree tree;
  agent.state(tree);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, tensor] : tree.contents().tensors) {
    if (name.starts_with("network/")) tensors[name] = tensor.clone();
  }
  return tensors;
}

bool same(const std::map<std::string, torch::Tensor>& a,
          const std::map<std::string, torch::Tensor>& b) {
  for (const auto& [name, tensor] : a) {
    if (!torch::equal(tensor, b.at(name))) return false;
  }
  return true;
}

// oracle: the schedule: rows of two streams, the ninth time step answers the eighth row
TEST(PpoAgent, LearnsWhenItsLastActionIsAnswered) {
  for (const std::string shuffle : {"samples", "minibatches"}) {
    PpoOptions options = kOptions;
    options.shuffle = shuffle;
    const auto agent = make_agent(options);
    Game game;
    torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
    auto before = network_of(*agent);
    for (int64_t t = 0; t < 30; ++t) {
      action = agent->step(game.step(action));
      const auto after = network_of(*agent);
      EXPECT_EQ(same(before, after), t == 0 || t % 8 != 0) << t;
      before = after;
    }
    EXPECT_THAT(agent->statistics(), testing::Contains(testing::Key("approximate_kl")));
  }
}

// oracle: the game: the last action earns most
TEST(PpoAgent, FindsTheActionThatEarnsMost) {
  const auto agent = make_agent(kOptions);
  Game game;
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  int64_t best = 0;
  for (int64_t t = 0; t < 2'000; ++t) {
    action = agent->step(game.step(action));
    if (t >= 1'800) best += (action == kActions - 1).sum().item<int64_t>();
  }
  EXPECT_GT(best, 390);
}

// oracle: the uninterrupted agent
TEST(PpoAgent, ContinuesBitForBitAfterSaving) {
  for (const int64_t stop : {1, 5, 9, 20}) {
    const auto agent = make_agent(kOptions);
    Game game;
    torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
    for (int64_t t = 0; t < stop; ++t) action = agent->step(game.step(action));

    StateTree saved;
    agent->state(saved);
    const auto loaded = make_agent(kOptions, /*seed=*/99);
    StateTree tree(saved.contents());
    loaded->state(tree);
    Game other = game;
    torch::Tensor other_action = action;
    for (int64_t t = 0; t < 40; ++t) {
      action = agent->step(game.step(action));
      other_action = loaded->step(other.step(other_action));
      ASSERT_TRUE(torch::equal(action, other_action)) << stop << " " << t;
    }
    EXPECT_TRUE(same(network_of(*agent), network_of(*loaded)));
    EXPECT_EQ(agent->statistics(), loaded->statistics());
  }
}

TEST(PpoAgent, NeitherRemembersNorLearnsInEvaluation) {
  const auto agent = make_agent(kOptions);
  agent->set_eval_mode(true);
  Game game;
  const auto before = network_of(*agent);
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  for (int64_t t = 0; t < 40; ++t) action = agent->step(game.step(action));
  EXPECT_TRUE(same(before, network_of(*agent)));
  EXPECT_TRUE(agent->statistics().empty());
}

TEST(PpoAgent, RefusesSizesThatDoNotDivide) {
  PpoOptions options = kOptions;
  options.update_period = 17;
  EXPECT_THROW(options.check(), ConfigError);
  options.batch_size = 17;
  EXPECT_THROW(make_agent(options), ConfigError);
}

}  // namespace
}  // namespace accumbens
