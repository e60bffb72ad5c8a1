#include "accumbens/run/free_running.h"

#include <gmock/gmock.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <functional>
#include <map>
#include <set>

#include "accumbens/core/error.h"
#include "accumbens/envs/single_environment.h"
#include "accumbens/run/catalogue.h"
#include "accumbens/run/experiment.h"
#include "test_files.h"

namespace accumbens {
namespace {

constexpr int64_t kStreams = 4;
constexpr int64_t kWorkers = 2;
constexpr int64_t kRowOfEvaluation = 250;

// an agent of a configuration, and workers for it
struct Scene {
  Scene(const std::string& file, const std::vector<std::string>& bindings)
      : configuration(catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/" + file}, bindings) {
    torch::set_num_threads(1);
    auto options = configuration.get<RunnerOptions>("Runner");
    options.num_environments = kStreams;
    environment = catalogue.make_environment(configuration, options);
    learner = make_agent(environment->spec(), 1);
  }

  std::unique_ptr<ActorLearner> make_agent(const EnvironmentSpec& spec, uint64_t seed) const {
    std::unique_ptr<Agent> agent =
        catalogue.make_agent(configuration, {.environment = spec, .seed = seed});
    return std::unique_ptr<ActorLearner>(dynamic_cast<ActorLearner*>(agent.release()));
  }

  FreeRunningWorkers::Worker make_worker(int64_t w) const {
    auto options = configuration.get<RunnerOptions>("Runner");
    options.num_environments = kStreams / kWorkers;
    options.seed = 100 + w;
    FreeRunningWorkers::Worker worker;
    worker.environment = catalogue.make_environment(configuration, options);
    worker.actor = make_agent(worker.environment->spec(), 100 + w);
    return worker;
  }

  Catalogue catalogue;
  Configuration configuration;
  std::unique_ptr<Environment> environment;
  std::unique_ptr<ActorLearner> learner;
};

StateTree::Contents state_of(Agent& agent) {
  StateTree tree;
  agent.state(tree);
  return tree.contents();
}

TimeStep side_by_side(const TimeStep& a, const TimeStep& b) {
  TimeStep both = a;
  both.step_type.insert(both.step_type.end(), b.step_type.begin(), b.step_type.end());
  both.reward.insert(both.reward.end(), b.reward.begin(), b.reward.end());
  both.discount.insert(both.discount.end(), b.discount.begin(), b.discount.end());
  both.lost_life.insert(both.lost_life.end(), b.lost_life.begin(), b.lost_life.end());
  both.observation = torch::cat({a.observation, b.observation});
  return both;
}

// some agent steps between two rows
void evaluate(Agent& agent, Environment& environment) {
  agent.set_eval_mode(true);
  torch::Tensor actions = zero_actions(environment.spec());
  for (int64_t step = 0; step < 30; ++step) actions = agent.step(environment.step(actions));
  agent.set_eval_mode(false);
}

// the same without threads: each row is answered by what was learned from those before it
StateTree::Contents learned_in_turn(const Scene& scene, int64_t rows) {
  std::array<FreeRunningWorkers::Worker, kWorkers> workers{scene.make_worker(0),
                                                           scene.make_worker(1)};
  std::array<torch::Tensor, kWorkers> actions;
  for (auto& action : actions) action = zero_actions(workers[0].environment->spec());

  ActorLearner::Policy policy;
  scene.learner->publish(policy);
  for (int64_t row = 0; row < rows; ++row) {
    if (row == kRowOfEvaluation) evaluate(*scene.learner, *scene.environment);
    std::array<TimeStep, kWorkers> steps;
    std::array<ActorLearner::Answer, kWorkers> answers;
    for (int64_t w = 0; w < kWorkers; ++w) {
      steps[w] = workers[w].environment->step(actions[w]);
      workers[w].actor->follow(policy);
      answers[w] = workers[w].actor->act(steps[w]);
      actions[w] = answers[w].action;
    }
    ActorLearner::Answer both{.action = torch::cat({actions[0], actions[1]})};
    for (size_t i = 0; i < answers[0].notes.size(); ++i) {
      both.notes.push_back(torch::cat({answers[0].notes[i], answers[1].notes[i]}));
    }
    scene.learner->learn(side_by_side(steps[0], steps[1]), both);
    scene.learner->publish(policy);
  }
  return state_of(*scene.learner);
}

struct Case {
  std::string name;
  std::string file;
  std::vector<std::string> bindings;
};

class FreeRunningAgents : public testing::TestWithParam<Case> {};

// oracle: the same without threads
TEST_P(FreeRunningAgents, WithALagOfOneIsActingAndLearningInTurnAlsoAfterAnEvaluation) {
  constexpr int64_t kRows = 400;
  const StateTree::Contents expected =
      learned_in_turn(Scene(GetParam().file, GetParam().bindings), kRows);

  Scene scene(GetParam().file, GetParam().bindings);
  const StateTree::Contents begun = state_of(*scene.learner);
  FreeRunningWorkers workers({.num_workers = kWorkers, .max_lag = 1}, scene.environment->spec(),
                             [&](int64_t w, int64_t) { return scene.make_worker(w); });
  ActorLearner& learner = *scene.learner;
  FreeRunningAgent agent(std::move(scene.learner), workers);
  agent.set_eval_mode(false);
  for (int64_t row = 0; row < kRows; ++row) {
    if (row == kRowOfEvaluation) evaluate(agent, *scene.environment);
    agent.step(workers.step({}));
  }

  const StateTree::Contents actual = state_of(learner);
  EXPECT_EQ(actual.values, expected.values);
  ASSERT_EQ(actual.tensors.size(), expected.tensors.size());
  bool learned = false;
  for (const auto& [name, tensor] : expected.tensors) {
    EXPECT_TRUE(torch::equal(actual.tensors.at(name), tensor)) << name;
    const bool parameter = name.starts_with("network/");
    learned |= parameter && !torch::equal(begun.tensors.at(name), tensor);
  }
  EXPECT_TRUE(learned);
  EXPECT_EQ(agent.statistics().at("greatest_lag"), 1.0);
}

INSTANTIATE_TEST_SUITE_P(
    Agents, FreeRunningAgents,
    testing::Values(Case{"Dqn",
                         "dopamine/dqn_cartpole.gin",
                         {"DQNAgent.min_replay_history = 100", "DQNAgent.stack_size = 3"}},
                    Case{"Ddpg",
                         "literature/ddpg_pendulum.gin",
                         {"DDPGAgent.min_replay_history = 100", "Runner.num_environments = 1"}},
                    Case{"Ppo", "cleanrl/ppo.gin", {}},
                    Case{"A2c", "literature/a2c_cartpole.gin", {}}),
    [](const auto& info) { return info.param.name; });

// oracle: the learner's own parameters, also where it has not learned yet, or has just been loaded
TEST(FreeRunning, ReplicasActByTheLearnersParametersFromTheStart) {
  for (const std::string file : {"cleanrl/ppo.gin", "dopamine/dqn_cartpole.gin"}) {
    const Scene scene(file, {});
    const EnvironmentSpec& spec = scene.environment->spec();
    const auto replica = scene.make_agent(spec, 7);
    const auto parameters = [](Agent& agent) {
      std::map<std::string, torch::Tensor> of_network;
      for (const auto& [name, tensor] : state_of(agent).tensors) {
        if (name.starts_with("network/")) of_network[name] = tensor;
      }
      return of_network;
    };
    ActorLearner::Policy policy;
    for (const bool loaded : {false, true}) {
      if (loaded) {
        StateTree other(state_of(*scene.make_agent(spec, 9)));
        scene.learner->state(other);
      }
      scene.learner->publish(policy);
      replica->follow(policy);
      const auto expected = parameters(*scene.learner);
      ASSERT_FALSE(expected.empty());
      for (const auto& [name, tensor] : parameters(*replica)) {
        EXPECT_TRUE(torch::equal(tensor, expected.at(name))) << file << name << loaded;
      }
    }
  }
}

// oracle: a worker that nobody learns from is one agent step further behind with each row, until it
// has to wait
TEST(FreeRunning, LagGrowsUntilItsBound) {
  Scene scene("cleanrl/ppo.gin", {});
  FreeRunningWorkers workers({.num_workers = kWorkers, .max_lag = 5}, scene.environment->spec(),
                             [&](int64_t w, int64_t) { return scene.make_worker(w); });
  workers.start(*scene.learner);
  for (int64_t lag = 1; lag <= 5; ++lag) {
    EXPECT_EQ(workers.step({}).batch_size(), kStreams);
    EXPECT_EQ(workers.lag(), lag);
  }

  // what is published lets them go on, one row each time
  for (int64_t row = 0; row < 20; ++row) {
    workers.publish(*scene.learner);
    workers.step({});
    EXPECT_LE(workers.lag(), 5);
  }
  EXPECT_EQ(workers.greatest_lag(), 5);
}

TEST(FreeRunning, EpisodesAreCutWhereTheyLastTooLong) {
  Scene scene("cleanrl/ppo.gin", {});
  FreeRunningWorkers workers({.num_workers = kWorkers, .max_lag = 3, .max_steps_per_episode = 4},
                             scene.environment->spec(),
                             [&](int64_t w, int64_t) { return scene.make_worker(w); });
  workers.start(*scene.learner);

  // no game of CartPole is over after four agent steps
  for (int64_t row = 0; row < 30; ++row) {
    const TimeStep time_step = workers.step({});
    for (int64_t b = 0; b < kStreams; ++b) {
      EXPECT_EQ(time_step.first(b), row % 5 == 0);
      EXPECT_EQ(time_step.last(b), row % 5 == 4);
      EXPECT_EQ(time_step.discount[b], 1.0F);
    }
    workers.publish(*scene.learner);
  }
}

// an endless game, whose lives have three agent steps
class Lives final : public Environment {
 public:
  explicit Lives(EnvironmentSpec spec) : spec_(std::move(spec)) { spec_.batch_size = 1; }
  const EnvironmentSpec& spec() const override { return spec_; }
  TimeStep step(const torch::Tensor&) override {
    TimeStep time_step = empty_time_step(spec_);
    time_step.observation.zero_();
    const bool lost = of_life_ == 3;
    const bool first = of_life_ == 0;
    enter({.step_type = first  ? StepType::kFirst
                        : lost ? StepType::kLast
                               : StepType::kMid,
           .discount = lost ? 0.0F : 1.0F,
           .lost_life = lost || (first && goes_on_)},
          0, time_step);
    of_life_ = lost ? 0 : of_life_ + 1;
    goes_on_ = true;
    return time_step;
  }
  void end_episode(int64_t) override {
    of_life_ = 0;
    goes_on_ = false;
  }
  void state(StateTree&) override {}

 private:
  EnvironmentSpec spec_;
  int64_t of_life_ = 0;   // the next agent step's number in it, 0: FIRST
  bool goes_on_ = false;  // the game
};

// oracle: counted by hand; five agent steps are a life of three and two of the next, six are two
// lives
TEST(FreeRunning, TheStepLimitIsOfAGameNotOfALife) {
  const Scene scene("cleanrl/ppo.gin", {});
  EnvironmentSpec spec = scene.environment->spec();
  spec.batch_size = 1;
  for (const int64_t limit : {5, 6}) {
    FreeRunningWorkers workers({.num_workers = 1, .max_lag = 3, .max_steps_per_episode = limit},
                               spec, [&](int64_t, int64_t) {
                                 return FreeRunningWorkers::Worker{std::make_unique<Lives>(spec),
                                                                   scene.make_agent(spec, 7)};
                               });
    workers.start(*scene.learner);
    std::string seen;  // FIRST, MID and LAST, in lower case where the game goes on
    for (int64_t row = 0; row < 16; ++row) {
      const TimeStep time_step = workers.step({});
      const char type = time_step.first(0) ? 'F' : time_step.last(0) ? 'L' : 'M';
      seen += static_cast<char>(time_step.lost_life[0] ? std::tolower(type) : type);
      workers.publish(*scene.learner);
    }
    EXPECT_EQ(seen, limit == 5 ? "FMMlfMLFMMlfMLFM" : "FMMlfMMLFMMlfMML");
  }
}

// CartPole's spec, until it fails
class Failing final : public Environment {
 public:
  Failing(std::unique_ptr<Environment> environment, int64_t steps, bool fails)
      : environment_(std::move(environment)), steps_(steps), fails_(fails) {}
  const EnvironmentSpec& spec() const override { return environment_->spec(); }
  TimeStep step(const torch::Tensor& actions) override {
    if (fails_ && steps_-- == 0) throw Error("the pole has snapped");
    return environment_->step(actions);
  }
  void end_episode(int64_t stream) override { environment_->end_episode(stream); }
  void state(StateTree& tree) override { environment_->state(tree); }

 private:
  std::unique_ptr<Environment> environment_;
  int64_t steps_;
  bool fails_;
};

// @create_failing_environment: CartPole or Pendulum, which fail after some steps where `fails` says
// so of their seed
void add_failing_environment(Catalogue& catalogue, int64_t steps,
                             std::function<bool(uint64_t seed)> fails) {
  catalogue.registry.add_reference("create_failing_environment", {.summary = "fails"});
  const auto make = catalogue.environments.at("create_gym_environment").make;
  catalogue.environments["create_failing_environment"] = {
      "fails", [=](const Configuration& configuration, uint64_t seed) {
        return std::make_unique<Failing>(make(configuration, seed), steps, fails(seed));
      }};
}

// a mode and a configuration
class WorkerMode : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(WorkerMode, AWorkerThatThrowsStopsTheRunWithItsMessageAndACheckpoint) {
  torch::set_num_threads(1);
  const auto& [mode, file] = GetParam();
  const TemporaryDirectory directory;
  bool fails = true;
  Catalogue catalogue;
  add_failing_environment(catalogue, 300, [&](uint64_t) { return fails; });
  const Configuration configuration(
      catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/" + file + ".gin"},
      {"Runner.create_environment_fn = @create_failing_environment",
       "DQNAgent.min_replay_history = 50", "DDPGAgent.min_replay_history = 50",
       "Runner.num_environments = 4", "Runner.num_workers = 2", "Runner.num_iterations = 1",
       "Runner.training_steps = 2000", "Runner.worker_mode = '" + mode + "'"});
  const std::atomic<bool> stop = false;
  std::vector<std::string> said;
  const Experiment::Say say = [&](const std::string& line) { said.push_back(line); };
  try {
    Experiment(catalogue, configuration, directory.path(), say).train(stop);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the pole has snapped");
  }

  // it goes on from there
  fails = false;
  said.clear();
  Experiment experiment(catalogue, configuration, directory.path(), say);
  experiment.resume();
  ASSERT_EQ(said.size(), 1);
  EXPECT_THAT(said[0], testing::ContainsRegex("at iteration 0, agent step 1[0-9][0-9][0-9] "));
  EXPECT_EQ(experiment.train(stop), Runner::Outcome::kDone);
}

INSTANTIATE_TEST_SUITE_P(Modes, WorkerMode,
                         testing::Combine(testing::Values("lock_step", "free_running"),
                                          testing::Values("dopamine/dqn_cartpole",
                                                          "literature/ddpg_pendulum", "cleanrl/ppo",
                                                          "literature/a2c_cartpole")),
                         [](const auto& info) {
                           const std::string& file = std::get<1>(info.param);
                           return std::get<0>(info.param) + "_" + file.substr(file.find('/') + 1);
                         });

// oracle: no two draw the same numbers, nor those that were drawn before the run went on
TEST(FreeRunning, StreamsAndAgentsOfWorkersHaveSeedsOfTheirOwn) {
  torch::set_num_threads(1);
  const TemporaryDirectory directory;
  std::vector<uint64_t> of_streams, of_agents;
  Catalogue catalogue;
  auto& make_stream = catalogue.environments.at("create_gym_environment").make;
  make_stream = [&, make = make_stream](const Configuration& configuration, uint64_t seed) {
    of_streams.push_back(seed);
    return make(configuration, seed);
  };
  auto& make_agent = catalogue.agents.at("dqn").make;
  make_agent = [&, make = make_agent](const Catalogue& parts, const Configuration& configuration,
                                      const AgentContext& context) {
    of_agents.push_back(context.seed);
    return make(parts, configuration, context);
  };
  for (const std::string iterations : {"1", "2"}) {
    const Configuration configuration(
        catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/dopamine/dqn_cartpole.gin"},
        {"Runner.num_environments = 4", "Runner.num_workers = 2",
         "Runner.num_iterations = " + iterations, "Runner.training_steps = 20",
         "Runner.worker_mode = 'free_running'"});
    Experiment experiment(catalogue, configuration, directory.path(), [](const std::string&) {});
    experiment.resume();
    EXPECT_EQ(experiment.train(false), Runner::Outcome::kDone);
  }

  // of evaluation and of the learner in both parts of the run, then of the workers
  ASSERT_EQ(of_streams.size(), 2U * (4 + 4));
  ASSERT_EQ(of_agents.size(), 2U * (1 + 2));
  EXPECT_EQ(std::set(of_streams.begin(), of_streams.end()).size(), 4U + 2 * 4);
  EXPECT_EQ(std::set(of_agents.begin(), of_agents.end()).size(), 1U + 2 * 2);
}

// the run ends in the middle of an evaluation and goes on there, with other seeds, and workers that
// have not started
TEST(FreeRunning, GoesOnAfterAnEvaluationWhoseEnvironmentFailed) {
  torch::set_num_threads(1);
  const TemporaryDirectory directory;
  std::vector<uint64_t> failing;  // seeds: the first, those of evaluation
  Catalogue catalogue;
  add_failing_environment(catalogue, 30, [&](uint64_t seed) {
    if (failing.size() < kStreams) failing.push_back(seed);
    return std::ranges::find(failing, seed) != failing.end();
  });
  const Configuration configuration(
      catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/quickstart/cartpole.gin"},
      {"Runner.create_environment_fn = @create_failing_environment",
       "DQNAgent.min_replay_history = 50", "Runner.num_environments = 4", "Runner.num_workers = 2",
       "Runner.num_iterations = 1", "Runner.training_steps = 600", "Runner.evaluation_steps = 2000",
       "Runner.worker_mode = 'free_running'"});
  const std::atomic<bool> stop = false;
  std::vector<std::string> said;
  const Experiment::Say say = [&](const std::string& line) { said.push_back(line); };
  EXPECT_THROW(Experiment(catalogue, configuration, directory.path(), say).train(stop), Error);
  said.clear();
  Experiment experiment(catalogue, configuration, directory.path(), say);
  experiment.resume();
  ASSERT_EQ(said.size(), 1);
  EXPECT_THAT(said[0], testing::ContainsRegex("at iteration 0, agent step 60[0-3] "));
  EXPECT_EQ(experiment.train(stop), Runner::Outcome::kDone);
  EXPECT_THAT(read_file(directory / "results.csv"), testing::ContainsRegex("\n0,60[0-3],60[0-3],"));
}

TEST(FreeRunning, TrainsAndEvaluatesInTurnAndLogsTheLag) {
  torch::set_num_threads(1);
  const TemporaryDirectory directory;
  const Catalogue catalogue;
  const Configuration configuration(
      catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/quickstart/cartpole.gin"},
      {"DQNAgent.min_replay_history = 50", "Runner.num_environments = 4", "Runner.num_workers = 2",
       "Runner.num_iterations = 3", "Runner.training_steps = 1000", "Runner.evaluation_steps = 300",
       "Runner.worker_mode = 'free_running'", "Runner.max_lag = 7"});
  const std::atomic<bool> stop = false;
  Experiment experiment(catalogue, configuration, directory.path(), [](const std::string&) {});
  EXPECT_EQ(experiment.train(stop), Runner::Outcome::kDone);

  const std::string metrics = read_file(directory / "metrics.jsonl");
  EXPECT_THAT(metrics, testing::ContainsRegex("\"tag\":\"lag\",\"value\":[1-7]\\.0"));
  EXPECT_THAT(metrics, testing::HasSubstr("greatest_lag"));
}

// a run that goes on has filled its replay before its replicas are made
TEST(FreeRunning, ReplicasNeedNoMemoryForAReplay) {
  for (const std::string file : {"dopamine/dqn_cartpole.gin", "literature/ddpg_pendulum.gin"}) {
    const Catalogue catalogue;
    const Configuration configuration(catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/" + file},
                                      {"ReplayBuffer.max_capacity = 1_000_000_000_000"});
    const auto environment = catalogue.make_environment(
        configuration, {.create_environment_fn = {"create_gym_environment"}});
    AgentContext context{.environment = environment->spec()};
    EXPECT_THROW(catalogue.make_agent(configuration, context), ConfigError);
    context.only_acts = true;
    EXPECT_NE(catalogue.make_agent(configuration, context), nullptr);
  }
}

TEST(FreeRunning, NeedsAgentsThatActApartAndEqualShares) {
  const TemporaryDirectory directory;
  const auto message = [&](const std::vector<std::string>& bindings) {
    std::vector<std::string> all{"Runner.worker_mode = 'free_running'"};
    all.insert(all.end(), bindings.begin(), bindings.end());
    const Catalogue catalogue;
    const Configuration configuration(
        catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/dopamine/dqn_cartpole.gin"}, all);
    try {
      Experiment(catalogue, configuration, directory.path(), [](const std::string&) {});
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_THAT(message({"create_agent.wrappers = (@SignReward,)"}),
              testing::HasSubstr("without create_agent.wrappers"));
  EXPECT_THAT(message({"Runner.num_environments = 3", "Runner.num_workers = 2"}),
              testing::HasSubstr("must be a multiple of Runner.num_workers (2)"));
  EXPECT_THAT(message({"Runner.new_environment_per_iteration = True"}),
              testing::HasSubstr("new_environment_per_iteration"));
}

}  // namespace
}  // namespace accumbens
