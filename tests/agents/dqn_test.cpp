#include "accumbens/agents/dqn.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>

#include "accumbens/core/error.h"
#include "accumbens/networks/classic_control.h"
#include "agents/dqn_parts.h"
#include "agents/tabular_network.h"

namespace accumbens {
namespace {

constexpr int64_t kActions = 3;

// the parts of a small agent on observations of two numbers
DqnAgent::Parts make_parts(const DqnOptions& options, uint64_t seed = 1, int64_t num_streams = 1) {
  const ReplaySpec spec{.observation_shape = {2},
                        .observation_dtype = torch::kFloat32,
                        .stack_size = 1,
                        .update_horizon = options.update_horizon,
                        .gamma = options.gamma,
                        .padding = StackPadding::kLeadingZeros,
                        .num_streams = num_streams};
  RandomStream random(seed, "initialization");
  const ClassicControlDqnOptions network_options{.hidden_units = 8};
  auto network = std::make_shared<ClassicControlDqnNetwork>(
      network_options, 2, 1, HeadSpec{.num_actions = kActions}, random);
  auto parts = dqn_parts(network,
                         std::make_shared<ClassicControlDqnNetwork>(
                             network_options, 2, 1, HeadSpec{.num_actions = kActions}, random),
                         Optimizer("adam", {.learning_rate = 0.01}, network->parameters()),
                         Replay({.max_capacity = 100, .batch_size = 4}, spec), spec, seed);
  parts.epsilon = linearly_decaying_epsilon(20, options.min_replay_history, 0.1);
  if (options.action_fn.name != "max_action") parts.action_fn = sampled_action;
  return parts;
}

// such an agent
template <class T = DqnAgent>
std::unique_ptr<T> make_agent(DqnOptions options, DqnAgent::Parts parts) {
  options.stack_size = 1;
  return std::make_unique<T>(options, /*batch_size=*/4, kActions, torch::kCPU, std::move(parts));
}

template <class T = DqnAgent>
std::unique_ptr<T> make_agent(const DqnOptions& options, uint64_t seed = 1,
                              int64_t num_streams = 1) {
  return make_agent<T>(options, make_parts(options, seed, num_streams));
}

// episodes of five steps, with rewards that depend on the step
TimeStep time_step_at(int64_t t, float scale = 1.0F) {
  const int64_t i = t % 6;
  return {.step_type = {i == 0   ? StepType::kFirst
                        : i == 5 ? StepType::kLast
                                 : StepType::kMid},
          .reward = {scale * static_cast<float>(i)},
          .discount = {i == 5 ? 0.0F : 1.0F},
          .lost_life = {0},
          .observation = torch::tensor({{0.1F * static_cast<float>(i), 1.0F}})};
}

std::map<std::string, torch::Tensor> tensors_of(DqnAgent& agent) {
  StateTree tree;
  tree.scope("agent", [&](StateTree& t) { agent.state(t); });
  return tree.contents().tensors;
}

bool same_network(const std::map<std::string, torch::Tensor>& a,
                  const std::map<std::string, torch::Tensor>& b, const std::string& network) {
  for (const auto& [name, tensor] : a) {
    if (name.starts_with("agent/" + network + "/") && !torch::equal(tensor, b.at(name))) {
      return false;
    }
  }
  return true;
}

// oracle: Dopamine's order of things, written out: one update every update_period agent steps
// once more than min_replay_history transitions are stored; LAST is stored but is no agent step
TEST(DqnAgent, LearnsOnDopaminesSchedule) {
  auto agent = make_agent({.min_replay_history = 7, .update_period = 4, .target_update_period = 8});
  int64_t agent_steps = 0;
  int64_t transitions = 0;
  auto before = tensors_of(*agent);
  int64_t updates = 0;
  for (int64_t t = 0; t < 60; ++t) {
    const TimeStep time_step = time_step_at(t);
    if (!time_step.first(0)) ++transitions;
    agent->step(time_step);
    const auto after = tensors_of(*agent);

    bool learns = false;
    bool syncs = false;
    if (!time_step.last(0)) {
      learns = transitions > 7 && agent_steps % 4 == 0;
      syncs = transitions > 7 && agent_steps % 8 == 0;
      ++agent_steps;
    }
    updates += learns;
    EXPECT_EQ(same_network(before, after, "network"), !learns) << t;
    EXPECT_EQ(same_network(before, after, "target_network"), !syncs) << t;
    if (syncs) {
      for (const auto& [name, tensor] : after) {
        if (!name.starts_with("agent/network/")) continue;
        EXPECT_TRUE(torch::equal(tensor, after.at("agent/target_" + name.substr(6))));
      }
    }
    before = after;
  }
  EXPECT_GT(updates, 5);
}

// two streams, the second of which begins its episodes three steps later
TimeStep two_time_steps_at(int64_t t) {
  TimeStep both = time_step_at(t);
  const TimeStep other = t < 3 ? time_step_at(0) : time_step_at(t - 3);
  both.step_type.push_back(other.step_type[0]);
  both.reward.push_back(other.reward[0]);
  both.discount.push_back(other.discount[0]);
  both.lost_life.push_back(0);
  both.observation = torch::cat({both.observation, other.observation});
  return both;
}

// oracle: the agent steps of both streams, counted one by one
TEST(DqnAgent, CountsTheAgentStepsOfAllStreams) {
  for (const int64_t period : {1, 3, 4}) {
    auto agent = make_agent({.min_replay_history = 7, .update_period = period}, /*seed=*/1,
                            /*num_streams=*/2);
    int64_t agent_steps = 0;
    int64_t transitions = 0;
    int64_t updates = 0;
    for (int64_t t = 0; t < 60; ++t) {
      const TimeStep time_step = two_time_steps_at(t);
      for (int64_t b = 0; b < 2; ++b) transitions += time_step.first(b) ? 0 : 1;
      for (int64_t b = 0; b < 2; ++b) {
        if (time_step.last(b)) continue;
        if (agent_steps++ % period == 0 && transitions > 7) ++updates;
      }
      EXPECT_EQ(agent->step(time_step).size(0), 2);
      StateTree tree;
      agent->state(tree);
      ASSERT_EQ(tree.contents().values.at("optimizer/updates"), updates) << t;
    }
  }
}

// oracle: both networks and the replay, which is full enough to learn from, stay as they were
TEST(DqnAgent, NeitherStoresNorLearnsInEvaluation) {
  auto agent = make_agent({.min_replay_history = 1, .update_period = 1});
  for (int64_t t = 0; t < 18; ++t) agent->step(time_step_at(t));
  const auto before = tensors_of(*agent);
  const auto figures = agent->statistics();
  EXPECT_TRUE(figures.contains("loss"));
  agent->set_eval_mode(true);
  for (int64_t t = 0; t < 20; ++t) agent->step(time_step_at(t));
  const auto after = tensors_of(*agent);
  EXPECT_TRUE(same_network(before, after, "network"));
  EXPECT_TRUE(same_network(before, after, "target_network"));
  for (const std::string name : {"replay_size", "loss", "mean_q"}) {
    EXPECT_EQ(agent->statistics().at(name), figures.at(name)) << name;
  }
}

// oracle: the network that learns, whose buffer nobody but the test changes
TEST(DqnAgent, AReplicaHasTheBuffersOfTheNetwork) {
  const DqnOptions options{.min_replay_history = 1, .update_period = 1};
  const auto make = [&](torch::Tensor& buffer) {
    auto parts = make_parts(options);
    buffer = parts.network->register_buffer("buffer", torch::zeros({2}));
    parts.target_network->register_buffer("buffer", torch::zeros({2}));
    return make_agent(options, std::move(parts));
  };
  torch::Tensor buffer, copy;
  const auto agent = make(buffer);
  const auto replica = make(copy);
  ActorLearner::Policy policy;
  int64_t t = 0;
  for (const float number : {3.0F, 4.0F}) {
    for (int i = 0; i < 12; ++i) agent->step(time_step_at(t++));
    buffer.fill_(number);
    agent->publish(policy);
    replica->follow(policy);
    EXPECT_TRUE(torch::equal(copy, torch::full({2}, number)));
  }
}

// oracle: counting; epsilon_eval random actions, of which one in kActions is the greedy one
TEST(DqnAgent, ExploresWithTheGivenProbability) {
  auto agent = make_agent({.epsilon_eval = 0.3});
  agent->set_eval_mode(true);
  std::map<int64_t, int64_t> counts;
  const int64_t n = 6000;
  for (int64_t t = 0; t < n; ++t) {
    TimeStep time_step = time_step_at(1);
    if (t == 0) time_step.step_type = {StepType::kFirst};
    ++counts[agent->step(time_step)[0].item<int64_t>()];
  }
  int64_t most = 0;
  for (const auto& [action, count] : counts) most = std::max(most, count);
  EXPECT_EQ(counts.size(), kActions);
  EXPECT_NEAR(static_cast<double>(most) / n, 1.0 - 0.3 + 0.3 / kActions, 0.02);
}

// oracle: the uninterrupted agent
TEST(DqnAgent, ContinuesBitForBitAfterSaving) {
  const DqnOptions options{.update_horizon = 3, .min_replay_history = 7, .update_period = 2};
  auto agent = make_agent(options);
  for (int64_t t = 0; t < 45; ++t) agent->step(time_step_at(t));

  StateTree saved;
  saved.scope("agent", [&](StateTree& t) { agent->state(t); });
  auto loaded = make_agent(options, /*seed=*/99);
  StateTree tree(saved.contents());
  tree.scope("agent", [&](StateTree& t) { loaded->state(t); });
  EXPECT_EQ(agent->statistics(), loaded->statistics());

  for (int64_t t = 45; t < 150; ++t) {
    EXPECT_TRUE(torch::equal(agent->step(time_step_at(t)), loaded->step(time_step_at(t))));
  }
  EXPECT_TRUE(same_network(tensors_of(*agent), tensors_of(*loaded), "network"));
  EXPECT_EQ(agent->statistics(), loaded->statistics());
}

TEST(DqnAgent, StopsAtALossThatIsNotFinite) {
  auto agent = make_agent({.min_replay_history = 7, .update_period = 1});
  const auto train = [&] {
    for (int64_t t = 0; t < 20; ++t) {
      agent->step(time_step_at(t, std::numeric_limits<float>::infinity()));
    }
  };
  EXPECT_THROW(train(), Diverged);

  // the parameters are still usable
  for (const auto& [name, tensor] : tensors_of(*agent)) {
    if (name.starts_with("agent/network/")) {
      EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
    }
  }
}

// oracle: the value of a chain of one state, r / (1 - gamma) = 2 for gamma 0.5 and reward 1
TEST(DqnAgent, FindsTheValueOfAConstantReward) {
  auto agent = make_agent(
      {.gamma = 0.5, .min_replay_history = 10, .update_period = 1, .target_update_period = 10});
  for (int64_t t = 0; t < 1500; ++t) {
    TimeStep time_step = time_step_at(1);
    if (t == 0) time_step.step_type = {StepType::kFirst};
    agent->step(time_step);
  }
  EXPECT_NEAR(agent->statistics().at("mean_q"), 2.0, 0.05);
}

// chooses the last action in every state
class StubbornAgent final : public DqnAgent {
 public:
  using DqnAgent::DqnAgent;

 protected:
  torch::Tensor select_action(const TimeStep& time_step, const torch::Tensor& s_t) override {
    EXPECT_EQ(s_t.sizes(), (std::vector<int64_t>{1, 1, 2}));
    EXPECT_TRUE(torch::equal(s_t[0][0], time_step.observation[0]));
    EXPECT_EQ(q_values(s_t).sizes(), (std::vector<int64_t>{1, kActions}));
    return torch::full({1}, kActions - 1, torch::kInt64);
  }
};

// lets a test look at the values
struct OpenAgent final : DqnAgent {
  using DqnAgent::DqnAgent;
  using DqnAgent::q_values;
};

// oracle: the softmax of the network's own values, in training only, where one action in ten is
// random; four standard deviations
TEST(DqnAgent, DrawsActionsByTheSoftmaxOfValuesWhereAskedTo) {
  const auto agent = make_agent<OpenAgent>({.min_replay_history = 1,
                                            .update_period = 1'000'000,
                                            .target_update_period = 1'000'000,
                                            .action_fn = {"sampled_action"},
                                            .epsilon_eval = 0.0});
  constexpr int64_t kDraws = 6000;
  constexpr int64_t kBefore = 30;  // epsilon falls until then
  std::map<int64_t, int64_t> counts;
  TimeStep time_step = time_step_at(1);
  for (int64_t t = 0; t < kBefore + kDraws; ++t) {
    time_step.step_type = {t == 0 ? StepType::kFirst : StepType::kMid};
    const int64_t action = agent->step(time_step).item<int64_t>();
    if (t >= kBefore) ++counts[action];
  }
  const torch::NoGradGuard no_grad;
  const torch::Tensor q_t = agent->q_values(time_step.observation.unsqueeze(1));  // [1, A]
  const torch::Tensor softmax = q_t.softmax(1).flatten();
  for (int64_t a = 0; a < kActions; ++a) {
    const double p = 0.9 * softmax[a].item<double>() + 0.1 / kActions;
    EXPECT_NEAR(static_cast<double>(counts[a]) / kDraws, p, 4.0 * std::sqrt(p * (1.0 - p) / kDraws))
        << a;
  }
  agent->set_eval_mode(true);
  EXPECT_EQ(agent->step(time_step).item<int64_t>(), q_t.argmax().item<int64_t>());
}

// oracle: the network's own values
TEST(DqnAgent, StateValueIsTheGreatestWhereTheActionIsGreedy) {
  const TimeStep time_step = time_step_at(0);
  const auto greedy = make_agent<OpenAgent>({.epsilon_eval = 0.0});
  EXPECT_TRUE(std::isnan(greedy->state_value()));
  greedy->set_eval_mode(true);
  greedy->step(time_step);
  const torch::NoGradGuard no_grad;
  EXPECT_EQ(greedy->state_value(),
            greedy->q_values(time_step.observation.unsqueeze(1)).max().item<double>());

  const auto random = make_agent<OpenAgent>({.epsilon_eval = 1.0});
  random->set_eval_mode(true);
  random->step(time_step);
  EXPECT_TRUE(std::isnan(random->state_value()));
}

// oracle: the table, whose greatest value in state s is that of action s
TEST(DqnAgent, EachStreamActsByItsOwnState) {
  const DqnOptions options{.epsilon_eval = 0.0};
  auto parts = make_parts(options, /*seed=*/1, /*num_streams=*/2);
  const torch::Tensor table = torch::diag(torch::tensor({1.0F, 2.0F, 3.0F}));
  parts.network = std::make_shared<TabularNetwork>(HeadSpec::Kind::kValue, table);
  parts.target_network = std::make_shared<TabularNetwork>(HeadSpec::Kind::kValue, table);
  parts.epsilon = constant_epsilon(0.0);
  const auto agent = make_agent(options, std::move(parts));
  for (const bool eval : {false, true}) {
    agent->set_eval_mode(eval);
    for (int64_t t = 0; t < kActions * kActions; ++t) {
      const torch::Tensor states = torch::tensor({t / kActions, t % kActions});
      TimeStep time_step = two_time_steps_at(t > 0 ? 1 : 0);
      time_step.observation = states.to(torch::kFloat32).unsqueeze(1).repeat({1, 2});
      EXPECT_TRUE(torch::equal(agent->step(time_step), states)) << eval << " " << t;
      EXPECT_EQ(agent->state_value(), 1.0 + static_cast<double>(t / kActions));
    }
  }
}

TEST(DqnOptions, RefuseWhatDoesNotGoTogether) {
  EXPECT_THROW(DqnOptions({.separate_streams = true}).check(), ConfigError);
  EXPECT_THROW(DqnOptions({.shared_bias = true, .output_bias = false}).check(), ConfigError);
  EXPECT_NO_THROW(DqnOptions({.dueling = true, .separate_streams = true}).check());
}

// oracle: the actions in the replay, read through its own sampling of all that it was given
TEST(DqnAgent, ExecutesAndLearnsFromWhatADerivedAgentChooses) {
  const auto agent = make_agent<StubbornAgent>({.min_replay_history = 1'000});
  for (int64_t t = 0; t < 12; ++t) {
    EXPECT_EQ(agent->step(time_step_at(t)).item<int64_t>(), kActions - 1);
  }
  StateTree saved;
  saved.scope("agent", [&](StateTree& t) { agent->state(t); });

  Replay replay({.max_capacity = 100, .batch_size = 4},
                {.observation_shape = {2}, .observation_dtype = torch::kFloat32, .gamma = 0.99});
  StateTree tree(std::move(saved.contents()));
  tree.scope("agent", [&](StateTree& t) { t("replay", replay); });
  RandomStream random(1, "sampling");
  EXPECT_EQ(replay.size(), 10);
  EXPECT_TRUE((replay.sample(100, random).a_tm1 == kActions - 1).all().item<bool>());
}

}  // namespace
}  // namespace accumbens
