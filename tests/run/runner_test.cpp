#include "accumbens/run/runner.h"

#include <gmock/gmock.h>

#include <cctype>
#include <limits>
#include <map>
#include <string>
#include <tuple>

#include "accumbens/core/error.h"
#include "accumbens/core/random.h"
#include "accumbens/envs/classic_control/cart_pole.h"
#include "accumbens/envs/single_environment.h"
#include "accumbens/envs/vector_environment.h"
#include "accumbens/run/catalogue.h"

namespace accumbens {
namespace {

// pushes the carts at random
class RandomAgent final : public Agent {
 public:
  torch::Tensor step(const TimeStep& time_step) override {
    return torch::full({time_step.batch_size()}, random_.below(2), torch::kInt64);
  }
  void set_eval_mode(bool now) override { eval_mode = now; }
  std::map<std::string, double> statistics() const override { return {}; }
  void state(StateTree& tree) override { tree("random", random_); }

  bool eval_mode = false;

 private:
  RandomStream random_{1, "actions"};
};

// what happened, step by step; stops after some of them
struct Recorder final : Observer {
  void on_step(const Position& position, const TimeStep& time_step, const Agent&) override {
    steps.emplace_back(position.iteration, position.phase == Phase::kEval, time_step.first(0),
                       time_step.observation[0][0].item<float>());
    if (static_cast<int64_t>(steps.size()) == stop_after) stop = true;
  }
  void on_episode(const Position&, const Episode& episode) override {
    episodes.emplace_back(episode.phase == Phase::kEval, episode.length, episode.episode_return);
  }

  std::vector<std::tuple<int64_t, bool, bool, float>> steps;  // iteration, eval, FIRST, position
  std::vector<std::tuple<bool, int64_t, double>> episodes;    // eval, length, return
  int64_t stop_after = -1;
  std::atomic<bool> stop = false;
};

const RunnerOptions kLikeDqnZoo{.num_iterations = 2,
                                .training_steps = 30,
                                .evaluation_steps = 20,
                                .max_steps_per_episode = std::nullopt,
                                .evaluate_before_training = true,
                                .new_environment_per_iteration = true};

std::unique_ptr<Environment> environment_of(const std::string& name) {
  return std::make_unique<CartPole>(/*max_episode_steps=*/500,
                                    /*seed=*/RandomStream(1, name).bits());
}

// one run, which can be stopped, and continued by another
struct Experimenter {
  std::unique_ptr<Environment> environment = environment_of("iteration/0");
  RandomAgent agent;
  Recorder recorder;
  Runner runner{kLikeDqnZoo, /*evaluate=*/true, *environment, agent, {&recorder}, environment_of};

  Runner::Outcome go() {
    return runner.run(recorder.stop, [] {});
  }
};

// oracle: the loop of DQN Zoo's run_atari.py: (iteration, evaluation, agent steps)
TEST(Runner, EvaluatesBeforeTrainingAndCutsPhasesWhereTheirStepsEnd) {
  Experimenter run;
  EXPECT_EQ(run.go(), Runner::Outcome::kDone);

  std::vector<std::tuple<int64_t, bool, int64_t>> phases;
  for (const auto& [iteration, eval, first, position] : run.recorder.steps) {
    if (phases.empty() || std::get<0>(phases.back()) != iteration ||
        std::get<1>(phases.back()) != eval) {
      EXPECT_TRUE(first);
      phases.emplace_back(iteration, eval, 0);
    }
    std::get<2>(phases.back()) += first ? 0 : 1;
  }
  using P = std::tuple<int64_t, bool, int64_t>;
  EXPECT_THAT(phases, testing::ElementsAre(P{0, true, 20}, P{1, false, 30}, P{1, true, 20},
                                           P{2, false, 30}, P{2, true, 20}));
}

// oracle: the environments themselves
TEST(Runner, GivesEachIterationItsOwnEnvironment) {
  Experimenter run;
  run.go();
  int64_t iteration = -1;
  for (const auto& [of, eval, first, position] : run.recorder.steps) {
    if (of == iteration) continue;
    iteration = of;
    const std::string name = "iteration/" + std::to_string(iteration);
    const TimeStep begin = environment_of(name)->step(torch::zeros({1}, torch::kInt64));
    EXPECT_EQ(position, begin.observation[0][0].item<float>()) << iteration;
  }
  EXPECT_EQ(iteration, 2);
}

template <class T>
std::vector<T> joined(std::vector<T> some, const std::vector<T>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

// stops after each step of a run, and lets another go on
template <class Run>
void compare_with_the_uninterrupted_run() {
  Run whole;
  whole.go();
  const auto count = static_cast<int64_t>(whole.recorder.steps.size());
  for (int64_t step = 1; step < count; ++step) {
    SCOPED_TRACE("stopped after step " + std::to_string(step));
    Run begun;
    begun.recorder.stop_after = step;
    EXPECT_EQ(begun.go(), Runner::Outcome::kStopped);
    StateTree saved;
    saved("runner", begun.runner);

    Run resumed;
    StateTree tree(std::move(saved.contents()));
    tree("runner", resumed.runner);
    resumed.go();
    ASSERT_EQ(joined(begun.recorder.steps, resumed.recorder.steps), whole.recorder.steps);
    ASSERT_EQ(joined(begun.recorder.episodes, resumed.recorder.episodes), whole.recorder.episodes);
  }
}

// oracle: the uninterrupted run
TEST(Runner, GoesOnExactlyFromAnyStepWithNewEnvironments) {
  compare_with_the_uninterrupted_run<Experimenter>();
}

std::unique_ptr<Environment> two_environments_of(const std::string& name) {
  std::vector<std::unique_ptr<Environment>> two;
  two.push_back(environment_of(name + "/0"));
  two.push_back(environment_of(name + "/1"));
  return std::make_unique<VectorEnvironment>(std::move(two));
}

// one run in two streams, which evaluates in an environment of its own
struct TwoStreams {
  RunnerOptions options{.num_iterations = 4, .training_steps = 15, .evaluation_steps = 50};
  std::unique_ptr<Environment> environment = two_environments_of("training");
  RandomAgent agent;
  Recorder recorder;
  Runner runner{options,
                /*evaluate=*/true, *environment,        agent,
                {&recorder},       two_environments_of, two_environments_of("evaluation")};

  Runner::Outcome go() {
    return runner.run(recorder.stop, [] {});
  }
};

// oracle: the uninterrupted run, also in episodes of training that wait for an evaluation
TEST(Runner, GoesOnExactlyFromAnyStepWhereEvaluationHasItsOwnStreams) {
  compare_with_the_uninterrupted_run<TwoStreams>();
}

// what an agent saves depends on its mode: it must be that of the phase in which a run goes on
TEST(Runner, TheAgentIsInTheModeOfThePhaseAtEveryCheckpoint) {
  const RunnerOptions options{.num_iterations = 3,
                              .training_steps = 15,
                              .evaluation_steps = 50,
                              .checkpoint_minutes = 1e-9};
  const auto environment = two_environments_of("training");
  RandomAgent agent;
  Recorder recorder;
  Runner runner(options, /*evaluate=*/true, *environment, agent, {&recorder}, two_environments_of,
                two_environments_of("evaluation"));
  std::map<bool, int64_t> checkpoints;
  runner.run(recorder.stop, [&] {
    const bool eval = runner.position().phase == Phase::kEval;
    EXPECT_EQ(agent.eval_mode, eval);
    ++checkpoints[eval];
  });
  EXPECT_GT(checkpoints[false], 15);
  EXPECT_GT(checkpoints[true], 50);
}

// CartPole, until it fails
struct Fragile final : Environment {
  explicit Fragile(int64_t steps) : left(steps) {}
  const EnvironmentSpec& spec() const override { return inner->spec(); }
  TimeStep step(const torch::Tensor& actions) override {
    if (left-- == 0) throw Error("the pole has snapped");
    return inner->step(actions);
  }
  void end_episode(int64_t stream) override { inner->end_episode(stream); }
  void state(StateTree& tree) override { inner->state(tree); }

  std::unique_ptr<Environment> inner = environment_of("first");
  int64_t left;
};

// oracle: the environment of that name, which is not the first, itself
TEST(Runner, AnEnvironmentThatFailedIsFollowedByAnother) {
  const RunnerOptions options{.num_iterations = 1, .training_steps = 100};
  Fragile fragile(/*steps=*/40);
  RandomAgent agent;
  Recorder recorder;
  Runner runner(options, /*evaluate=*/false, fragile, agent, {&recorder}, environment_of);
  EXPECT_THROW(runner.run(recorder.stop, [] {}), Error);
  const int64_t steps = runner.position().total_steps;
  StateTree saved;
  saved("runner", runner);

  Fragile again(/*steps=*/-1);
  Recorder resumed;
  Runner next(options, /*evaluate=*/false, again, agent, {&resumed}, environment_of);
  StateTree tree(std::move(saved.contents()));
  tree("runner", next);
  next.run(resumed.stop, [] {});
  const auto other = environment_of("after/" + std::to_string(steps));
  const TimeStep begin = other->step(torch::zeros({1}, torch::kInt64));
  ASSERT_FALSE(resumed.steps.empty());
  EXPECT_EQ(std::get<3>(resumed.steps.front()), begin.observation[0][0].item<float>());
  EXPECT_NE(std::get<3>(resumed.steps.front()), std::get<3>(recorder.steps.front()));
}

// one run of DQN in Gymnasium's LunarLander, whose state stays in Python
struct Lander {
  Catalogue catalogue;
  Configuration configuration{
      catalogue.registry,
      {ACCUMBENS_SOURCE_DIR "/configs/literature/dqn_lunarlander.gin"},
      {"Runner.num_iterations = 1", "Runner.training_steps = 200",
       "DQNAgent.min_replay_history = 20", "ReplayBuffer.batch_size = 8",
       "ClassicControlDQNNetwork.layer_sizes = (16,)", "ReplayBuffer.max_capacity = 2000"}};
  RunnerOptions options = configuration.get<RunnerOptions>("Runner");
  std::unique_ptr<Environment> environment = catalogue.make_environment(configuration, options);
  std::unique_ptr<Agent> agent = catalogue.make_agent(
      configuration, {.environment = environment->spec(), .seed = 1, .device = torch::kCPU});
  Recorder recorder;
  Runner runner{options, /*evaluate=*/false, *environment, *agent, {&recorder}};
};

// oracle: the other run that was resumed from the same state, and the count of answered actions
TEST(Runner, AnEpisodeThatCannotBeSavedIsCutAndWhatFollowsIsReproducible) {
  for (const int64_t step : {1, 25, 110}) {
    SCOPED_TRACE(step);
    Lander begun;
    begun.recorder.stop_after = step;
    begun.runner.run(begun.recorder.stop, [] {});
    StateTree saved;
    saved("runner", begun.runner);
    const int64_t agent_steps = begun.runner.position().agent_steps;

    Lander resumed[2];
    StateTree after[2];
    for (int i = 0; i < 2; ++i) {
      StateTree tree(saved.contents());
      tree("runner", resumed[i].runner);
      EXPECT_EQ(resumed[i].runner.position().agent_steps, agent_steps);
      resumed[i].runner.run(resumed[i].recorder.stop, [] {});

      // an episode begins, and no transition is made of the end of one and the start of another
      EXPECT_TRUE(std::get<2>(resumed[i].recorder.steps.front()));
      EXPECT_EQ(resumed[i].agent->statistics().at("replay_size"),
                resumed[i].runner.position().agent_steps);
      after[i]("agent", *resumed[i].agent);
    }
    EXPECT_NE(resumed[0].recorder.steps.front(), begun.recorder.steps.front());
    EXPECT_EQ(resumed[0].recorder.steps, resumed[1].recorder.steps);
    for (const auto& [name, tensor] : after[0].contents().tensors) {
      EXPECT_TRUE(torch::equal(tensor, after[1].contents().tensors.at(name))) << name;
    }
  }
}

// streams whose games and lives have so many steps, which earn these rewards in turn
class Clocks final : public Environment {
 public:
  explicit Clocks(std::vector<int64_t> lengths = {2, 3, 7}, int64_t life = 100,
                  std::vector<float> rewards = {1})
      : lengths_(std::move(lengths)),
        life_(life),
        rewards_(std::move(rewards)),
        steps_(lengths_.size(), 0),
        begins_(lengths_.size(), true) {
    spec_.batch_size = static_cast<int64_t>(lengths_.size());
  }
  const EnvironmentSpec& spec() const override { return spec_; }
  TimeStep step(const torch::Tensor&) override {
    TimeStep all = empty_time_step(spec_);
    all.observation.zero_();
    for (int64_t b = 0; b < spec_.batch_size; ++b) enter(step_of(b), b, all);
    return all;
  }
  void end_episode(int64_t stream) override {
    steps_[stream] = 0;
    begins_[stream] = true;
  }
  void state(StateTree&) override {}

 private:
  StreamStep step_of(int64_t b) {
    if (begins_[b]) {
      begins_[b] = false;
      return {.lost_life = steps_[b] > 0};
    }
    const float reward = rewards_[steps_[b]++ % rewards_.size()];
    if (steps_[b] == lengths_[b]) {
      end_episode(b);
      return {StepType::kLast, reward, /*discount=*/0};
    }
    begins_[b] = steps_[b] % life_ == 0;
    if (begins_[b]) return {StepType::kLast, reward, /*discount=*/0, /*lost_life=*/1};
    return {StepType::kMid, reward};
  }

  EnvironmentSpec spec_{
      .name = "clocks", .observation_shape = {1}, .num_actions = 2, .frames_per_step = 4};
  std::vector<int64_t> lengths_;
  int64_t life_;
  std::vector<float> rewards_;
  std::vector<int64_t> steps_;  // [B], of the game
  std::vector<bool> begins_;    // [B], whether the next step is FIRST
};

// looks at the first stream
class IdleAgent final : public Agent {
 public:
  torch::Tensor step(const TimeStep& time_step) override {
    const char last = time_step.discount[0] == 0 ? 'T' : 'L';
    const char type = time_step.first(0) ? 'F' : time_step.last(0) ? last : 'M';
    seen += static_cast<char>(time_step.lost_life[0] ? std::tolower(type) : type);
    rewards.push_back(time_step.reward[0]);
    if (rewards.size() == 1000) throw Error("the run does not end");
    return torch::zeros({time_step.batch_size()}, torch::kInt64);
  }
  void set_eval_mode(bool) override {}
  std::map<std::string, double> statistics() const override { return {}; }
  void state(StateTree&) override {}

  std::string seen;  // FIRST, MID, LAST, or termination (T); in lower case where the game goes on
  std::vector<float> rewards;
};

struct Episodes final : Observer {
  void on_step(const Position&, const TimeStep& time_step, const Agent&) override {
    rewards.push_back(time_step.reward[0]);
  }
  void on_episode(const Position&, const Episode& episode) override {
    EXPECT_EQ(episode.episode_return, static_cast<double>(episode.length));
    (episode.phase == Phase::kTrain ? train : eval).push_back(episode.length);
  }
  void on_iteration(const Position& position) override {
    train_steps = position.train.agent_steps;
    eval_steps = position.eval.agent_steps;
  }

  std::vector<float> rewards;        // of the first stream
  std::vector<int64_t> train, eval;  // lengths
  int64_t train_steps = 0, eval_steps = 0;
};

// oracle: counted by hand; a time step is an agent step of each stream but those that begin
TEST(Runner, SeveralStreamsTrainWithoutWaitingAndEvaluateWholeEpisodes) {
  Clocks clocks;
  IdleAgent agent;
  Episodes episodes;
  const RunnerOptions options{.num_iterations = 1, .training_steps = 6, .evaluation_steps = 8};
  Runner runner(options, /*evaluate=*/true, clocks, agent, {&episodes});
  std::atomic<bool> stop = false;
  runner.run(stop, [] {});

  // the first time step begins all, the second and third are 6 steps
  EXPECT_EQ(episodes.train_steps, 6);
  EXPECT_THAT(episodes.train, testing::ElementsAre(2));

  // after 3 time steps 8 steps are done and one stream at its end: the others go on to theirs
  EXPECT_THAT(episodes.eval, testing::UnorderedElementsAre(2, 3, 2, 7));
  EXPECT_EQ(episodes.eval_steps, 2 + 3 + 2 + 7);
}

// oracle: the same without evaluation
TEST(Runner, EpisodesOfSeveralStreamsGoOnAfterEvaluationElsewhere) {
  const auto lengths = [](bool evaluate) {
    Clocks clocks;
    IdleAgent agent;
    Episodes episodes;
    const RunnerOptions options{.num_iterations = 10, .training_steps = 6, .evaluation_steps = 8};
    Runner runner(options, evaluate, clocks, agent, {&episodes}, {},
                  evaluate ? std::make_shared<Clocks>() : nullptr);
    std::atomic<bool> stop = false;
    runner.run(stop, [] {});
    EXPECT_EQ(episodes.eval.empty(), !evaluate);
    return episodes.train;
  };
  EXPECT_THAT(lengths(false), testing::IsSupersetOf({2, 3, 7}));
  EXPECT_EQ(lengths(true), lengths(false));
}

// oracle: as many of each stream; the first five to end would be 2, 3, 2, 3 and 2
TEST(Runner, EvaluatesAsManyEpisodesOfEachStream) {
  Clocks clocks;
  IdleAgent agent;
  Episodes episodes;
  Runner runner({}, /*evaluate=*/true, clocks, agent, {&episodes});
  std::atomic<bool> stop = false;
  runner.evaluate(5, stop);
  EXPECT_THAT(episodes.eval, testing::UnorderedElementsAre(2, 2, 3, 3, 7));
}

// a whole run in clocks
struct ClocksRun {
  ClocksRun(const RunnerOptions& options, Clocks in, bool evaluate = false)
      : clocks(std::move(in)), runner(options, evaluate, clocks, agent, {&episodes}) {
    runner.run(stop, [this] { checkpoints.push_back(runner.position().total_steps); });
  }

  Clocks clocks;
  IdleAgent agent;
  Episodes episodes;
  std::vector<int64_t> checkpoints;  // agent steps at each
  const std::atomic<bool> stop = false;
  Runner runner;
};

// oracle: Dopamine's protocol, in which a phase ends with an episode; counted by hand
TEST(Runner, CutsEpisodesAtTheStepLimitAndEndsThePhasesOfASingleStreamWithThem) {
  const ClocksRun run({.num_iterations = 2, .training_steps = 6, .max_steps_per_episode = 4},
                      Clocks({7}));
  EXPECT_EQ(run.agent.seen, "FMMMLFMMMLFMMMLFMMML");
  EXPECT_THAT(run.episodes.train, testing::ElementsAre(4, 4, 4, 4));
  EXPECT_EQ(run.episodes.train_steps, 8);
}

// oracle: Atari's protocol, in which a life is an episode to the agent only; counted by hand
TEST(Runner, EpisodesGoOnAfterALostLife) {
  const ClocksRun run({.num_iterations = 2, .training_steps = 2}, Clocks({7}, /*life=*/3));
  EXPECT_EQ(run.agent.seen, "FMMtfMMtfTFMMtfMMtfT");
  EXPECT_THAT(run.episodes.train, testing::ElementsAre(7, 7));
}

// as where firing, with which a life begins, ends the game
struct EndsBetweenLives final : Observer {
  explicit EndsBetweenLives(Clocks& in) : clocks(in) {}
  void on_step(const Position&, const TimeStep& time_step, const Agent&) override {
    if (time_step.last(0) && time_step.lost_life[0]) clocks.end_episode(0);
  }
  Clocks& clocks;
};

// oracle: OpenAI's baselines, whose monitor is below the lives and counts such a game
TEST(Runner, AGameThatEndsWhileItsNextLifeBeginsIsCounted) {
  Clocks clocks({7}, /*life=*/3);
  IdleAgent agent;
  Episodes episodes;
  EndsBetweenLives ends(clocks);
  Runner runner({.num_iterations = 1, .training_steps = 9}, /*evaluate=*/false, clocks, agent,
                {&episodes, &ends});
  const std::atomic<bool> stop = false;
  runner.run(stop, [] {});
  EXPECT_EQ(agent.seen, "FMMtFMMtFMMtF");
  EXPECT_THAT(episodes.train, testing::ElementsAre(3, 3, 3));
}

// oracle: the only game with an end; the environment saves nothing, as workers that run freely
TEST(Runner, AGameThatIsDroppedBetweenLivesIsNotCounted) {
  const RunnerOptions options{.num_iterations = 1, .training_steps = 9};
  Clocks clocks({7}, /*life=*/3);
  IdleAgent agent;
  Recorder recorder;
  recorder.stop_after = 4;
  Runner runner(options, /*evaluate=*/false, clocks, agent, {&recorder});
  runner.run(recorder.stop, [] {});
  EXPECT_EQ(agent.seen, "FMMt");
  StateTree saved;
  saved("runner", runner);

  Clocks anew({7}, /*life=*/3);
  Recorder resumed;
  Runner next(options, /*evaluate=*/false, anew, agent, {&resumed});
  StateTree tree(std::move(saved.contents()));
  tree("runner", next);
  next.run(resumed.stop, [] {});
  EXPECT_EQ(agent.seen, "FMMtFMMtfMMtfT");
  EXPECT_THAT(resumed.episodes, testing::ElementsAre(std::tuple(false, 7, 7.0)));
}

// oracle: the reward before it, which is learned from
TEST(Runner, ARewardThatIsNotFiniteIsAFailureOfTheEnvironment) {
  Clocks clocks({7}, /*life=*/100, {1, std::numeric_limits<float>::quiet_NaN()});
  IdleAgent agent;
  Runner runner({.num_iterations = 1, .training_steps = 9}, /*evaluate=*/false, clocks, agent, {});
  const std::atomic<bool> stop = false;
  std::string message;
  try {
    runner.run(stop, [] {});
  } catch (const Error& error) {
    message = error.what();
  }
  EXPECT_THAT(message, testing::HasSubstr("clocks gave the reward nan"));
  EXPECT_TRUE(runner.environment_failed());
  EXPECT_EQ(agent.rewards, std::vector<float>({0, 1}));
}

// oracle: the game that follows is another
TEST(Runner, TheStepLimitEndsTheGameAlsoWhereALifeIsLost) {
  const ClocksRun run({.num_iterations = 2, .training_steps = 2, .max_steps_per_episode = 6},
                      Clocks({7}, /*life=*/3));
  EXPECT_EQ(run.agent.seen, "FMMtfMMTFMMtfMMT");
  EXPECT_THAT(run.episodes.train, testing::ElementsAre(6, 6));
}

// oracle: Dopamine's clipping; observers and returns (see Episodes) have the raw rewards
TEST(Runner, OnlyTheAgentSeesClippedRewards) {
  for (const bool clip : {true, false}) {
    const ClocksRun run({.num_iterations = 1, .training_steps = 3, .clip_rewards = clip},
                        Clocks({3}, /*life=*/100, {5, -2.5, 0.5}));
    EXPECT_THAT(run.episodes.train, testing::ElementsAre(3));
    EXPECT_THAT(run.episodes.rewards, testing::ElementsAre(0, 5, -2.5, 0.5));
    EXPECT_EQ(run.agent.rewards, clip ? std::vector<float>({0, 1, -1, 0.5}) : run.episodes.rewards);
  }
}

// oracle: any step takes longer than no time, and none an age
TEST(Runner, CheckpointsFallBetweenStepsWhenTheyAreDueAndBetweenIterations) {
  const auto checkpoints = [](double minutes) {
    const RunnerOptions options{
        .num_iterations = 2, .training_steps = 3, .checkpoint_minutes = minutes};
    return ClocksRun(options, Clocks({3})).checkpoints;
  };
  EXPECT_THAT(checkpoints(1e-12), testing::ElementsAre(0, 1, 2, 3, 3, 3, 4, 5, 6, 6));
  EXPECT_THAT(checkpoints(1e12), testing::ElementsAre(3, 6));
}

// oracle: an agent step of clocks has 4 frames; iterations have 7 steps of training, 14 of
// evaluation
TEST(Runner, CountsTheFramesOfTraining) {
  const ClocksRun run({.num_iterations = 2, .training_steps = 6, .evaluation_steps = 8},
                      Clocks({7}), /*evaluate=*/true);
  const Position& position = run.runner.position();
  EXPECT_EQ(position.agent_steps, 2 * 7);
  EXPECT_EQ(position.frames, 4 * position.agent_steps);
  EXPECT_EQ(position.total_steps, 2 * (7 + 14));
}

// oracle: a single environment of the same seed, and that no two streams begin alike
TEST(Runner, StreamsHaveSeedsOfTheirOwnTheFirstThatOfASingleEnvironment) {
  const Catalogue catalogue;
  const Configuration configuration(
      catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/dopamine/dqn_cartpole.gin"}, {});
  const auto begin = [&](int64_t seed, int64_t num_environments) {
    auto options = configuration.get<RunnerOptions>("Runner");
    options.seed = seed;
    options.num_environments = num_environments;
    const auto environment = catalogue.make_environment(configuration, options);
    return environment->step(zero_actions(environment->spec())).observation;
  };
  const torch::Tensor all = torch::cat({begin(1, 3), begin(2, 3)});
  EXPECT_TRUE(torch::equal(all.slice(0, 0, 1), begin(1, 1)));
  EXPECT_TRUE(torch::equal(all.slice(0, 3, 4), begin(2, 1)));
  EXPECT_EQ(std::get<0>(torch::unique_dim(all, 0)).size(0), 6);
}

}  // namespace
}  // namespace accumbens
