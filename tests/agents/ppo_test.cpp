#include "accumbens/agents/ppo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "accumbens/core/error.h"
#include "agents/on_policy_game.h"

namespace accumbens {
namespace {

constexpr double kLambda = 0.95;

PpoOptions small_options() {
  PpoOptions options;
  options.update_period = 16;
  options.num_epochs = 2;
  options.batch_size = 8;
  return options;
}

const PpoOptions kOptions = small_options();

std::unique_ptr<PpoAgent> make_agent(const PpoOptions& options, uint64_t seed = 1) {
  return std::make_unique<PpoAgent>(options, kStreams, torch::kCPU,
                                    on_policy_parts("adam", 0.01, seed, kLambda));
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
  EXPECT_GT(share_of_the_best(*make_agent(kOptions)), 0.97);
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

// oracle: the game, which shows one state: the likeliest action there is one
TEST(PpoAgent, TakesTheLikeliestActionInEvaluationWhereAskedTo) {
  auto parts = on_policy_parts("adam", 0.01, 1, kLambda);
  parts.eval_action_fn = max_action;
  const auto agent = std::make_unique<PpoAgent>(kOptions, kStreams, torch::kCPU, std::move(parts));
  Game game;
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  std::set<int64_t> in_training;
  for (int64_t t = 0; t < 7; ++t) {
    action = agent->step(game.step(action));
    in_training.insert(action[0].item<int64_t>());
  }
  EXPECT_GT(in_training.size(), 1);  // before it has learned

  agent->set_eval_mode(true);
  std::set<int64_t> in_evaluation;
  for (int64_t t = 0; t < 40; ++t) {
    action = agent->step(game.step(action));
    in_evaluation.insert(action[0].item<int64_t>());
  }
  EXPECT_EQ(in_evaluation.size(), 1);
}

TEST(PpoAgent, RefusesSizesThatDoNotDivide) {
  PpoOptions options = kOptions;
  options.update_period = 17;
  EXPECT_THROW(options.check(), ConfigError);
  options.batch_size = 17;
  EXPECT_THROW(make_agent(options), ConfigError);
}

// both streams see one state; every step earns -(action - 0.6)^2
// oracle: the game: the best action is 0.6; actions stay within [-1, 2]
TEST(PpoAgent, FindsTheBestContinuousAction) {
  torch::set_num_threads(1);  // small tensors
  for (const bool squash_actions : {true, false}) {
    PpoOptions options = kOptions;
    options.squash_actions = squash_actions;
    options.update_period = 256;
    options.batch_size = 256;
    options.num_epochs = 10;
    auto parts = on_policy_parts("adam", 0.003, /*seed=*/1, kLambda);
    RandomStream initialization(1, "initialization");
    parts.network = std::make_shared<ClassicControlActorCriticNetwork>(
        ClassicControlActorCriticOptions{.layer_sizes = {8}}, /*inputs=*/2, /*num_actions=*/0,
        /*action_size=*/1, initialization);
    parts.optimizer =
        Optimizer("adam", {.learning_rate = 0.003, .eps = 1e-5}, parts.network->parameters());
    parts.bounds = {.centre = torch::full({1}, 0.5), .reach = torch::full({1}, 1.5)};
    const auto network = parts.network;
    PpoAgent agent(options, kStreams, torch::kCPU, std::move(parts));

    Game game;
    torch::Tensor action = torch::zeros({kStreams, 1});
    double mean = 0;
    int at_bounds = 0;
    for (int t = 0; t < 12'000; ++t) {
      TimeStep time_step = game.step(torch::zeros({kStreams}, torch::kInt64));
      for (int64_t b = 0; b < kStreams; ++b) {
        const double a = action[b][0].item<double>();
        if (!time_step.first(b)) time_step.reward[b] = static_cast<float>(-(a - 0.6) * (a - 0.6));
        if (t >= 11'800) mean += a / (200.0 * kStreams);
      }
      action = agent.step(time_step);
      EXPECT_GE(action.min().item<double>(), -1.0);
      EXPECT_LE(action.max().item<double>(), 2.0);
      at_bounds += (action == -1.0).logical_or(action == 2.0).any().item<bool>() ? 1 : 0;
    }
    EXPECT_NEAR(mean, 0.6, 0.1) << squash_actions;
    EXPECT_EQ(at_bounds > 0, !squash_actions);  // tanh leads close to them, a cut onto them
  }
}

// oracle: closed form: 1 + 0.9 + 0.9^2 + ... = 10, where the five steps alone are worth 4.1 at most
TEST(PpoAgent, AnEpisodeThatIsCutOffHasTheValueOfGoingOn) {
  PpoOptions options = kOptions;
  options.gamma = 0.9;
  auto parts = on_policy_parts("adam", 0.01, 1, kLambda);
  const auto network = parts.network;
  PpoAgent agent(options, kStreams, torch::kCPU, std::move(parts));
  EXPECT_NEAR(learned_value(agent, *network), 10.0, 0.5);
}

}  // namespace
}  // namespace accumbens
