#include "app/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "accumbens/core/random.h"
#include "accumbens/run/checkpointer.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kConfigs = ACCUMBENS_SOURCE_DIR "/configs/";

class ProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / ("accumbens-program-" + std::to_string(getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::string> train(const std::string& run, const std::string& config,
                                 const std::vector<std::string>& bindings) const {
    std::vector<std::string> arguments{"train", "--base_dir=" + (folder_ / run).string(),
                                       "--gin_files", config, "--gin_bindings"};
    arguments.insert(arguments.end(), bindings.begin(), bindings.end());
    return arguments;
  }

  // runs to the end
  struct Result {
    int code;
    std::string output;
  };
  Result run(const std::vector<std::string>& arguments,
             rlim_t file_size_limit = RLIM_INFINITY) const {
    Program program(arguments, folder_ / "output", file_size_limit);
    const int code = program.wait();
    return {code, program.output()};
  }

  // three iterations at once equal one and, in another process, two more
  void go_on_after_an_iteration(const std::string& whole, const std::string& parts,
                                const std::string& config,
                                std::vector<std::string> bindings) const {
    bindings.push_back("Runner.num_iterations = 1");
    ASSERT_EQ(run(train(parts, config, bindings)).code, 0);
    bindings.back() = "Runner.num_iterations = 3";
    ASSERT_EQ(run(train(parts, config, bindings)).code, 0);
    const Result result = run(train(whole, config, bindings));
    ASSERT_EQ(result.code, 0) << result.output;
    expect_same(whole, parts);
  }

  // a test of many runs holds one at a time: their networks would fill a small disk
  void forget(const std::string& run) const { fs::remove_all(folder_ / run); }

  // results.csv without the last two columns, which are times
  std::string results(const std::string& run) const {
    std::ifstream file(folder_ / run / "results.csv");
    std::string text;
    for (std::string line; std::getline(file, line);) {
      for (int i = 0; i < 2; ++i) line.resize(line.rfind(','));
      text += line + '\n';
    }
    return text;
  }

  // dqn_zoo.csv without its frame rates, which are times
  std::string zoo_results(const std::string& run) const {
    std::istringstream file(text(run, "dqn_zoo.csv"));
    std::string kept;
    for (std::string line; std::getline(file, line);) {
      std::istringstream cells(line);
      std::string cell;
      for (int i = 0; std::getline(cells, cell, ','); ++i) {
        if (i != 6 && i != 7) kept += cell + ',';
      }
      kept += '\n';
    }
    return kept;
  }

  std::string text(const std::string& run, const std::string& name) const {
    std::ifstream file(folder_ / run / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  StateTree::Contents final_state(const std::string& run) const {
    Checkpointer checkpointer(folder_ / run / "checkpoints");
    auto loaded = checkpointer.read_newest([](const std::string& text) { FAIL() << text; });
    return std::move(loaded.value().contents);
  }

  // two runs ended in the same state, times aside
  void expect_same(const std::string& a, const std::string& b) const {
    EXPECT_EQ(results(a), results(b));
    EXPECT_FALSE(results(a).empty());
    EXPECT_EQ(text(a, "episodes.csv"), text(b, "episodes.csv"));
    EXPECT_EQ(text(a, "metrics.jsonl"), text(b, "metrics.jsonl"));

    const StateTree::Contents left = final_state(a);
    const StateTree::Contents right = final_state(b);
    ASSERT_EQ(left.tensors.size(), right.tensors.size());
    for (const auto& [name, tensor] : left.tensors) {
      if (name.find("observer") != std::string::npos) continue;  // the name of an event file
      EXPECT_TRUE(torch::equal(tensor, right.tensors.at(name))) << name;
    }
    ASSERT_EQ(left.frozen.size(), right.frozen.size());
    for (const auto& [name, frozen] : left.frozen) {
      EXPECT_TRUE(torch::equal(frozen.data, right.frozen.at(name).data)) << name;
    }
    for (const auto& [name, value] : left.values.items()) {
      if (name.find("seconds") != std::string::npos) continue;
      if (name.find("observer") != std::string::npos) continue;  // sizes of files
      EXPECT_EQ(value, right.values.at(name)) << name;
    }
  }

  // kills a run ten times at random moments; whenever it comes to its end, it must be the whole
  // one, and starts anew
  void kill_and_resume(const std::string& config, const std::vector<std::string>& bindings,
                       double seconds, RandomStream& random) const {
    ASSERT_EQ(run(train("whole", config, bindings)).code, 0);
    const std::vector<std::string> arguments = train("killed", config, bindings);
    for (int kills = 0; kills < 10;) {
      Program program(arguments, folder_ / "output");
      std::this_thread::sleep_for(std::chrono::duration<double>(random.uniform(0.2, seconds)));
      program.signal(SIGKILL);
      const int code = program.wait();
      if (code == 128 + SIGKILL) {
        ++kills;
      } else {
        ASSERT_EQ(code, 0) << program.output();
        expect_same("whole", "killed");
        fs::remove_all(folder_ / "killed");
      }
    }
    const Result result = run(arguments);
    ASSERT_EQ(result.code, 0) << result.output;
    expect_same("whole", "killed");
  }

  // kills a run twice, each time when it has just saved another checkpoint, and lets it go on to
  // its end, which must be that of the whole one
  void kill_after_checkpoints(const std::string& whole, const std::string& killed,
                              const std::string& config, std::vector<std::string> bindings) const {
    for (const char* binding : {"Runner.num_iterations = 3", "Runner.num_threads = 1",
                                "Runner.checkpoint_minutes = 0.001"}) {
      bindings.emplace_back(binding);
    }
    Result result = run(train(whole, config, bindings));
    ASSERT_EQ(result.code, 0) << result.output;

    // on another number of threads, which must not matter
    bindings.emplace_back("Runner.num_workers = 2");
    const std::vector<std::string> arguments = train(killed, config, bindings);
    for (int kills = 0; kills < 2; ++kills) {
      const std::set<fs::path> before = checkpoints(killed);
      Program program(arguments, folder_ / "output");
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
      while (checkpoints(killed) == before && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      program.signal(SIGKILL);
      ASSERT_EQ(program.wait(), 128 + SIGKILL) << program.output();
    }
    result = run(arguments);
    ASSERT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("at iteration "));
    expect_same(whole, killed);
  }

  // whole ones have lost .tmp from their names
  std::set<fs::path> checkpoints(const std::string& run) const {
    std::set<fs::path> names;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder_ / run / "checkpoints", missing)) {
      const std::string name = entry.path().filename();
      if (name.starts_with("ckpt.") && !name.ends_with(".tmp")) names.insert(entry.path());
    }
    return names;
  }

  fs::path folder_;
};

const std::vector<std::string> kShortCartPole{"Runner.num_iterations = 3",
                                              "Runner.training_steps = 600",
                                              "Runner.evaluation_steps = 200",
                                              "DQNAgent.min_replay_history = 200",
                                              "Runner.checkpoint_minutes = 0.005",
                                              "Runner.summary_writing_frequency = 100",
                                              "Runner.num_threads = 1"};

const std::vector<std::string> kShortPong{"Runner.num_iterations = 2",
                                          "Runner.training_steps = 300",
                                          "Runner.max_steps_per_episode = 150",
                                          "DQNAgent.min_replay_history = 100",
                                          "Runner.checkpoint_minutes = 0.01",
                                          "Runner.summary_writing_frequency = 50",
                                          "Runner.num_threads = 1",
                                          "ReplayBuffer.max_capacity = 1000"};

// oracle: the other run
TEST_F(ProgramTest, TwoCartPoleRunsWithOneSeedAreIdentical) {
  const std::string config = kConfigs + "quickstart/cartpole.gin";
  for (const char* name : {"a", "b"}) {
    const Result result = run(train(name, config, kShortCartPole));
    ASSERT_EQ(result.code, 0) << result.output;
  }
  expect_same("a", "b");

  auto other_seed = kShortCartPole;
  other_seed.push_back("Runner.seed = 2");
  ASSERT_EQ(run(train("c", config, other_seed)).code, 0);
  EXPECT_NE(results("a"), results("c"));
}

// oracle: the uninterrupted run
TEST_F(ProgramTest, CartPoleKilledAtRandomMomentsEndsAsIfItHadNot) {
  const std::string config = kConfigs + "quickstart/cartpole.gin";
  RandomStream random(1, "kill");
  kill_and_resume(config, kShortCartPole, /*seconds=*/1.5, random);
}

// oracle: the uninterrupted run
TEST_F(ProgramTest, PongKilledAtRandomMomentsEndsAsIfItHadNot) {
  const std::string config = kConfigs + "dopamine/dqn.gin";
  RandomStream random(2, "kill");
  kill_and_resume(config, kShortPong, /*seconds=*/4.0, random);
}

// agents on CartPole and on Pong, short
struct AgentCase {
  std::string name;
  std::string class_name;
  std::vector<std::string> bindings{};
};

std::vector<AgentCase> agent_cases() {
  return {{"dqn", "DQNAgent", {"DQNAgent.double_dqn = True", "DQNAgent.dueling = True"}},
          {"dqn", "DQNAgent", {"DQNAgent.replay_scheme = 'prioritized'"}},
          {"dqn", "DQNAgent", {"DQNAgent.noisy = True", "DQNAgent.noise_kind = 'independent'"}},
          {"rainbow", "RainbowAgent"},
          {"rainbow", "RainbowAgent", {"RainbowAgent.replay_scheme = 'uniform'"}},
          {"full_rainbow", "FullRainbowAgent"},
          {"munchausen_dqn", "MunchausenDQNAgent"},
          {"munchausen_iqn", "MunchausenIQNAgent"},
          {"quantile", "QuantileAgent", {"QuantileAgent.num_atoms = 20"}},
          {"implicit_quantile", "ImplicitQuantileAgent"},
          {"implicit_quantile",
           "ImplicitQuantileAgent",
           {"ImplicitQuantileAgent.update_dtype = 'bfloat16'"}}};
}

std::vector<std::string> bindings_of(const AgentCase& agent, std::vector<std::string> bindings) {
  bindings.push_back("create_agent.agent_name = '" + agent.name + "'");
  bindings.push_back(agent.class_name + ".min_replay_history = 100");
  bindings.insert(bindings.end(), agent.bindings.begin(), agent.bindings.end());
  return bindings;
}

// oracle: the uninterrupted run, on one thread
TEST_F(ProgramTest, EveryAgentKilledAfterACheckpointEndsAsIfItHadNot) {
  const std::string config = kConfigs + "quickstart/cartpole.gin";
  for (const AgentCase& agent : agent_cases()) {
    SCOPED_TRACE(agent.name + " " + testing::PrintToString(agent.bindings));
    auto bindings =
        bindings_of(agent, {"Runner.training_steps = 200", "Runner.evaluation_steps = 100",
                            "Runner.num_environments = 2", "ReplayBuffer.batch_size = 8"});
    bindings.push_back(agent.class_name + ".network = @ClassicControlDQNNetwork");
    bindings.push_back(agent.class_name + ".stack_size = 1");
    kill_after_checkpoints("whole", "killed", config, bindings);
    forget("whole");
    forget("killed");
  }
}

// oracle: the uninterrupted run, on one thread; CartPole has no images for this network
TEST_F(ProgramTest, DqnWithImpalasNetworkKilledAfterACheckpointEndsAsIfItHadNot) {
  kill_after_checkpoints("whole", "killed", kConfigs + "dopamine/dqn_impala.gin",
                         {"Runner.training_steps = 40", "Runner.max_steps_per_episode = 30",
                          "Runner.num_environments = 2", "Runner.summary_writing_frequency = 20",
                          "DQNAgent.min_replay_history = 10", "DQNAgent.target_update_period = 20",
                          "ReplayBuffer.max_capacity = 1000", "ReplayBuffer.batch_size = 4"});
  EXPECT_THAT(text("whole", "metrics.jsonl"), HasSubstr("gradient_norm"));
}

// oracle: the uninterrupted run
TEST_F(ProgramTest, MinAtarGoesOnExactlyFromACheckpoint) {
  go_on_after_an_iteration(
      "whole", "parts", kConfigs + "minatar/dqn.gin",
      {"Runner.training_steps = 200", "Runner.num_threads = 1", "DQNAgent.min_replay_history = 100",
       "ReplayBuffer.max_capacity = 1000", "create_minatar_env.game_name = 'seaquest'"});
}

// oracle: the uninterrupted run, on one thread; checkpoints fall into the middle of rollouts
TEST_F(ProgramTest, AgentsInSeveralEnvironmentsKilledAfterCheckpointsEndAsIfTheyHadNot) {
  const std::map<std::string, std::string> training_steps{{"cleanrl/ppo", "8_000"},
                                                          {"literature/a2c_cartpole", "8_000"},
                                                          {"literature/vpg_cartpole", "8_000"},
                                                          {"quickstart/cartpole", "1_100"},
                                                          {"literature/ppo_pendulum", "8_000"},
                                                          {"literature/sac_pendulum", "1_100"},
                                                          {"literature/td3_pendulum", "1_100"},
                                                          {"literature/ddpg_pendulum", "1_100"},
                                                          {"minatar/ppo", "1_100"}};
  for (const auto& [name, steps] : training_steps) {
    SCOPED_TRACE(name);
    kill_after_checkpoints(
        "whole", "killed", kConfigs + name + ".gin",
        {"Runner.training_steps = " + steps, "Runner.evaluation_steps = 200",
         "Runner.num_environments = 4", "DQNAgent.min_replay_history = 100",
         "DQNAgent.stack_size = 4", "PPOAgent.update_period = 512", "PPOAgent.batch_size = 64"});
    EXPECT_THAT(text("whole", "metrics.jsonl"), HasSubstr("gradient_norm"));
    forget("whole");
    forget("killed");
  }
}

// oracle: the uninterrupted run, on one thread instead of three
TEST_F(ProgramTest, WrappedAgentsGoOnExactlyOnAnyNumberOfWorkers) {
  const std::vector<std::string> bindings{
      "Runner.training_steps = 1_100", "Runner.num_threads = 1", "PPOAgent.update_period = 512",
      "create_agent.wrappers = [@RescaleAction, @NormalizeObservation, @ClipObservation, "
      "@NormalizeReward, @ClipReward]"};
  auto workers = bindings;
  workers.emplace_back("Runner.num_workers = 3");
  const std::string config = kConfigs + "literature/ppo_pendulum.gin";
  go_on_after_an_iteration("whole", "parts", config, workers);

  auto alone = bindings;
  alone.emplace_back("Runner.num_iterations = 3");
  const Result result = run(train("alone", config, alone));
  EXPECT_EQ(result.code, 0) << result.output;
  expect_same("alone", "whole");
}

// every agent acts on and learns from images; losses that are not finite would end the run
TEST_F(ProgramTest, EveryAgentTrainsOnPong) {
  int number = 0;
  for (const AgentCase& agent : agent_cases()) {
    auto bindings =
        bindings_of(agent, {"Runner.num_iterations = 1", "Runner.training_steps = 200",
                            "Runner.max_steps_per_episode = 100", "Runner.num_threads = 1",
                            "Runner.summary_writing_frequency = 50",
                            "ReplayBuffer.max_capacity = 1000", "ReplayBuffer.batch_size = 8"});
    const std::string folder = "pong" + std::to_string(number++);
    const Result result = run(train(folder, kConfigs + "dopamine/dqn.gin", bindings));
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(text(folder, "metrics.jsonl"), HasSubstr("gradient_norm")) << agent.name;
    forget(folder);
  }
}

// the same on grids, each agent with its own head
TEST_F(ProgramTest, EveryAgentTrainsOnMinAtar) {
  int number = 0;
  for (const AgentCase& agent : agent_cases()) {
    auto bindings = bindings_of(
        agent, {"Runner.num_iterations = 1", "Runner.training_steps = 200",
                "Runner.num_threads = 1", "Runner.summary_writing_frequency = 50",
                "ReplayBuffer.max_capacity = 1000", "create_minatar_env.game_name = 'freeway'"});
    bindings.push_back(agent.class_name + ".network = @MinAtarDQNNetwork");
    bindings.push_back(agent.class_name + ".stack_size = 2");
    const std::string folder = "minatar" + std::to_string(number++);
    const Result result = run(train(folder, kConfigs + "minatar/dqn.gin", bindings));
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(text(folder, "metrics.jsonl"), HasSubstr("gradient_norm")) << agent.name;
    forget(folder);
  }
}

// DQN Zoo's files on Pong, short: an iteration before training, then others
std::vector<std::string> short_zoo(const std::string& class_name, int num_iterations) {
  return {class_name + ".min_replay_history = 80",
          "Runner.num_iterations = " + std::to_string(num_iterations),
          "Runner.training_steps = 120",
          "Runner.evaluation_steps = 40",
          "Runner.summary_writing_frequency = 50",
          "Runner.num_threads = 1",
          "ReplayBuffer.max_capacity = 1000"};
}

// every file learns; losses that are not finite would end the run
TEST_F(ProgramTest, DqnZoosFilesTrainOnPong) {
  const std::map<std::string, std::string> classes{
      {"c51", "RainbowAgent"},          {"double_q", "DQNAgent"},    {"dqn", "DQNAgent"},
      {"iqn", "ImplicitQuantileAgent"}, {"prioritized", "DQNAgent"}, {"qrdqn", "QuantileAgent"},
      {"rainbow", "FullRainbowAgent"}};
  for (const auto& entry : fs::directory_iterator(kConfigs + "dqn_zoo")) {
    const std::string name = entry.path().stem().string();
    SCOPED_TRACE(name);
    const Result result = run(train(name, entry.path().string(), short_zoo(classes.at(name), 1)));
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(text(name, "metrics.jsonl"), HasSubstr("gradient_norm"));
    EXPECT_THAT(zoo_results(name), testing::MatchesRegex("iteration,.*\n0,0,.*\n1,480,.*\n"));
    forget(name);
  }
}

// oracle: the uninterrupted run
TEST_F(ProgramTest, DqnZoosRainbowGoesOnExactlyInItsNextEnvironment) {
  const std::string config = kConfigs + "dqn_zoo/rainbow.gin";
  ASSERT_EQ(run(train("parts", config, short_zoo("FullRainbowAgent", 1))).code, 0);
  ASSERT_EQ(run(train("parts", config, short_zoo("FullRainbowAgent", 2))).code, 0);
  const Result result = run(train("whole", config, short_zoo("FullRainbowAgent", 2)));
  ASSERT_EQ(result.code, 0) << result.output;
  expect_same("whole", "parts");
  EXPECT_EQ(zoo_results("whole"), zoo_results("parts"));
  EXPECT_THAT(zoo_results("whole"), HasSubstr("\n2,960,"));
}

// oracle: the original run
TEST_F(ProgramTest, OperativeConfigurationGivesTheSameRun) {
  ASSERT_EQ(run(train("a", kConfigs + "quickstart/cartpole.gin", kShortCartPole)).code, 0);
  const std::string operative = (folder_ / "a" / "operative_config.gin").string();
  ASSERT_EQ(run({"train", "--base_dir", (folder_ / "b").string(), "--gin_files", operative}).code,
            0);
  expect_same("a", "b");
  EXPECT_EQ(text("b", "operative_config.gin"), text("a", "operative_config.gin"));
}

// oracle: the process's environment, which OpenMP reads when it is loaded
TEST_F(ProgramTest, ThreadsThatWaitDoNotKeepTheCores) {
  ::unsetenv("GOMP_SPINCOUNT");
  ::unsetenv("OMP_WAIT_POLICY");
  Program program(
      train("a", kConfigs + "quickstart/cartpole.gin", {"Runner.num_iterations = 1000"}),
      folder_ / "output");
  for (int i = 0; i < 1000 && !fs::exists(folder_ / "a" / "operative_config.gin"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_THAT(program.environment(), HasSubstr("GOMP_SPINCOUNT=1000"));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 130) << program.output();
}

TEST_F(ProgramTest, SigtermWritesACheckpointAndExitsWith130) {
  const std::string config = kConfigs + "quickstart/cartpole.gin";
  Program program(train("a", config, {"Runner.num_iterations = 1000"}), folder_ / "output");
  while (!fs::exists(folder_ / "a" / "results.csv")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 130) << program.output();
  EXPECT_THAT(program.output(), HasSubstr("stopped, and saved"));

  // and goes on without being told the configuration again
  Program resumed({"train", "--base_dir", (folder_ / "a").string(), "--gin_bindings",
                   "Runner.num_iterations = 1"},
                  folder_ / "output");
  EXPECT_EQ(resumed.wait(), 0) << resumed.output();
  EXPECT_THAT(resumed.output(), HasSubstr("resuming"));

  const Result evaluated =
      run({"evaluate", "--base_dir", (folder_ / "a").string(), "--episodes", "3"});
  EXPECT_EQ(evaluated.code, 0) << evaluated.output;
  EXPECT_THAT(evaluated.output, HasSubstr("average return"));
}

// oracle: SDL, which opens no window with a driver that is not there, and one that nobody sees with
// "dummy"; Atari games go on in it as they do without
TEST_F(ProgramTest, EvaluationCanBeWatched) {
  const std::vector<std::string> small{"Runner.num_iterations = 1", "Runner.training_steps = 100",
                                       "Runner.max_steps_per_episode = 20",
                                       "Runner.num_threads = 1", "ReplayBuffer.max_capacity = 200"};
  const auto evaluate = [&](const std::string& name, const char* driver) {
    setenv("SDL_VIDEODRIVER", driver == nullptr ? "" : driver, 1);
    std::vector<std::string> arguments{"evaluate", "--base_dir", (folder_ / name).string(),
                                       "--episodes", "2"};
    if (driver != nullptr) arguments.emplace_back("--render");
    const Result result = run(arguments);
    unsetenv("SDL_VIDEODRIVER");
    return result;
  };
  for (const std::string name : {"pong", "cartpole"}) {
    const std::string file = name == "pong" ? "dopamine/dqn.gin" : "dopamine/dqn_cartpole.gin";
    ASSERT_EQ(run(train(name, kConfigs + file, small)).code, 0);
    const Result blind = evaluate(name, "no_such_driver");
    EXPECT_EQ(blind.code, 1);
    EXPECT_THAT(blind.output, HasSubstr(name == "pong" ? "Failed to initialize SDL"
                                                       : "no_such_driver not available"));
    const Result shown = evaluate(name, "dummy");
    EXPECT_EQ(shown.code, 0) << shown.output;
    EXPECT_THAT(shown.output, HasSubstr("average return"));
    if (name == "pong") {
      EXPECT_EQ(shown.output, evaluate(name, nullptr).output);
    }
  }

  // of several environments the first, on several threads
  std::vector<std::string> several = small;
  several.insert(several.end(), {"Runner.num_environments = 4", "Runner.num_workers = 2"});
  ASSERT_EQ(run(train("a2c", kConfigs + "literature/a2c_cartpole.gin", several)).code, 0);
  EXPECT_EQ(evaluate("a2c", "no_such_driver").code, 1);
  const Result first = evaluate("a2c", "dummy");
  EXPECT_EQ(first.code, 0) << first.output;

  ASSERT_EQ(run(train("minatar", kConfigs + "minatar/dqn.gin", small)).code, 0);
  const Result minatar = evaluate("minatar", "dummy");
  EXPECT_EQ(minatar.code, 2);
  EXPECT_THAT(minatar.output, HasSubstr("--render shows the environments of"));
}

// oracle: the shell's conventions: a lost terminal is a reason to stop, a closed pipe is not
TEST_F(ProgramTest, ALostTerminalStopsAndIsSaved) {
  Program program(
      train("a", kConfigs + "quickstart/cartpole.gin", {"Runner.num_iterations = 1000"}),
      folder_ / "output");
  while (!fs::exists(folder_ / "a" / "results.csv")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  program.signal(SIGHUP);
  EXPECT_EQ(program.wait(), 130) << program.output();
  EXPECT_THAT(program.output(), HasSubstr("stopped, and saved"));

  // but not where that was ruled out
  const fs::path script = folder_ / "script";
  std::ofstream file(script);
  file << "trap '' HUP\n" ACCUMBENS_BINARY_DIR "/accumbens";
  for (const std::string& word : train("b", kConfigs + "quickstart/cartpole.gin", kShortCartPole)) {
    file << " '" << word << "'";
  }
  file << " &\nwhile ! [ -e " << (folder_ / "b" / "results.csv").string()
       << " ]; do sleep 0.02; done\nkill -HUP $!\nwait $!\n";
  file.close();
  EXPECT_EQ(std::system(("bash " + script.string() + " > /dev/null 2>&1").c_str()), 0);
}

// oracle: the same run with its streams open
TEST_F(ProgramTest, ClosedStreamsDisturbNothing) {
  std::string command = ACCUMBENS_BINARY_DIR "/accumbens";
  for (const std::string& word : train("piped", kConfigs + "quickstart/cartpole.gin", {})) {
    command += " '" + word + "'";
  }
  for (const std::string& binding : kShortCartPole) command += " '" + binding + "'";
  ASSERT_EQ(std::system((command + " 2> /dev/null | head -n 1 > /dev/null").c_str()), 0);
  const std::string closed = std::regex_replace(command, std::regex("/piped'"), "/closed'");
  ASSERT_EQ(std::system((closed + " <&- >&- 2>&-").c_str()), 0);
  ASSERT_EQ(run(train("open", kConfigs + "quickstart/cartpole.gin", kShortCartPole)).code, 0);
  expect_same("open", "piped");
  expect_same("open", "closed");

  const std::string full = ACCUMBENS_BINARY_DIR
      "/accumbens list agents 2>&1 > /dev/full | grep -q "
      "'accumbens: cannot write to standard output'";
  EXPECT_EQ(std::system(full.c_str()), 0);
}

// oracle: the logs as they were
TEST_F(ProgramTest, LogsWithoutTheirCheckpointsAreNotOverwritten) {
  const std::string config = kConfigs + "quickstart/cartpole.gin";
  ASSERT_EQ(run(train("a", config, kShortCartPole)).code, 0);
  const std::string before = text("a", "results.csv");
  fs::rename(folder_ / "a" / "checkpoints", folder_ / "away");
  const auto refused = [&](const std::string& what) {
    const Result result = run(train("a", config, kShortCartPole));
    EXPECT_EQ(result.code, 1) << what;
    EXPECT_THAT(result.output, HasSubstr("checkpoints")) << what;
    EXPECT_EQ(text("a", "results.csv"), before) << what;
  };
  refused("gone");

  // killed before its first checkpoint, a run begins anew
  std::ofstream(folder_ / "a" / "results.csv")
      << before.substr(0, before.find('\n', before.find('\n') + 1) + 1);
  const std::string first = text("a", "results.csv");
  ASSERT_EQ(std::count(first.begin(), first.end(), '\n'), 2);
  EXPECT_EQ(run(train("a", config, kShortCartPole)).code, 0);
  fs::remove_all(folder_ / "a" / "checkpoints");
  std::ofstream(folder_ / "a" / "results.csv") << before;
  fs::create_symlink("nowhere", folder_ / "a" / "checkpoints");
  refused("a link to nowhere");
  fs::remove(folder_ / "a" / "checkpoints");
  std::ofstream(folder_ / "a" / "checkpoints") << "a file";
  refused("a file");
}

// oracle: what was changed
TEST_F(ProgramTest, WhatIsChangedOnResumingIsSaid) {
  auto bindings = kShortCartPole;
  const std::string config = kConfigs + "quickstart/cartpole.gin";
  ASSERT_EQ(run(train("a", config, bindings)).code, 0);
  EXPECT_THAT(run(train("a", config, bindings)).output,
              testing::Not(HasSubstr("another configuration")));

  bindings.emplace_back("DQNAgent.gamma = 0.5");
  const Result changed = run(train("a", config, bindings));
  EXPECT_EQ(changed.code, 0) << changed.output;
  EXPECT_THAT(changed.output, HasSubstr("another configuration:\n- DQNAgent.gamma = 0.99\n"
                                        "+ DQNAgent.gamma = 0.5\n"));

  // what does not fit
  bindings.back() = "ClassicControlDQNNetwork.hidden_units = 32";
  const Result refused = run(train("a", config, bindings));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.output, HasSubstr("\n- ClassicControlDQNNetwork.hidden_units = 512\n"
                                        "+ ClassicControlDQNNetwork.hidden_units = 32\n"));

  // what would fit, but means something else to the weights
  bindings.back() = "ClassicControlDQNNetwork.max_vals = (2.4, 6.0, 0.2, 3.0)";
  const Result rescaled = run(train("a", config, bindings));
  EXPECT_EQ(rescaled.code, 2);
  EXPECT_THAT(rescaled.output, HasSubstr("\n+ ClassicControlDQNNetwork.max_vals = "));

  // another task, whatever else would fit
  bindings.back() = "create_gym_environment.environment_name = 'MountainCar'";
  bindings.emplace_back("ClassicControlDQNNetwork.min_vals = None");
  bindings.emplace_back("ClassicControlDQNNetwork.max_vals = None");
  const Result other = run(train("a", config, bindings));
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.output, HasSubstr("the saved run is in CartPole, this one in MountainCar"));
}

TEST_F(ProgramTest, AnUnknownCommandOrOptionIsNamedWithTheNearest) {
  const auto expect = [&](const std::vector<std::string>& arguments, const std::string& sentence) {
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.output, HasSubstr("accumbens: " + sentence + "\n"));
  };
  expect({"trian", "--base_dir", "x"}, "there is no command 'trian'; did you mean 'train'?");
  expect({"train", "--basedir", "x"},
         "'train' has no option '--basedir'; did you mean '--base_dir'?");
  expect({"train", "--base_dir", "x", "--gin_file=a.gin"},
         "'train' has no option '--gin_file'; did you mean '--gin_files'?");
}

// oracle: what a run reads
TEST_F(ProgramTest, BindingsThatNothingReadsAreWarnings) {
  auto bindings = kShortCartPole;
  bindings.insert(
      bindings.end(),
      {"AtariPreprocessing.frame_skip = 3", "shwn/create_gym_environment.version = 'v0'",
       "NatureDQNNetwork.padding = 'VALID'", "DQNAgent.gamma = 0.98", "foo/DQNAgent.gamma = 0.97"});
  const Result result = run(train("a", kConfigs + "quickstart/cartpole.gin", bindings));
  EXPECT_EQ(result.code, 0) << result.output;
  for (const std::string name :
       {"AtariPreprocessing", "shwn/create_gym_environment", "NatureDQNNetwork", "foo/DQNAgent"}) {
    EXPECT_THAT(result.output, HasSubstr("the bindings of " + name + " have no effect"));
  }
  EXPECT_THAT(result.output, testing::Not(HasSubstr("of DQNAgent have")));
  EXPECT_THAT(result.output, testing::Not(HasSubstr("of create_gym_environment have")));
}

TEST_F(ProgramTest, CorruptCheckpointFallsBackToTheOneBefore) {
  const std::string config = kConfigs + "quickstart/cartpole.gin";
  ASSERT_EQ(run(train("a", config, kShortCartPole)).code, 0);
  Checkpointer checkpointer(folder_ / "a" / "checkpoints");
  const auto ids = checkpointer.ids();
  ASSERT_GE(ids.size(), 2U);
  const fs::path newest = folder_ / "a" / "checkpoints" / ("ckpt." + std::to_string(ids.back())) /
                          "tensors.safetensors";
  fs::resize_file(newest, fs::file_size(newest) / 2);

  const Result result = run(train("a", config, kShortCartPole));
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr(newest.filename().string()));
  EXPECT_THAT(result.output, HasSubstr("resuming"));

  ASSERT_EQ(run(train("b", config, kShortCartPole)).code, 0);
  expect_same("a", "b");
}

// oracle: the uninterrupted run
TEST_F(ProgramTest, FullDiskLosesNothing) {
  const std::string config = kConfigs + "quickstart/cartpole.gin";
  auto one_iteration = kShortCartPole;
  one_iteration.push_back("Runner.num_iterations = 1");
  ASSERT_EQ(run(train("full", config, one_iteration)).code, 0);

  const Result result = run(train("full", config, kShortCartPole), /*file_size_limit=*/100'000);
  EXPECT_EQ(result.code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("tensors.safetensors: File too large"));

  ASSERT_EQ(run(train("full", config, kShortCartPole)).code, 0);
  ASSERT_EQ(run(train("whole", config, kShortCartPole)).code, 0);
  expect_same("whole", "full");
}

TEST_F(ProgramTest, BadInputIsOneClearSentence) {
  struct Case {
    std::vector<std::string> arguments;
    int code;
    std::vector<std::string> says;
  };
  const std::string quick = kConfigs + "quickstart/cartpole.gin";
  const std::string dqn = kConfigs + "dopamine/dqn.gin";
  const std::string pipe = folder_ / "pipe";
  fs::create_directory(pipe);
  ASSERT_EQ(mkfifo((pipe + "/operative_config.gin").c_str(), 0666), 0);
  const std::vector<Case> cases{
      {{"fly"}, 2, {"fly"}},
      {{"train"}, 2, {"--base_dir"}},
      {{"train", "--base_dir", ""}, 2, {"accumbens: --base_dir: must not be empty"}},
      {{"evaluate", "--base_dir", "x", "--episodes", "ten"},
       2,
       {"accumbens: --episodes: needs a whole number from 1 on, not 'ten'"}},
      {{"evaluate", "--base_dir", "x", "--episodes", "0x10"}, 2, {"--episodes", "not '0x10'"}},
      {{"evaluate", "--base_dir", "x", "--checkpoint", ""}, 2, {"--checkpoint", "not ''"}},
      {{"evaluate", "--base_dir", "x", "--checkpoint", "01500"}, 2, {"not '01500'"}},
      {{"evaluate", "--base_dir", "x", "--checkpoint", "0"}, 2, {"there is no run in 'x'"}},
      {{"train", "--base_dir", folder_ / "none"}, 2, {"--gin_files"}},
      {train("x", "no/such.gin", {"DQNAgent.gamma = 0.9"}), 2, {"no/such.gin"}},
      {train("x", quick, {"DQNAgent.gama = 0.9"}), 2, {"--gin_bindings:1", "gamma"}},
      {train("x", quick, {"DQNAgent.gamma = 1.5"}), 2, {"gamma", "--gin_bindings:1"}},
      {train("x", quick, {"DQNAgent.gamma = 'high'"}), 2, {"gamma"}},
      {train(
           "x", quick,
           {"create_agent.agent_name = 'munchausen_iqn'", "MunchausenIQNAgent.double_dqn = True"}),
       2,
       {"double_dqn does not go with Munchausen"}},
      {train("x", quick, {"create_agent.agent_name = 'dqnn'"}),
       2,
       {"--gin_bindings:1: unknown agent 'dqnn'", "did you mean 'dqn'?"}},
      {train("x", quick, {"ClassicControlDQNNetwork.layer_sizes = ()"}), 2, {"one hidden layer"}},
      {train("x", quick, {"DQNAgent.dueling = True", "DQNAgent.separate_streams = True"}),
       2,
       {"separate_streams needs a network with a hidden layer"}},
      {train(
           "x", quick,
           {"create_agent.agent_name = 'full_rainbow'", "FullRainbowAgent.distributional = False"}),
       2,
       {"distributional = False is not for this agent"}},
      {train("x", quick, {"ReplayBuffer.max_capacity = 300_000_000_000_000_000"}),
       2,
       {"max_capacity must be in [1, 1e+12]"}},
      {train("x", quick, {"DQNAgent.update_horizon = 4_611_686_018_427_387_904"}),
       2,
       {"update_horizon must be in [1, 1e+06]"}},
      {train("x", quick, {"DQNAgent.stack_size = 4_611_686_018_427_387_904"}),
       2,
       {"stack_size must be in [1, 1000]"}},
      {train("x", dqn,
             {"ReplayBuffer.max_capacity = 1_000_000_000",
              "ReplayBuffer.batch_size = 1_000_000_000", "DQNAgent.stack_size = 1000"}),
       2,
       {"--gin_bindings:2: a batch of 1000000000 transitions", "GB"}},
      {train("x", kConfigs + "cleanrl/ppo.gin",
             {"PPOAgent.update_period = 1_000_000_000", "PPOAgent.stack_size = 1000"}),
       2,
       {"--gin_bindings:1: 1000000000 agent steps", "GB"}},
      {train("x", quick, {"Runner.num_threads = 100_000"}),
       2,
       {"num_threads must be in [0, 1024]"}},
      {train("x", quick, {"create_gym_environment.environment_name = 'Cartpool'"}),
       2,
       {"--gin_bindings:1: create_gym_environment", "Cartpool", "CartPole"}},
      {train("x", kConfigs + "dqn_zoo/dqn.gin", {"AtariPreprocessing.screen_size = 20"}),
       2,
       {"--gin_bindings:1: observations of 20 x 20 pixels are too small"}},
      {train("x", quick, {"Runner.dqn_zoo_csv = True"}),
       2,
       {"--gin_bindings:1: Runner.dqn_zoo_csv needs Runner.evaluate_before_training"}},
      {train("x", kConfigs + "literature/a2c_cartpole.gin",
             {"create_optimizer.max_gradient_norm = 1.0"}),
       2,
       {"--gin_bindings:1", "create_optimizer.max_gradient_norm is not for A2CAgent"}},
      {train("x", dqn, {"create_atari_environment.game_name = 'Pongg'"}),
       2,
       {"--gin_bindings:1: create_atari_environment.game_name: there is no", "Pongg", "Pong"}},
      {train("x", quick,
             {"Runner.num_environments = 3", "ReplayBuffer.max_capacity = 2",
              "ReplayBuffer.batch_size = 1", "DQNAgent.stack_size = 1"}),
       2,
       {"--gin_bindings:2: ReplayBuffer.max_capacity is 2, but 3 streams"}},
      {train("x", dqn, {"ReplayBuffer.max_capacity = 1_000_000_000"}), 2, {"max_capacity", "GB"}},
      {train("x", quick, {"create_optimizer.learning_rate = 1e38", "Runner.num_iterations = 2"}),
       1,
       {"loss", "learning_rate"}},
      {train("x", quick,
             {"Runner.evaluate_before_training = True",
              "create_runner.schedule = 'continuous_train'"}),
       2,
       {"evaluate_before_training", "continuous_train_and_eval"}},
      {{"train", "--base_dir", "/dev/null/x", "--gin_files", quick}, 1, {"/dev/null/x"}},
      {{"train", "--base_dir", std::string(300, 'x'), "--gin_files", quick},
       1,
       {"accumbens: cannot read x", "/checkpoints: File name too long"}},
      {{"train", "--base_dir", std::string(300, 'x')},
       2,
       {"accumbens: cannot read x", "operative_config.gin: File name too long; "}},
      {{"evaluate", "--base_dir", pipe}, 2, {"operative_config.gin: it is not a file"}},
      {{"evaluate", "--base_dir", (folder_ / "y").string(), "--gin_files", quick},
       1,
       {"checkpoint"}},
  };
  for (const Case& bad : cases) {
    const Result result = run(bad.arguments);
    EXPECT_EQ(result.code, bad.code) << result.output;
    for (const std::string& words : bad.says) EXPECT_THAT(result.output, HasSubstr(words));
    EXPECT_THAT(result.output, testing::Not(HasSubstr("frame #")));
  }
}

// oracle: a network of 4 TB, where the program may have 64 GB of addresses
TEST_F(ProgramTest, TooLittleMemoryIsOneClearSentence) {
  Program program(train("x", kConfigs + "quickstart/cartpole.gin",
                        {"ClassicControlDQNNetwork.hidden_units = 1_000_000"}),
                  folder_ / "output", RLIM_INFINITY, /*memory_limit=*/rlim_t{64} << 30);
  EXPECT_EQ(program.wait(), 1);
  EXPECT_THAT(program.output(), HasSubstr("accumbens: out of memory; free some, or use less"));
  EXPECT_THAT(program.output(), testing::Not(HasSubstr("Allocator")));
}

TEST_F(ProgramTest, MissingAleIsNamedWithTheWayToGetIt) {
  // a Python without ale-py
  setenv("ACCUMBENS_PYTHON", "/usr/bin/python3", /*overwrite=*/1);
  setenv("PYTHONNOUSERSITE", "1", 1);
  const Result result =
      run(train("x", kConfigs + "dopamine/dqn.gin",
                {"Runner.create_environment_fn = @create_atari_vector_environment"}));
  unsetenv("ACCUMBENS_PYTHON");
  EXPECT_NE(result.code, 0);
  EXPECT_THAT(result.output, HasSubstr("ale-py"));
  EXPECT_THAT(result.output, HasSubstr("pip install ale-py"));
}

TEST_F(ProgramTest, ListsAndExplains) {
  EXPECT_THAT(run({"list", "agents"}).output, HasSubstr("dqn"));
  EXPECT_THAT(run({"list", "environments"}).output, HasSubstr("Breakout"));
  EXPECT_THAT(run({"list", "environments"}).output, HasSubstr("MinAtar/seaquest"));
  EXPECT_THAT(run({"list", "networks"}).output, HasSubstr("NatureDQNNetwork"));
  EXPECT_THAT(run({"list", "configs"}).output, HasSubstr("dopamine/dqn.gin"));
  EXPECT_THAT(run({"--version"}).output, HasSubstr("accumbens 0."));
  EXPECT_EQ(run({"doctor"}).code, 0);
  const Result explained = run({"explain", "--gin_files", kConfigs + "dopamine/dqn.gin"});
  EXPECT_EQ(explained.code, 0) << explained.output;
  EXPECT_THAT(explained.output, HasSubstr("dqn.gin:3"));
}

// oracle: CleanRL's line from 1 at step 0 to the end after the decay, whatever the warm-up; the
// agent has then counted the step whose action it chooses
TEST_F(ProgramTest, LinearEpsilonFallsFromTheFirstStepOn) {
  const Result result =
      run(train("a", kConfigs + "cleanrl/dqn.gin",
                {"DQNAgent.epsilon_train = 0.5", "DQNAgent.epsilon_decay_period = 100",
                 "Runner.num_iterations = 1", "Runner.training_steps = 120",
                 "Runner.summary_writing_frequency = 50"}));
  ASSERT_EQ(result.code, 0) << result.output;
  const std::string metrics = text("a", "metrics.jsonl");
  EXPECT_THAT(metrics, HasSubstr(R"({"agent_steps":50,"tag":"epsilon","value":0.745})"));
  EXPECT_THAT(metrics, HasSubstr(R"({"agent_steps":100,"tag":"epsilon","value":0.5})"));
}

// every configuration that ships is valid, says nothing in vain and learns, here for a few steps
TEST_F(ProgramTest, ShippedConfigurationsTrain) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kConfigs)) {
    if (entry.path().extension() != ".gin") continue;
    SCOPED_TRACE(entry.path().string());

    // whose options they are; a file that includes another is DQN's
    std::ifstream file(entry.path());
    const std::string gin{std::istreambuf_iterator<char>(file), {}};
    std::smatch agent;
    std::regex_search(gin, agent, std::regex("(\\w+)\\.(min_replay_history|update_period)"));
    const std::string name = agent.empty() ? "DQNAgent" : agent[1].str();

    // learning starts early
    std::vector<std::string> bindings{"Runner.num_iterations = 1",
                                      "Runner.training_steps = 80",
                                      "Runner.max_steps_per_episode = 40",
                                      "Runner.evaluation_steps = 20",
                                      "Runner.summary_writing_frequency = 20",
                                      "Runner.num_threads = 1"};
    if (agent.empty() || agent[2] == "min_replay_history") {
      bindings.push_back(name + ".min_replay_history = 48");
      bindings.emplace_back("ReplayBuffer.max_capacity = 400");
      bindings.emplace_back("ReplayBuffer.batch_size = 8");
    } else {
      bindings.push_back(name + ".update_period = 40");
      bindings.emplace_back("Runner.num_environments = 4");
      if (name == "PPOAgent") bindings.push_back(name + ".batch_size = 20");
    }

    // Procgen needs a Python of its own; another environment has coloured images and discrete
    // actions, too
    if (gin.find("procgen_gymnasium") != std::string::npos) {
      bindings.emplace_back("create_gym_environment.environment_name = 'CarRacing-v3'");
      bindings.emplace_back(R"(create_gym_environment.kwargs = '{"continuous": false}')");
    }

    const std::string folder = "run" + std::to_string(count++);
    const Result result = run(train(folder, entry.path().string(), bindings));
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, testing::Not(HasSubstr("warning")));
    EXPECT_THAT(text(folder, "metrics.jsonl"), HasSubstr("gradient_norm"));
    forget(folder);
  }
  EXPECT_GE(count, 40);
}

}  // namespace
}  // namespace accumbens
