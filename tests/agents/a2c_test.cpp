#include "accumbens/agents/a2c.h"

#include <ATen/Context.h>
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

// oracle: the returns, added up by hand to an episode's end, or to the value of the true last state
// where it was cut off or goes on, and torch's gradient of the loss as it is written
TEST(A2cAgent, StepsAlongTheGradientOfReturnsLessTheValue) {
  for (const bool normalize : {false, true}) {
    A2cOptions options = small_options();
    options.update_period = kRows * kStreams;
    options.normalize_advantages = normalize;
    options.vf_coefficient = normalize ? 0.3 : 1.0;
    options.entropy_coefficient = normalize ? 0.2 : 0.0;
    const double rate = 0.05;
    A2cAgent agent(options, kStreams, torch::kCPU, on_policy_parts("sgd", rate, 1, kLambda));
    ClassicControlActorCriticNetwork twin = twin_network(1);
    const PlayedRollout played = play_rollout(agent);

    const torch::Tensor v_t = twin.forward(played.s_t).value.detach();  // [N]
    torch::Tensor returns = torch::empty_like(v_t);
    for (size_t i = played.next.size(); i-- > 0;) {
      const double later = played.next[i] > 0 ? returns[played.next[i]].item<double>()
                                              : played.discount_t[i] * v_t[i].item<double>();
      returns[i] = played.r_t[i] + 0.9 * later;
    }
    const PolicyOutput output = twin.forward(played.s_tm1);
    const auto [log_prob, entropy] = log_probabilities_and_entropies(output, played.a_tm1);
    torch::Tensor advantage = (returns - output.value).detach();
    if (normalize) {
      advantage = advantage - advantage.mean();
      advantage = advantage / (advantage.square().sum() / (advantage.numel() - 1)).sqrt();
    }
    const torch::Tensor loss =
        -(log_prob * advantage).mean() +
        options.vf_coefficient * 0.5 * (output.value - returns).square().mean() -
        options.entropy_coefficient * entropy.mean();
    loss.backward();
    const auto after = network_of(agent);
    for (const auto& parameter : twin.named_parameters()) {
      const torch::Tensor expected = parameter.value().detach() - rate * parameter.value().grad();
      EXPECT_TRUE(torch::allclose(after.at("network/" + parameter.key()), expected, 1e-5, 1e-6))
          << parameter.key();
    }
  }
}

// oracle: the table of docs/agents/a2c.md
TEST(A2cAgent, TheVanillaPolicyGradientIsItWithOtherDefaults) {
  const VpgOptions vpg;
  EXPECT_TRUE(vpg.normalize_advantages);
  EXPECT_EQ(vpg.lambda_, 1.0);
  EXPECT_EQ(vpg.update_period, 2'048);
  EXPECT_EQ(vpg.vf_coefficient, 0.5);
  EXPECT_EQ(vpg.optimizer, "adam");
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

// oracle: zeros; torch fills memory that nobody wrote with other numbers here
TEST(OnPolicyAgents, RowsToComeAreSavedAsZeros) {
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  Rollout rollout(3);
  rollout.add(torch::ones({2, 1, 4}), torch::ones({2}, torch::kInt64), torch::ones({2}),
              torch::ones({2}));
  at::globalContext().setDeterministicAlgorithms(false, /*warn_only=*/false);

  StateTree saved;
  rollout.state(saved);
  for (const auto& [name, tensor] : saved.contents().tensors) {
    EXPECT_TRUE(torch::equal(tensor.narrow(0, 1, 2), torch::zeros_like(tensor.narrow(0, 1, 2))))
        << name;
  }
}

// oracle: the network that learns, whose buffer nobody but the test changes
TEST(OnPolicyAgents, AReplicaHasTheBuffersOfTheNetwork) {
  const auto make = [](torch::Tensor& buffer) {
    auto parts = on_policy_parts("adam", 0.01, /*seed=*/1, kLambda);
    buffer = parts.network->register_buffer("buffer", torch::zeros({2}));
    return std::make_unique<A2cAgent>(small_options(), kStreams, torch::kCPU, std::move(parts));
  };
  torch::Tensor buffer, copy;
  const auto agent = make(buffer);
  const auto replica = make(copy);
  ActorLearner::Policy policy;
  Game game;
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  for (const float number : {3.0F, 4.0F}) {
    for (int64_t t = 0; t < 6; ++t) action = agent->step(game.step(action));
    buffer.fill_(number);
    agent->publish(policy);
    replica->follow(policy);
    EXPECT_TRUE(torch::equal(copy, torch::full({2}, number)));
  }
}

// oracle: the definition, of which a single number has no deviation
TEST(OnPolicyAgents, ALoneAdvantageIsNoBetterThanOthers) {
  EXPECT_TRUE(torch::equal(normalized(torch::tensor({3.0F})), torch::zeros({1})));
  EXPECT_TRUE(torch::allclose(normalized(torch::tensor({1.0F, 3.0F})),
                              torch::tensor({-1.0F, 1.0F}) / std::sqrt(2.0F)));
}

}  // namespace
}  // namespace accumbens
