// what the value-based agents do with their networks and losses, on networks that are tables

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "accumbens/agents/implicit_quantile.h"
#include "accumbens/agents/munchausen.h"
#include "accumbens/agents/munchausen_iqn.h"
#include "accumbens/agents/quantile.h"
#include "accumbens/agents/rainbow.h"
#include "agents/dqn_parts.h"
#include "agents/tabular_network.h"

namespace accumbens {
namespace {

using Kind = HeadSpec::Kind;

constexpr int64_t kStates = 4;
constexpr int64_t kActions = 3;
constexpr int64_t kBatch = 5;

// an agent of tabular networks whose losses can be looked at
template <class Agent>
struct Open final : Agent {
  using Agent::Agent;

  struct Learned {
    torch::Tensor losses, priorities;
  };

  Learned look(const Batch& batch) {
    const auto result = this->losses(batch);
    return {result.losses, result.priorities};
  }
};

struct Networks {
  std::shared_ptr<TabularNetwork> online, target;
};

DqnAgent::Parts parts_of(const Networks& networks, const DqnOptions& options, double learning_rate,
                         const std::optional<PrioritizationOptions>& prioritization = {}) {
  const ReplaySpec spec{.observation_shape = {1},
                        .observation_dtype = torch::kFloat32,
                        .stack_size = 1,
                        .gamma = options.gamma};
  return dqn_parts(
      networks.online, networks.target,
      Optimizer("sgd", {.learning_rate = learning_rate}, networks.online->parameters()),
      Replay({.max_capacity = 100, .batch_size = kBatch}, spec, prioritization), spec);
}

// an agent whose online network differs from the target network, which an agent begins as
template <class Agent, class Options>
struct Maker {
  Maker(Options options, Kind kind, std::vector<int64_t> shape, torch::Tensor support = {}) {
    torch::manual_seed(3);
    options.stack_size = 1;
    const torch::Tensor target = torch::randn(shape);
    networks = {.online = std::make_shared<TabularNetwork>(kind, target, support),
                .target = std::make_shared<TabularNetwork>(kind, target, support)};
    agent = std::make_unique<Open<Agent>>(options, kBatch, kActions, torch::kCPU,
                                          parts_of(networks, options, 0.1));
    const torch::NoGradGuard no_grad;
    networks.online->parameters().front().copy_(torch::randn(shape));
  }

  Networks networks;
  std::unique_ptr<Open<Agent>> agent;
};

Batch batch() {
  return {.s_tm1 = torch::tensor({0.0F, 1.0F, 2.0F, 3.0F, 1.0F}).view({kBatch, 1, 1}),
          .a_tm1 = torch::tensor({0, 1, 2, 1, 0}),
          .r_t = torch::tensor({1.0F, -2.0F, 0.25F, 3.0F, 0.0F}),
          .discount_t = torch::tensor({0.9F, 0.9F, 0.0F, 0.81F, 0.5F}),
          .s_t = torch::tensor({3.0F, 2.0F, 1.0F, 0.0F, 0.0F}).view({kBatch, 1, 1}),
          .ids = {},
          .probabilities = {}};
}

// the numbers of a transition, in double precision
struct Transition {
  explicit Transition(int64_t i) {
    const Batch all = batch();
    s_tm1 = all.s_tm1[i].item<int64_t>();
    a_tm1 = all.a_tm1[i].item<int64_t>();
    r_t = all.r_t[i].item<double>();
    discount_t = all.discount_t[i].item<double>();
    s_t = all.s_t[i].item<int64_t>();
  }

  int64_t s_tm1, a_tm1, s_t;
  double r_t, discount_t;
};

using Row = std::vector<double>;

Row row(const torch::Tensor& tensor) {
  const torch::Tensor numbers = tensor.detach().to(torch::kFloat64).contiguous().flatten();
  const double* data = numbers.const_data_ptr<double>();
  return {data, data + numbers.numel()};
}

double mean(const Row& row) {
  return std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(row.size());
}

Row softmax(Row row) {
  double sum = 0;
  for (double& number : row) sum += number = std::exp(number);
  for (double& number : row) number /= sum;
  return row;
}

int64_t greatest(const Row& row) {
  return std::max_element(row.begin(), row.end()) - row.begin();
}

double huber(double x, double kappa) {
  return std::abs(x) <= kappa ? x * x / 2 : kappa * (std::abs(x) - kappa / 2);
}

// sum_i mean_j |tau_i - 1{target_j < quantile_i}| huber(target_j - quantile_i)
double quantile_loss(const Row& quantiles, const Row& taus, const Row& targets, double kappa) {
  double loss = 0;
  for (size_t i = 0; i < quantiles.size(); ++i) {
    for (const double target : targets) {
      const double delta = target - quantiles[i];
      loss += std::abs(taus[i] - (delta < 0 ? 1.0 : 0.0)) * huber(delta, kappa) /
              static_cast<double>(targets.size());
    }
  }
  return loss;
}

void expect_near(const torch::Tensor& actual, const Row& expected, const std::string& what) {
  const Row numbers = row(actual);
  ASSERT_EQ(numbers.size(), expected.size()) << what;
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(numbers[i], expected[i], 1e-5 * std::max(1.0, std::abs(expected[i])))
        << what << ", transition " << i;
  }
}

Row roots(Row losses) {
  for (double& loss : losses) loss = std::sqrt(loss + 1e-10);
  return losses;
}

// oracle: the paper's target in double precision, transition by transition. Trap: the greedy action
// is the target network's, unless double
TEST(DqnAgent, LearnsFromTheTargetNetworksGreedyActionUnlessDouble) {
  for (const bool double_dqn : {false, true}) {
    for (const std::string loss_type : {"mse", "huber", "clipped_gradient"}) {
      DqnOptions options;
      options.double_dqn = double_dqn;
      options.loss_type = loss_type;
      Maker<DqnAgent, DqnOptions> made(options, Kind::kValue, {kStates, kActions});
      const torch::Tensor q = made.networks.online->table(), target = made.networks.target->table();

      Row losses, priorities;
      int64_t disagreements = 0;
      torch::Tensor slope = torch::zeros({kStates, kActions}, torch::kFloat64);
      for (int64_t i = 0; i < kBatch; ++i) {
        const Transition t(i);
        const Row values = row(target[t.s_t]);
        const int64_t own = greatest(values), online = greatest(row(q[t.s_t]));
        disagreements += own != online ? 1 : 0;
        const double error = t.r_t + t.discount_t * values[double_dqn ? online : own] -
                             q[t.s_tm1][t.a_tm1].item<double>();
        losses.push_back(loss_type == "mse"     ? error * error
                         : loss_type == "huber" ? huber(error, 1.0)
                                                : error * error / 2);
        priorities.push_back(std::abs(error));
        const double by_error = loss_type == "mse" ? 2 * error : std::clamp(error, -1.0, 1.0);
        slope[t.s_tm1][t.a_tm1] -= by_error / kBatch;
      }
      ASSERT_GT(disagreements, 0);  // else double says nothing

      const std::string what = loss_type + (double_dqn ? ", double" : "");
      const auto learned = made.agent->look(batch());
      expect_near(learned.losses, losses, what);
      expect_near(learned.priorities, priorities, what);

      // the gradient is of the taken actions' values, and of nothing else
      learned.losses.mean().backward();
      expect_near(q.grad(), row(slope), what);
      EXPECT_FALSE(target.grad().defined());
    }
  }
}

// oracle: algorithm 1 of Bellemare et al. (2017) in double precision, atom by atom
TEST(RainbowAgent, LearnsFromTheDistributionOfTheGreedyAction) {
  constexpr int64_t kAtoms = 7;
  for (const bool double_dqn : {false, true}) {
    RainbowOptions options;
    options.double_dqn = double_dqn;
    options.num_atoms = kAtoms;
    options.vmin = -1.0;
    options.vmax = 2.0;
    const torch::Tensor support = torch::linspace(-1.0, 2.0, kAtoms);
    Maker<RainbowAgent, RainbowOptions> made(options, Kind::kCategorical,
                                             {kStates, kActions, kAtoms}, support);
    const torch::Tensor z = made.networks.online->table(), target = made.networks.target->table();
    const auto greedy = [&](const torch::Tensor& logits) {
      Row values;
      for (int64_t a = 0; a < kActions; ++a) {
        const Row p = softmax(row(logits[a]));
        values.push_back(std::inner_product(p.begin(), p.end(), row(support).begin(), 0.0));
      }
      return greatest(values);
    };

    Row losses;
    int64_t disagreements = 0;
    for (int64_t i = 0; i < kBatch; ++i) {
      const Transition t(i);
      const int64_t own = greedy(target[t.s_t]), online = greedy(z[t.s_t]);
      disagreements += own != online ? 1 : 0;
      const Row p_t = softmax(row(target[t.s_t][double_dqn ? online : own]));
      const Row p_tm1 = softmax(row(z[t.s_tm1][t.a_tm1]));
      double loss = 0;
      for (int64_t j = 0; j < kAtoms; ++j) {
        const double atom = -1.0 + 0.5 * static_cast<double>(j);
        const double place = (std::clamp(t.r_t + t.discount_t * atom, -1.0, 2.0) + 1.0) / 0.5;
        for (int64_t k = 0; k < kAtoms; ++k) {
          const double share = std::max(0.0, 1.0 - std::abs(place - static_cast<double>(k)));
          loss -= p_t[j] * share * std::log(p_tm1[k]);
        }
      }
      losses.push_back(loss);
    }
    ASSERT_GT(disagreements, 0);

    const auto learned = made.agent->look(batch());
    expect_near(learned.losses, losses, double_dqn ? "double" : "single");
    expect_near(learned.priorities, roots(losses), "priorities");
  }
}

// oracle: equation 10 of Dabney et al. (2018a) in double precision, pair by pair
TEST(QuantileAgent, LearnsFromTheQuantilesOfTheGreedyAction) {
  constexpr int64_t kAtoms = 4;
  for (const bool double_dqn : {false, true}) {
    QuantileOptions options;
    options.double_dqn = double_dqn;
    options.num_atoms = kAtoms;
    options.kappa = 0.5;
    Maker<QuantileAgent, QuantileOptions> made(options, Kind::kQuantile,
                                               {kStates, kActions, kAtoms});
    const torch::Tensor z = made.networks.online->table(), target = made.networks.target->table();

    Row losses;
    int64_t disagreements = 0;
    for (int64_t i = 0; i < kBatch; ++i) {
      const Transition t(i);
      const int64_t own = greatest(row(target[t.s_t].mean(-1)));
      const int64_t online = greatest(row(z[t.s_t].mean(-1)));
      disagreements += own != online ? 1 : 0;
      Row to = row(target[t.s_t][double_dqn ? online : own]);
      for (double& quantile : to) quantile = t.r_t + t.discount_t * quantile;
      losses.push_back(
          quantile_loss(row(z[t.s_tm1][t.a_tm1]), {0.125, 0.375, 0.625, 0.875}, to, options.kappa));
    }
    ASSERT_GT(disagreements, 0);

    const auto learned = made.agent->look(batch());
    expect_near(learned.losses, losses, double_dqn ? "double" : "single");
    expect_near(learned.priorities, roots(losses), "priorities");
  }
}

// the quantile function of a state and an action, at a row of fractions
Row quantiles_at(const torch::Tensor& table, int64_t s, int64_t a, const Row& taus) {
  Row quantiles;
  for (const double tau : taus) {
    quantiles.push_back(table[s][a][0].item<double>() + table[s][a][1].item<double>() * tau);
  }
  return quantiles;
}

Row values_at(const torch::Tensor& table, int64_t s, const Row& taus) {
  Row values;
  for (int64_t a = 0; a < kActions; ++a) values.push_back(mean(quantiles_at(table, s, a, taus)));
  return values;
}

// the fractions of an update are of the shapes that the options say, and nobody's are another's
void expect_own_fractions(const std::vector<torch::Tensor>& drawn,
                          const std::vector<int64_t>& counts) {
  ASSERT_EQ(drawn.size(), counts.size());
  Row all;
  for (size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ(drawn[i].sizes(), (std::vector<int64_t>{kBatch, counts[i]}));
    for (const double tau : row(drawn[i])) all.push_back(tau);
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  EXPECT_TRUE(all.front() >= 0.0 && all.back() < 1.0);
}

ImplicitQuantileOptions small_iqn(ImplicitQuantileOptions options = {}) {
  options.num_tau_samples = 5;
  options.num_tau_prime_samples = 4;
  options.num_quantile_samples = 3;
  options.kappa = 0.5;
  return options;
}

// oracle: Dabney et al. (2018b) in double precision at the fractions that were drawn: a draw of its
// own for the choice of the action, for the target and for the prediction, K, N' and N of them
TEST(ImplicitQuantileAgent, DrawsFractionsAnewForEachPartOfTheLoss) {
  for (const bool double_dqn : {false, true}) {
    ImplicitQuantileOptions options = small_iqn();
    options.double_dqn = double_dqn;
    Maker<ImplicitQuantileAgent, ImplicitQuantileOptions> made(options, Kind::kImplicitQuantile,
                                                               {kStates, kActions, 2});
    const torch::Tensor z = made.networks.online->table(), target = made.networks.target->table();
    const auto learned = made.agent->look(batch());

    // in the order of the passes: who chooses, the target, the prediction
    std::vector<torch::Tensor> own = made.networks.target->taus;
    std::vector<torch::Tensor> online = made.networks.online->taus;
    ASSERT_EQ(own.size(), double_dqn ? 1 : 2);
    ASSERT_EQ(online.size(), double_dqn ? 2 : 1);
    const torch::Tensor chosen_at = double_dqn ? online.front() : own.front();
    expect_own_fractions({chosen_at, own.back(), online.back()}, {3, 4, 5});

    Row losses;
    int64_t disagreements = 0;
    for (int64_t i = 0; i < kBatch; ++i) {
      const Transition t(i);
      const Row at = row(chosen_at[i]);
      const int64_t a_t = greatest(values_at(double_dqn ? z : target, t.s_t, at));
      disagreements += a_t != greatest(values_at(double_dqn ? target : z, t.s_t, at)) ? 1 : 0;
      Row to = quantiles_at(target, t.s_t, a_t, row(own.back()[i]));
      for (double& quantile : to) quantile = t.r_t + t.discount_t * quantile;
      const Row taus = row(online.back()[i]);
      losses.push_back(quantile_loss(quantiles_at(z, t.s_tm1, t.a_tm1, taus), taus, to, 0.5) / 0.5);
    }
    ASSERT_GT(disagreements, 0);
    expect_near(learned.losses, losses, double_dqn ? "double" : "single");
    expect_near(learned.priorities, roots(losses), "priorities");
  }
}

// the log-probabilities of the softmax policy
Row log_policy(const Row& values, double temperature) {
  Row scaled = values;
  for (double& value : scaled) value /= temperature;
  Row policy = softmax(scaled);
  for (double& p : policy) p = std::log(p);
  return policy;
}

// oracle: equation 1 of Vieillard et al. (2020) in double precision, with the target network's
// policies
TEST(MunchausenAgent, LearnsFromTheTargetNetworksSoftPolicy) {
  MunchausenOptions options;
  options.loss_type = "mse";
  options.temperature = 0.5;
  options.alpha = 0.7;
  options.clip = -0.6;
  Maker<MunchausenAgent, MunchausenOptions> made(options, Kind::kValue, {kStates, kActions});
  const torch::Tensor q = made.networks.online->table(), target = made.networks.target->table();

  Row losses, priorities;
  int64_t clipped = 0;
  for (int64_t i = 0; i < kBatch; ++i) {
    const Transition t(i);
    const double bonus = 0.5 * log_policy(row(target[t.s_tm1]), 0.5)[t.a_tm1];
    clipped += bonus < -0.6 ? 1 : 0;
    const Row values = row(target[t.s_t]);
    const Row logs = log_policy(values, 0.5);
    double value = 0;
    for (int64_t a = 0; a < kActions; ++a) {
      value += std::exp(logs[a]) * (values[a] - 0.5 * logs[a]);
    }
    const double error = t.r_t + 0.7 * std::clamp(bonus, -0.6, 0.0) + t.discount_t * value -
                         q[t.s_tm1][t.a_tm1].item<double>();
    losses.push_back(error * error);
    priorities.push_back(std::abs(error));
  }
  ASSERT_TRUE(clipped > 0 && clipped < kBatch);

  const auto learned = made.agent->look(batch());
  expect_near(learned.losses, losses, "losses");
  expect_near(learned.priorities, priorities, "priorities");
}

// oracle: the same with quantiles, at the fractions that were drawn
TEST(MunchausenIqnAgent, LearnsFromTheQuantilesOfTheSoftPolicy) {
  MunchausenIqnOptions options;
  static_cast<ImplicitQuantileOptions&>(options) = small_iqn(options);
  options.temperature = 0.5;
  options.alpha = 0.7;
  options.clip = -0.6;
  Maker<MunchausenIqnAgent, MunchausenIqnOptions> made(options, Kind::kImplicitQuantile,
                                                       {kStates, kActions, 2});
  const torch::Tensor z = made.networks.online->table(), target = made.networks.target->table();
  const auto learned = made.agent->look(batch());

  // in the order of the passes: the policies of both states, the target, the prediction
  const std::vector<torch::Tensor> own = made.networks.target->taus;
  const std::vector<torch::Tensor> online = made.networks.online->taus;
  ASSERT_EQ(own.size(), 3);
  ASSERT_EQ(online.size(), 1);
  expect_own_fractions({own[0], own[1], own[2], online[0]}, {3, 3, 4, 5});

  Row losses;
  for (int64_t i = 0; i < kBatch; ++i) {
    const Transition t(i);
    const Row before = log_policy(values_at(target, t.s_tm1, row(own[0][i])), 0.5);
    const Row after = log_policy(values_at(target, t.s_t, row(own[1][i])), 0.5);
    const double bonus = 0.7 * std::clamp(0.5 * before[t.a_tm1], -0.6, 0.0);
    Row to(4, t.r_t + bonus);
    for (int64_t a = 0; a < kActions; ++a) {
      const Row quantiles = quantiles_at(target, t.s_t, a, row(own[2][i]));
      for (size_t j = 0; j < to.size(); ++j) {
        to[j] += t.discount_t * std::exp(after[a]) * (quantiles[j] - 0.5 * after[a]);
      }
    }
    const Row taus = row(online[0][i]);
    losses.push_back(quantile_loss(quantiles_at(z, t.s_tm1, t.a_tm1, taus), taus, to, 0.5) / 0.5);
  }
  expect_near(learned.losses, losses, "losses");
}

// a stream that never ends, through the states in turn
TimeStep time_step_at(int64_t t) {
  return {.step_type = {t == 0 ? StepType::kFirst : StepType::kMid},
          .reward = {1.0F},
          .discount = {1.0F},
          .lost_life = {0},
          .observation = torch::full({1, 1}, static_cast<float>(t % kStates))};
}

// its losses are the values of the first action, and it remembers its batch
struct ScriptedAgent final : DqnAgent {
  using DqnAgent::DqnAgent;

  Losses losses(const Batch& of) override {
    batches.push_back(of);
    const torch::Tensor q_tm1 = network().forward(of.s_tm1).q_values;
    const torch::Tensor losses = q_tm1.select(1, 0);
    return {.losses = losses, .priorities = of.s_tm1.flatten() + 2.0, .q_tm1 = q_tm1};
  }

  std::vector<Batch> batches;
};

// oracle: Schaul et al. (2016), algorithm 1, transition by transition: gradients weighted by
// (1 / P)^beta, over their maximum, with the beta of the agent step; the new priorities are in the
// replay
TEST(DqnAgent, WeighsGradientsByTheChanceOfTheirTransitions) {
  for (const bool weighted_losses : {true, false}) {
    DqnOptions options;
    options.stack_size = 1;
    options.min_replay_history = 15;
    options.update_period = 10;
    options.weighted_losses = weighted_losses;
    const torch::Tensor table = torch::zeros({kStates, kActions});
    const Networks networks{.online = std::make_shared<TabularNetwork>(Kind::kValue, table),
                            .target = std::make_shared<TabularNetwork>(Kind::kValue, table)};
    auto parts = parts_of(networks, options, /*learning_rate=*/1.0,
                          PrioritizationOptions{.priority_exponent = 0.5});
    parts.importance_exponent = [](int64_t step) { return 0.02 * static_cast<double>(step); };
    ScriptedAgent agent(options, kBatch, kActions, torch::kCPU, std::move(parts));

    // the second update has transitions of unequal chances; then one time step later
    torch::Tensor before;
    for (int64_t t = 0; t <= 30; ++t) {
      if (agent.batches.size() == 1) before = networks.online->table().detach().clone();
      agent.step(time_step_at(t));
    }
    ASSERT_EQ(agent.batches.size(), 2);
    const Batch& last = agent.batches.back();
    const Row probabilities = row(last.probabilities);
    ASSERT_GT(*std::max_element(probabilities.begin(), probabilities.end()),
              1.2 * *std::min_element(probabilities.begin(), probabilities.end()));

    Row weights;
    for (const double p : probabilities) weights.push_back(std::pow(1.0 / p, 0.02 * 30));
    const double greatest_weight = *std::max_element(weights.begin(), weights.end());
    torch::Tensor expected = before.to(torch::kFloat64);
    for (int64_t i = 0; i < kBatch; ++i) {
      const double weight = weighted_losses ? weights[i] / greatest_weight : 1.0;
      expected[last.s_tm1[i].item<int64_t>()][0] -= weight / kBatch;
    }
    expect_near(networks.online->table(), row(expected), "parameters");

    // priorities of 2 to 5 by state, to the exponent; new transitions have the greatest
    StateTree tree;
    agent.state(tree);
    const torch::Tensor stored = tree.contents().tensors.at("replay/prioritization/weights");
    for (int64_t i = 0; i < kBatch; ++i) {
      EXPECT_FLOAT_EQ(stored[last.ids[i]].item<float>(),
                      std::sqrt(last.s_tm1[i].item<float>() + 2.0F));
    }
    EXPECT_EQ(agent.statistics().at("importance_exponent"), 0.02 * 31);
  }
}

// oracle: Fortunato et al. (2018), Hessel et al. (2018): noise of its own for each pass of an
// update and each action in training; in evaluation none, unless asked for (DQN Zoo)
TEST(DqnAgent, DrawsNoiseForEveryPassThatNeedsIt) {
  for (const bool noisy_eval : {false, true}) {
    DqnOptions options;
    options.noisy = true;
    options.noisy_eval = noisy_eval;
    options.double_dqn = true;
    options.epsilon_eval = 0.0;
    Maker<DqnAgent, DqnOptions> made(options, Kind::kValue, {kStates, kActions});
    TabularNetwork& online = *made.networks.online;
    TabularNetwork& target = *made.networks.target;

    made.agent->look(batch());
    EXPECT_EQ(online.with_new_noise, 2);  // of s_t for double, and of s_tm1
    EXPECT_EQ(target.with_new_noise, 1);
    for (int64_t t = 0; t < 7; ++t) made.agent->step(time_step_at(t));
    EXPECT_EQ(online.with_new_noise, 2 + 7);
    EXPECT_EQ(online.with_old_noise + online.without_noise, 0);
    EXPECT_EQ(target.with_old_noise + target.without_noise, 0);

    made.agent->set_eval_mode(true);
    for (int64_t t = 0; t < 5; ++t) made.agent->step(time_step_at(t));
    EXPECT_EQ(online.with_new_noise, 2 + 7 + (noisy_eval ? 5 : 0));
    EXPECT_EQ(online.without_noise, noisy_eval ? 0 : 5);
    EXPECT_EQ(online.with_old_noise, 0);

    // and training goes on with noise
    made.agent->set_eval_mode(false);
    made.agent->step(time_step_at(0));
    EXPECT_EQ(online.with_new_noise, 2 + 7 + (noisy_eval ? 5 : 0) + 1);
  }
}

}  // namespace
}  // namespace accumbens
