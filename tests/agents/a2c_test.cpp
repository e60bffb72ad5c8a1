#include "accumbens/agents/a2c.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <cmath>

#include "agents/on_policy_game.h"

namespace accumbens {
namespace {

constexpr double kLambda = 1.0;

A2cOptions small_options() {
  A2cOptions options;
  options.update_period = 10;
  options.gamma = 0.9;
  options.max_gradient_norm = 1e9;
  return options;
}

// oracle: the episodes' returns, added up by hand, and torch's gradient of the loss as it is
// written
TEST(A2cAgent, StepsAlongTheGradientOfReturnsLessTheValue) {
  const double rate = 0.05;
  A2cAgent agent(small_options(), kStreams, torch::kCPU, on_policy_parts("sgd", rate, 1, kLambda));

  // a twin of the network, before and after
  RandomStream initialization(1, "initialization");
  ClassicControlActorCriticNetwork twin({.layer_sizes = {8}}, /*inputs=*/2, kActions,
                                        /*action_size=*/0, initialization);
  Game game;
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  std::vector<torch::Tensor> actions;
  for (int64_t t = 0; t < 5; ++t) {
    action = agent.step(game.step(action));
    actions.push_back(action.clone());
  }
  agent.step(game.step(action));  // the episode's end

  // every state is the same; an action earns its number, and the last of the five ends the episode
  const torch::Tensor s = torch::ones({5 * kStreams, 1, 2});
  const torch::Tensor a = torch::cat(actions);  // [5 * B], in order of time
  torch::Tensor returns = torch::empty({5 * kStreams});
  for (int64_t b = 0; b < kStreams; ++b) {
    double value = 0;
    for (int64_t t = 5; t-- > 0;) {
      value = actions[t][b].item<double>() + 0.9 * value;
      returns[t * kStreams + b] = value;
    }
  }
  const PolicyOutput output = twin.forward(s);
  const torch::Tensor log_prob = output.logits.log_softmax(1).gather(1, a.unsqueeze(1)).squeeze(1);
  const torch::Tensor advantage = (returns - output.value).detach();
  const torch::Tensor loss =
      -(log_prob * advantage).mean() + 0.5 * (output.value - returns).square().mean();
  loss.backward();
  const auto after = network_of(agent);
  for (const auto& parameter : twin.named_parameters()) {
    const torch::Tensor expected = parameter.value().detach() - rate * parameter.value().grad();
    EXPECT_TRUE(torch::allclose(after.at("network/" + parameter.key()), expected, 1e-5, 1e-6))
        << parameter.key();
  }
}

// oracle: the game: the last action earns most
TEST(A2cAgent, FindsTheActionThatEarnsMost) {
  A2cAgent agent(small_options(), kStreams, torch::kCPU, on_policy_parts("adam", 0.01, 1, kLambda));
  EXPECT_GT(share_of_the_best(agent), 0.97);
}

// oracle: closed form: 1 + 0.9 + 0.9^2 + ... = 10, where the five steps alone are worth 4.1 at most
TEST(A2cAgent, AnEpisodeThatIsCutOffHasTheValueOfGoingOn) {
  auto parts = on_policy_parts("adam", 0.01, 1, kLambda);
  const auto network = parts.network;
  A2cAgent agent(small_options(), kStreams, torch::kCPU, std::move(parts));
  EXPECT_NEAR(learned_value(agent, *network), 10.0, 0.5);
}

// oracle: what an episode's end answers is no outcome, so that a rollout of one row has none there
TEST(A2cAgent, LearnsNothingWhereNothingHadAnOutcome) {
  A2cOptions options = small_options();
  options.update_period = kStreams;
  options.normalize_advantages = true;
  A2cAgent agent(options, kStreams, torch::kCPU, on_policy_parts("adam", 0.01, 1, kLambda));
  Game game;
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  for (int64_t t = 0; t < 6; ++t) action = agent.step(game.step(action));
  const auto before = network_of(agent);
  action = agent.step(game.step(action));  // FIRST, in answer to LAST
  EXPECT_TRUE(same(before, network_of(agent)));
  for (int64_t t = 0; t < 20; ++t) action = agent.step(game.step(action));
  EXPECT_FALSE(same(before, network_of(agent)));
}

// oracle: the definition, of which a single number has no deviation
TEST(OnPolicyAgents, ALoneAdvantageIsNoBetterThanOthers) {
  EXPECT_TRUE(torch::equal(normalized(torch::tensor({3.0F})), torch::zeros({1})));
  EXPECT_TRUE(torch::allclose(normalized(torch::tensor({1.0F, 3.0F})),
                              torch::tensor({-1.0F, 1.0F}) / std::sqrt(2.0F)));
}

}  // namespace
}  // namespace accumbens
