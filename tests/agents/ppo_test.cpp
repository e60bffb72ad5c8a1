#include "accumbens/agents/ppo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <algorithm>
#include <cmath>
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
// hand and torch's gradients: three epochs of one minibatch, far enough to be clipped; the figures
// are the last epoch's
TEST(PpoAgent, StepsAlongTheGradientOfTheClippedLosses) {
  for (const bool clip_critic_loss : {true, false}) {
    PpoOptions options;
    options.gamma = 0.9;
    options.update_period = options.batch_size = kRows * kStreams;
    options.num_epochs = 3;
    options.epsilon = 0.05;
    options.clip_critic_loss = clip_critic_loss;
    options.vf_coefficient = 0.7;
    options.entropy_coefficient = 0.1;
    const double rate = 0.2;
    PpoAgent agent(options, kStreams, torch::kCPU, on_policy_parts("sgd", rate, 1, kLambda));
    ClassicControlActorCriticNetwork twin = twin_network(1);
    const PlayedRollout played = play_rollout(agent);

    // generalised advantages: decayed sums of one-step errors up to where the samples of an episode
    // end
    torch::Tensor old_v, old_log_prob, v_t;  // [N]
    {
      const torch::NoGradGuard no_grad;
      const PolicyOutput output = twin.forward(played.s_tm1);
      old_v = output.value;
      old_log_prob = log_probabilities_and_entropies(output, played.a_tm1).first;
      v_t = twin.forward(played.s_t).value;
    }
    torch::Tensor estimate = torch::empty_like(old_v);
    for (size_t i = 0; i < played.next.size(); ++i) {
      double sum = 0, decay = 1;
      size_t k = i;
      do {
        sum += decay * (played.r_t[k] + 0.9 * played.discount_t[k] * v_t[k].item<double>() -
                        old_v[k].item<double>());
        decay *= 0.9 * kLambda;
        k = played.next[k];
      } while (k > 0);
      estimate[i] = sum;
    }
    const torch::Tensor target = estimate + old_v;
    torch::Tensor advantage = estimate - estimate.mean();
    advantage = advantage / (advantage.square().sum() / (advantage.numel() - 1)).sqrt();

    bool value_clipped = false;
    std::map<std::string, double> figures;
    for (int64_t epoch = 0; epoch < 3; ++epoch) {
      const PolicyOutput output = twin.forward(played.s_tm1);
      const auto [log_prob, entropy] = log_probabilities_and_entropies(output, played.a_tm1);
      const torch::Tensor ratio = (log_prob - old_log_prob).exp();
      const torch::Tensor gain =
          torch::minimum(ratio * advantage, ratio.clamp(0.95, 1.05) * advantage);
      const torch::Tensor near = old_v + (output.value - old_v).clamp(-0.05, 0.05);
      torch::Tensor square = (output.value - target).square();
      if (clip_critic_loss) square = torch::maximum(square, (near - target).square());
      const torch::Tensor loss = -gain.mean() + 0.7 * 0.5 * square.mean() - 0.1 * entropy.mean();
      const torch::Tensor above = ratio > 1.05, below = ratio < 0.95;
      EXPECT_EQ((above.any() & below.any()).item<bool>(), epoch == 2);
      figures = {{"loss", loss.item<double>()},
                 {"policy_loss", -gain.mean().item<double>()},
                 {"value_loss", 0.5 * square.mean().item<double>()},
                 {"entropy", entropy.mean().item<double>()},
                 {"approximate_kl", (ratio - 1.0 - ratio.log()).mean().item<double>()},
                 {"clip_fraction", (above | below).to(torch::kFloat32).mean().item<double>()}};
      value_clipped |= ((output.value - old_v).abs() > 0.05).any().item<bool>();

      const auto parameters = twin.parameters();
      const auto gradients = torch::autograd::grad({loss}, parameters);
      const torch::NoGradGuard no_grad;
      for (size_t i = 0; i < parameters.size(); ++i) parameters[i].sub_(rate * gradients[i]);
    }
    EXPECT_TRUE(value_clipped);
    EXPECT_LT(figures.at("clip_fraction"), 1.0);
    const auto logged = agent.statistics();
    for (const auto& [name, figure] : figures) EXPECT_NEAR(logged.at(name), figure, 1e-5) << name;
    const auto after = network_of(agent);
    for (const auto& parameter : twin.named_parameters()) {
      EXPECT_TRUE(
          torch::allclose(after.at("network/" + parameter.key()), parameter.value(), 1e-4, 1e-6))
          << parameter.key() << " " << clip_critic_loss;
    }
  }
}

// tables of logits and values, with a row for each state; a state is its number. It remembers the
// states that each update looked at
class TabularActorCritic final : public ActorCriticNetwork {
 public:
  explicit TabularActorCritic(int64_t num_states) {
    torch::manual_seed(3);
    logits = register_parameter("logits", torch::randn({num_states, kActions}));
    values = register_parameter("values", torch::randn({num_states}));
  }

  PolicyOutput forward(const torch::Tensor& s) override {
    const torch::Tensor rows = s.flatten(1).select(1, 0).to(torch::kInt64);
    if (torch::GradMode::is_enabled()) minibatches.push_back(rows);
    return {logits.index_select(0, rows), {}, {}, values.index_select(0, rows)};
  }

  torch::Tensor logits, values;
  std::vector<torch::Tensor> minibatches;
};

// an agent of such a network, in two streams that never end: each state is the number of its sample
struct NumberedGame {
  NumberedGame(const PpoOptions& options, double rate) : num_samples(options.update_period) {
    torch::set_num_threads(1);  // small tensors
    network = std::make_shared<TabularActorCritic>(num_samples);
    auto parts = on_policy_parts("sgd", rate, /*seed=*/1, kLambda);
    parts.network = network;
    parts.optimizer = Optimizer("sgd", {.learning_rate = rate}, network->parameters());
    agent = std::make_unique<PpoAgent>(options, kStreams, torch::kCPU, std::move(parts));
  }

  // rewards: [B] of the time step; returns [B]
  torch::Tensor step(const torch::Tensor& rewards) {
    const StepType type = count == 0 ? StepType::kFirst : StepType::kMid;
    const torch::Tensor numbers = (count++ * kStreams + torch::arange(kStreams)) % num_samples;
    return agent->step({.step_type = {type, type},
                        .reward = {rewards[0].item<float>(), rewards[1].item<float>()},
                        .discount = {1, 1},
                        .lost_life = {0, 0},
                        .observation = numbers.to(torch::kFloat32).unsqueeze(1).repeat({1, 2})});
  }

  int64_t num_samples;
  int64_t count = 0;
  std::shared_ptr<TabularActorCritic> network;
  std::unique_ptr<PpoAgent> agent;
};

// oracle: the definition: every epoch is a permutation of the samples, drawn anew, or of
// minibatches of neighbours, drawn once for all epochs; on average a permutation leaves one in its
// place, with a deviation of one: four standard deviations
TEST(PpoAgent, ShufflesSamplesInEachEpochOrMinibatchesOnce) {
  constexpr int64_t kRollouts = 50, kEpochs = 3, kMinibatches = 4, kSize = 4;
  for (const bool samples : {true, false}) {
    PpoOptions options = kOptions;
    options.update_period = kMinibatches * kSize;
    options.num_epochs = kEpochs;
    options.batch_size = kSize;
    options.shuffle = samples ? "samples" : "minibatches";
    NumberedGame game(options, /*rate=*/0.01);
    for (int64_t t = 0; t <= kRollouts * options.update_period / kStreams; ++t) {
      game.step(torch::ones({kStreams}));
    }
    const auto& minibatches = game.network->minibatches;
    ASSERT_EQ(minibatches.size(), kRollouts * kEpochs * kMinibatches);
    const torch::Tensor shown =
        torch::stack(minibatches).view({kRollouts, kEpochs, kMinibatches * kSize});

    torch::Tensor orders = shown.flatten(0, 1);  // [permutations, what they permute]
    if (!samples) {
      const torch::Tensor neighbours = shown.view({-1, kSize});
      EXPECT_TRUE(torch::equal(neighbours, neighbours.slice(1, 0, 1) + torch::arange(kSize)));
      EXPECT_TRUE(torch::equal(shown, shown.slice(1, 0, 1).expand_as(shown)));
      orders = shown.select(1, 0).slice(1, 0, at::nullopt, kSize).floor_divide(kSize);
    }
    const torch::Tensor in_place = torch::arange(orders.size(1)).expand_as(orders);
    EXPECT_TRUE(torch::equal(std::get<0>(orders.sort(1)), in_place));
    EXPECT_NEAR((orders == in_place).sum(1).to(torch::kFloat64).mean().item<double>(), 1.0,
                4.0 / std::sqrt(orders.size(0)));
    const int64_t different = std::get<0>(at::unique_dim(orders, 0)).size(0);
    if (samples) {
      EXPECT_EQ(different, orders.size(0));
    } else {
      EXPECT_GT(different, 12);  // of 24
    }
  }
}

// oracle: closed form: with plain descent the logits of a sample's state move by
// rate / n * A * (1{a} - p), A in units of the deviation of the n samples in its minibatch, and the
// value by rate / n * vf_coefficient * A as it was
TEST(PpoAgent, NormalizesAdvantagesWithinEachMinibatch) {
  constexpr double kRate = 0.1;
  PpoOptions options = kOptions;
  options.gamma = 0.9;
  options.num_epochs = 1;
  options.batch_size = 4;
  NumberedGame game(options, kRate);
  const torch::Tensor logits = game.network->logits.detach().to(torch::kFloat64);  // [N, A]
  const torch::Tensor values = game.network->values.detach().to(torch::kFloat64);  // [N]
  const int64_t rows = game.num_samples / kStreams;
  RandomStream random(1, "rewards");
  const torch::Tensor rewards = normals({rows + 1, kStreams}, random);
  std::vector<torch::Tensor> actions;
  for (int64_t t = 0; t <= rows; ++t) actions.push_back(game.step(rewards[t]).clone());
  const torch::Tensor a = torch::cat(actions).slice(0, 0, game.num_samples);  // [N]

  // the state after the last row has the first one's number
  torch::Tensor advantage = torch::empty_like(values);
  for (int64_t i = 0; i < game.num_samples; ++i) {
    double sum = 0, decay = 1;
    for (int64_t k = i; k < game.num_samples; k += kStreams, decay *= 0.9 * kLambda) {
      const int64_t next = (k + kStreams) % game.num_samples;
      const double r = rewards[k / kStreams + 1][k % kStreams].item<double>();
      sum += decay * (r + 0.9 * values[next].item<double>() - values[k].item<double>());
    }
    advantage[i] = sum;
  }

  torch::Tensor normalized = torch::empty_like(advantage);
  ASSERT_EQ(game.network->minibatches.size(), game.num_samples / 4);
  for (const torch::Tensor& minibatch : game.network->minibatches) {
    const torch::Tensor of = advantage.index_select(0, minibatch);
    const torch::Tensor centred = of - of.mean();
    normalized.index_put_({minibatch}, centred / (centred.square().sum() / 3.0).sqrt());
  }
  const torch::Tensor slope = torch::one_hot(a, kActions) - logits.softmax(1);  // of log pi(a)
  const torch::Tensor moved = logits + kRate / 4 * normalized.unsqueeze(1) * slope;
  EXPECT_TRUE(torch::allclose(game.network->logits.to(torch::kFloat64), moved, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(game.network->values.to(torch::kFloat64),
                              values + kRate / 4 * options.vf_coefficient * advantage, 1e-5, 1e-6));
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
