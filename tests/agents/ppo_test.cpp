#include "accumbens/agents/ppo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <algorithm>
#include <set>
#include <string>

#include "accumbens/agents/a2c.h"
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

// oracle: the algorithm of Schulman et al. (2017) as it is written, with estimates summed up by
// hand and torch's gradients: three epochs of one minibatch, far enough to be clipped
TEST(PpoAgent, StepsAlongTheGradientOfTheClippedLosses) {
  for (const bool clip_critic_loss : {true, false}) {
    PpoOptions options;
    options.gamma = 0.9;
    options.update_period = options.batch_size = 5 * kStreams;
    options.num_epochs = 3;
    options.epsilon = 0.05;
    options.clip_critic_loss = clip_critic_loss;
    options.vf_coefficient = 0.7;
    options.entropy_coefficient = 0.1;
    const double rate = 0.2;
    PpoAgent agent(options, kStreams, torch::kCPU, on_policy_parts("sgd", rate, 1, kLambda));
    ClassicControlActorCriticNetwork twin = twin_network(1);
    const PlayedEpisode played = play_episode(agent);

    // generalised advantages: decayed sums of one-step errors up to the episode's end
    torch::Tensor old_v, old_log_prob;
    {
      const torch::NoGradGuard no_grad;
      const PolicyOutput output = twin.forward(played.s);
      old_v = output.value;
      old_log_prob = log_probabilities_and_entropies(output, played.a).first;
    }
    const double v = old_v[0].item<double>();  // of every state
    torch::Tensor estimate = torch::empty({5 * kStreams});
    for (int64_t b = 0; b < kStreams; ++b) {
      for (int64_t t = 0; t < 5; ++t) {
        double sum = 0, decay = 1;
        for (int64_t k = t; k < 5; ++k, decay *= 0.9 * kLambda) {
          sum += decay * (played.r[k][b].item<double>() + (k < 4 ? 0.9 * v : 0.0) - v);
        }
        estimate[t * kStreams + b] = sum;
      }
    }
    const torch::Tensor target = estimate + old_v;
    torch::Tensor advantage = estimate - estimate.mean();
    advantage = advantage / (advantage.square().sum() / (advantage.numel() - 1)).sqrt();

    bool policy_clipped = false, value_clipped = false;
    for (int64_t epoch = 0; epoch < 3; ++epoch) {
      const PolicyOutput output = twin.forward(played.s);
      const auto [log_prob, entropy] = log_probabilities_and_entropies(output, played.a);
      const torch::Tensor ratio = (log_prob - old_log_prob).exp();
      const torch::Tensor gain =
          torch::minimum(ratio * advantage, ratio.clamp(0.95, 1.05) * advantage);
      const torch::Tensor near = old_v + (output.value - old_v).clamp(-0.05, 0.05);
      torch::Tensor square = (output.value - target).square();
      if (clip_critic_loss) square = torch::maximum(square, (near - target).square());
      const torch::Tensor loss = -gain.mean() + 0.7 * 0.5 * square.mean() - 0.1 * entropy.mean();
      policy_clipped |= ((ratio - 1.0).abs() > 0.05).any().item<bool>();
      value_clipped |= ((output.value - old_v).abs() > 0.05).any().item<bool>();

      const auto parameters = twin.parameters();
      const auto gradients = torch::autograd::grad({loss}, parameters);
      const torch::NoGradGuard no_grad;
      for (size_t i = 0; i < parameters.size(); ++i) parameters[i].sub_(rate * gradients[i]);
    }
    EXPECT_TRUE(policy_clipped && value_clipped);
    const auto after = network_of(agent);
    for (const auto& parameter : twin.named_parameters()) {
      EXPECT_TRUE(
          torch::allclose(after.at("network/" + parameter.key()), parameter.value(), 1e-4, 1e-6))
          << parameter.key() << " " << clip_critic_loss;
    }
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

// oracle: the rule that what does not fit is refused
TEST(PpoAgent, RefusesTheStateOfOtherRolloutsAndOfOtherAgents) {
  const auto agent = make_agent(kOptions);
  Game game;
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  for (int64_t t = 0; t < 13; ++t) action = agent->step(game.step(action));
  StateTree saved;
  agent->state(saved);
  const auto refusal = [&](Agent& other) {
    StateTree tree(saved.contents());
    try {
      other.state(tree);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  for (const int64_t update_period : {8, 32}) {
    PpoOptions options = kOptions;
    options.update_period = update_period;
    EXPECT_THAT(refusal(*make_agent(options)),
                testing::HasSubstr("learned from 8 time steps at a time, this configuration from " +
                                   std::to_string(update_period / kStreams)));
  }
  EXPECT_EQ(refusal(*make_agent(kOptions)), "none");

  // A2C has fewer figures
  A2cOptions a2c;
  a2c.update_period = kOptions.update_period;
  A2cAgent other(a2c, kStreams, torch::kCPU, on_policy_parts("adam", 0.01, 1, kLambda));
  EXPECT_THAT(refusal(other), testing::HasSubstr("figures"));
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
