#include "accumbens/run/dopamine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <string>
#include <vector>

#include "accumbens/agents/dqn.h"
#include "accumbens/agents/rainbow.h"
#include "accumbens/agents/sac.h"
#include "accumbens/envs/factory.h"
#include "accumbens/networks/classic_control.h"
#include "accumbens/replay/prioritization.h"
#include "accumbens/replay/spec.h"
#include "accumbens/run/catalogue.h"
#include "app/program.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DopamineTest : public testing::Test {
 protected:
  DopamineTest()
      : folder_(fs::path(ACCUMBENS_BINARY_DIR) / "tests" / "dopamine" /
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  std::string write(const std::string& text) {
    const std::string path = (folder_ / "a.gin").string();
    std::ofstream(path) << text;
    return path;
  }

  Configuration resolve(const std::string& text) {
    return Configuration(catalogue_.registry, {write(text)}, {});
  }

  // all warnings, without the name of the file
  std::vector<std::string> warnings(const std::string& text) {
    const Configuration configuration = resolve(text);
    std::vector<std::string> all = configuration.warnings();
    const std::vector<std::string> more = catalogue_.check(configuration);
    all.insert(all.end(), more.begin(), more.end());
    for (std::string& warning : all) warning.erase(0, warning.find(".gin:") + 5);
    return all;
  }

  std::string contradiction(const std::vector<std::string>& bindings) {
    try {
      catalogue_.check(Configuration(catalogue_.registry, {}, bindings));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  }

  Catalogue catalogue_;
  fs::path folder_;
};

// the statements of Dopamine's JAX files, in other words

const std::string kJaxCartPole =
    "import dopamine.discrete_domains.gym_lib\n"
    "import dopamine.discrete_domains.run_experiment\n"
    "import dopamine.jax.agents.dqn.dqn_agent\n"
    "import dopamine.jax.networks\n"
    "import dopamine.jax.replay_memory.replay_buffer\n"
    "import flax\n"
    "JaxDQNAgent.stack_size = %gym_lib.CARTPOLE_STACK_SIZE\n"
    "JaxDQNAgent.network = @networks.ClassicControlDQNNetwork\n"
    "JaxDQNAgent.min_replay_history = 100\n"
    "JaxDQNAgent.epsilon_fn = @dqn_agent.identity_epsilon\n"
    "JaxDQNAgent.optimizer = 'adam'\n"
    "ClassicControlDQNNetwork.min_vals = %jax_networks.CARTPOLE_MIN_VALS\n"
    "ClassicControlDQNNetwork.max_vals = %jax_networks.CARTPOLE_MAX_VALS\n"
    "create_gym_environment.environment_name = 'CartPole'\n"
    "create_gym_environment.version = 'v0'\n"
    "create_runner.schedule = 'continuous_train'\n"
    "create_agent.agent_name = 'jax_dqn'\n"
    "create_agent.debug_mode = True\n"
    "TrainRunner.create_environment_fn = @gym_lib.create_gym_environment\n"
    "Runner.num_iterations = 1\n"
    "Runner.training_steps = 2_00\n"
    "ReplayBuffer.max_capacity = 50_000\n";

TEST_F(DopamineTest, JaxFilesOfAgentsThatAreHereResolveWithoutAWarning) {
  EXPECT_THAT(warnings(kJaxCartPole), IsEmpty());
  const Configuration configuration = resolve(kJaxCartPole);
  const auto network = configuration.get<ClassicControlDqnOptions>("ClassicControlDQNNetwork");
  EXPECT_THAT(*network.min_vals,
              ElementsAre(-2.4, -5.0, -std::numbers::pi / 12, -2 * std::numbers::pi));
  EXPECT_EQ(configuration.get<RunnerOptions>("Runner").create_environment_fn,
            Reference{"create_gym_environment"});
}

TEST_F(DopamineTest, WhatTheEnvironmentSaysHereIsAWarning) {
  EXPECT_THAT(
      warnings(kJaxCartPole +
               "JaxDQNAgent.observation_shape = %gym_lib.CARTPOLE_OBSERVATION_SHAPE\n"
               "JaxDQNAgent.observation_dtype = %jax_networks.CARTPOLE_OBSERVATION_DTYPE\n"),
      ElementsAre(
          "23: JaxDQNAgent.observation_shape has no effect: it comes from the environment",
          "24: JaxDQNAgent.observation_dtype has no effect: it comes from the environment"));
}

// oracle: Dopamine's gym_lib and jax.networks, version 4.1.2
TEST_F(DopamineTest, ConstantsHaveDopaminesValues) {
  const auto text = [&](const char* name) { return gin_text(*catalogue_.registry.constant(name)); };
  EXPECT_EQ(text("gym_lib.ACROBOT_OBSERVATION_SHAPE"), "(6, 1)");
  EXPECT_EQ(text("gym_lib.LUNAR_OBSERVATION_SHAPE"), "(8, 1)");
  EXPECT_EQ(text("gym_lib.MOUNTAINCAR_OBSERVATION_SHAPE"), "(2, 1)");
  EXPECT_EQ(text("gym_lib.MOUNTAINCAR_STACK_SIZE"), "1");
  EXPECT_EQ(text("jax_networks.LUNAR_OBSERVATION_DTYPE"), "'float64'");
  EXPECT_EQ(text("jax_networks.ACROBOT_MIN_VALS"), "(-1.0, -1.0, -1.0, -1.0, -5.0, -5.0)");
  EXPECT_EQ(text("jax_networks.ACROBOT_MAX_VALS"), "(1.0, 1.0, 1.0, 1.0, 5.0, 5.0)");
  EXPECT_EQ(text("jax_networks.MOUNTAINCAR_MIN_VALS"), "(-1.2, -0.07)");
  EXPECT_EQ(text("jax_networks.MOUNTAINCAR_MAX_VALS"), "(0.6, 0.07)");
  EXPECT_EQ(text("sac_agent.STATE_DTYPE"), "'float32'");
}

// the statements of Dopamine's TensorFlow files

const std::string kTfCartPole =
    "import dopamine.discrete_domains.legacy_networks\n"
    "import dopamine.tf.agents.dqn.dqn_agent\n"
    "import dopamine.tf.replay_memory.circular_replay_buffer\n"
    "import gin.tf.external_configurables\n"
    "DQNAgent.stack_size = %gym_lib.CARTPOLE_STACK_SIZE\n"
    "DQNAgent.network = @legacy_networks.CartpoleDQNNetwork\n"
    "DQNAgent.min_replay_history = 100\n"
    "DQNAgent.epsilon_fn = @dqn_agent.identity_epsilon\n"
    "DQNAgent.optimizer = @tf.train.AdamOptimizer()\n"
    "tf.train.AdamOptimizer.learning_rate = 0.002\n"
    "tf.train.AdamOptimizer.epsilon = 0.03\n"
    "create_gym_environment.environment_name = 'CartPole'\n"
    "create_agent.agent_name = 'dqn'\n"
    "Runner.create_environment_fn = @gym_lib.create_gym_environment\n"
    "Runner.num_iterations = 1\n"
    "Runner.training_steps = 200\n"
    "Runner.evaluation_steps = 10\n"
    "WrappedReplayBuffer.replay_capacity = 5000\n"
    "WrappedReplayBuffer.batch_size = 16\n";

TEST_F(DopamineTest, TensorFlowFilesBringTheirLossOptimizerAndReplay) {
  EXPECT_THAT(warnings(kTfCartPole), IsEmpty());
  const Configuration configuration = resolve(kTfCartPole);
  const auto agent = configuration.get<DqnOptions>("DQNAgent");
  EXPECT_EQ(agent.loss_type, "huber");
  const auto [optimizer, options] = optimizer_options(configuration, agent.optimizer);
  EXPECT_EQ(optimizer, "adam");
  EXPECT_EQ(options.learning_rate, 0.002);
  EXPECT_EQ(options.beta2, 0.999);
  EXPECT_EQ(options.eps, 0.03);
  const auto replay = configuration.get<ReplayOptions>("ReplayBuffer");
  EXPECT_EQ(replay.max_capacity, 5000);
  EXPECT_EQ(replay.batch_size, 16);

  const Configuration other = resolve(
      "DQNAgent.optimizer = @tf.train.RMSPropOptimizer()\n"
      "tf.train.RMSPropOptimizer.learning_rate = 0.5\n"
      "tf.train.RMSPropOptimizer.momentum = 0.9\n"
      "tf.train.RMSPropOptimizer.centered = True\n");
  const auto [rmsprop, rates] =
      optimizer_options(other, other.get<DqnOptions>("DQNAgent").optimizer);
  EXPECT_EQ(rmsprop, "rmsprop");
  EXPECT_EQ(rates.learning_rate, 0.5);
  EXPECT_EQ(rates.beta2, 0.9);
  EXPECT_EQ(rates.eps, 1e-10);
  EXPECT_TRUE(rates.centered);
  EXPECT_EQ(rates.momentum, 0.9);
}

// oracle: OutOfGraphPrioritizedReplayBuffer.sample_index_batch of dopamine-rl 4.1.2
TEST_F(DopamineTest, TensorFlowsPrioritizedReplayDrawsStratified) {
  const auto sampling = [&](const std::string& file) {
    return resolve(file).get<PrioritizationOptions>("PrioritizedSamplingDistribution").sampling;
  };
  const std::string rainbow =
      "import dopamine.tf.agents.rainbow.rainbow_agent\n"
      "import dopamine.tf.replay_memory.prioritized_replay_buffer\n"
      "RainbowAgent.replay_scheme = 'prioritized'\n"
      "create_agent.agent_name = 'rainbow'\n"
      "WrappedPrioritizedReplayBuffer.batch_size = 16\n";
  EXPECT_THAT(warnings(rainbow), IsEmpty());
  EXPECT_EQ(sampling(rainbow), "stratified");
  EXPECT_EQ(sampling(kJaxCartPole), "independent");
}

TEST_F(DopamineTest, WhatIsNotHereResolvesWithAWarning) {
  const std::string logger =
      "import dopamine.discrete_domains.logger\n"
      "Logger.logs_duration = 4\n";
  EXPECT_THAT(warnings(logger), ElementsAre(HasSubstr("2: Logger is not in Accumbens")));
  EXPECT_THROW(resolve(logger + "Logger.log_duration = 3\n"), ConfigError);
}

// the statements of Dopamine's sac.gin, in other words
const std::string kSac =
    "import dopamine.continuous_domains.run_experiment\n"
    "import dopamine.discrete_domains.gym_lib\n"
    "import dopamine.jax.agents.sac.sac_agent\n"
    "import dopamine.jax.continuous_networks\n"
    "SACAgent.reward_scale_factor = 0.1\n"
    "SACAgent.network = @continuous_networks.ActorCriticNetwork\n"
    "SACAgent.hidden_units = 32\n"
    "SACAgent.min_replay_history = 100\n"
    "SACAgent.target_entropy = None\n"
    "create_gym_environment.environment_name = 'Pendulum'\n"
    "create_gym_environment.version = 'v1'\n"
    "create_continuous_runner.schedule = 'continuous_train_and_eval'\n"
    "create_continuous_agent.agent_name = 'sac'\n"
    "ContinuousTrainRunner.create_environment_fn = @gym_lib.create_gym_environment\n"
    "ContinuousRunner.num_iterations = 1\n"
    "ContinuousRunner.training_steps = 200\n"
    "ContinuousRunner.evaluation_steps = 200\n"
    "ContinuousRunner.max_steps_per_episode = 200\n"
    "ContinuousRunner.clip_rewards = False\n"
    "ReplayBuffer.max_capacity = 1_000\n";

TEST_F(DopamineTest, SacsFileResolvesWithoutAWarning) {
  EXPECT_THAT(warnings(kSac), IsEmpty());
  const Configuration configuration = resolve(kSac);
  const auto options = configuration.get<SacOptions>("SACAgent");
  EXPECT_EQ(options.reward_scale_factor, 0.1);
  EXPECT_EQ(options.target_policy, "target");
  EXPECT_FALSE(configuration.get<RunnerOptions>("Runner").clip_rewards);
  EXPECT_EQ(configuration.get<CreateAgentOptions>("create_agent").agent_name, "sac");
}

// oracle: the defaults of Dopamine's ContinuousRunner, and that its gym_lib takes time limits away
TEST_F(DopamineTest, ContinuousRunnersDefaultsAndNoTimeLimitsComeWithTheImports) {
  const Configuration plain = resolve("");
  EXPECT_TRUE(plain.get<RunnerOptions>("Runner").clip_rewards);
  EXPECT_EQ(plain.get<GymOptions>("create_gym_environment").max_episode_steps, std::nullopt);

  const Configuration imported = resolve(
      "import dopamine.continuous_domains.run_experiment\n"
      "import dopamine.discrete_domains.gym_lib\n");
  EXPECT_FALSE(imported.get<RunnerOptions>("Runner").clip_rewards);
  EXPECT_EQ(imported.get<RunnerOptions>("Runner").max_steps_per_episode, 1'000);
  EXPECT_EQ(imported.get<GymOptions>("create_gym_environment").max_episode_steps, 0);
}

TEST_F(DopamineTest, RainbowsFileResolves) {
  const std::string rainbow =
      "import dopamine.jax.agents.rainbow.rainbow_agent\n"
      "JaxRainbowAgent.num_atoms = 51\n"
      "JaxRainbowAgent.vmax = 10.\n"
      "JaxRainbowAgent.network = @networks.ClassicControlRainbowNetwork\n"
      "create_agent.agent_name = 'jax_rainbow'\n"
      "PrioritizedSamplingDistribution.max_capacity = 1_000_000\n";
  EXPECT_THAT(warnings(rainbow), IsEmpty());
  EXPECT_EQ(resolve(rainbow).get<RainbowOptions>("RainbowAgent").num_atoms, 51);
  EXPECT_THAT(
      warnings(rainbow + "JaxRainbowAgent.use_new_replay_buffer = True\n"),
      ElementsAre("7: JaxRainbowAgent.use_new_replay_buffer has no effect: it was removed from "
                  "Dopamine, which refuses this line: delete it"));
  EXPECT_THROW(resolve(rainbow + "JaxRainbowAgent.num_atom = 3\n"), ConfigError);
  EXPECT_THROW(resolve(rainbow + "JaxRainbowAgent.vmin = 10.0\n"), ConfigError);
}

// oracle: what was written
TEST_F(DopamineTest, WhatAnImportStandsForIsNotReportedWhereNothingReadsIt) {
  EXPECT_THAT(resolve("import dopamine.discrete_domains.gym_lib\n").unread(), IsEmpty());
  const auto unread = resolve(
                          "import dopamine.discrete_domains.gym_lib\n"
                          "create_gym_environment.version = 'v0'\n")
                          .unread();
  ASSERT_EQ(unread.size(), 1U);
  EXPECT_EQ(unread[0].label, "create_gym_environment");
  EXPECT_THAT(unread[0].place, testing::EndsWith(":2"));
}

// Dopamine's full_rainbow_profiling.gin makes this mistake
TEST_F(DopamineTest, BindingsOfAnAgentThatIsNotChosenAreAWarning) {
  const std::string full =
      "JaxDQNAgent.gamma = 0.95\nJaxFullRainbowAgent.noisy = True\ncreate_agent.agent_name = ";
  EXPECT_THAT(warnings(full + "'jax_rainbow'\n"),
              Contains("2: the bindings of FullRainbowAgent have no effect: "
                       "create_agent.agent_name is 'jax_rainbow', which builds RainbowAgent; "
                       "'full_rainbow' builds FullRainbowAgent"));

  // full Rainbow takes the rest from DQN's bindings
  EXPECT_THAT(warnings(full + "'full_rainbow'\n"), IsEmpty());
  EXPECT_EQ(resolve(full + "'full_rainbow'\n").get<FullRainbowOptions>("FullRainbowAgent").gamma,
            0.95);
}

TEST_F(DopamineTest, WhatContradictsIsFoundBeforeTraining) {
  EXPECT_EQ(contradiction({"ReplayBuffer.max_capacity = 31"}),
            "--gin_bindings:1: ReplayBuffer: max_capacity (31) is below batch_size (32): raise the "
            "one or lower the other");
  EXPECT_THAT(
      contradiction({"DQNAgent.network = @identity_epsilon"}),
      HasSubstr("DQNAgent.network: @identity_epsilon is none of the networks; known are @"));
  EXPECT_THAT(contradiction({"DQNAgent.epsilon_eval = 1.1"}),
              HasSubstr("must be in [0, 1], not 1.1"));
}

TEST_F(DopamineTest, TrainsWhatIsHereAndRefusesTheRestInOneSentence) {
  const auto train = [&](const std::string& text, int code) {
    Program program({"train", "--base_dir", (folder_ / "run").string(), "--gin_files", write(text)},
                    folder_ / "output");
    EXPECT_EQ(program.wait(), code) << program.output();
    fs::remove_all(folder_ / "run");
    return program.output();
  };
  EXPECT_THAT(train(kJaxCartPole, 0), HasSubstr("done"));
  EXPECT_THAT(train(kTfCartPole, 0), HasSubstr("done"));
  EXPECT_THAT(train(kJaxCartPole + "Runner.create_environment_fn = @s/create_gym_environment\n"
                                   "s/create_gym_environment.version = 'v7'\n",
                    2),
              HasSubstr("CartPole-v7"));
  EXPECT_THAT(train(kJaxCartPole + "JaxDQNAgent.network = @s/ClassicControlDQNNetwork\n"
                                   "s/ClassicControlDQNNetwork.min_vals = (0.0,)\n"
                                   "s/ClassicControlDQNNetwork.max_vals = (1.0,)\n",
                    2),
              HasSubstr("min_vals"));
  EXPECT_THAT(train(kSac, 0), HasSubstr("done"));
  EXPECT_THAT(train(kSac + "PPOAgent.network = @continuous_networks.PPOActorCriticNetwork\n"
                           "PPOAgent.update_period = 64\n"
                           "create_continuous_agent.agent_name = 'ppo'\n",
                    0),
              HasSubstr("done"));
  EXPECT_THAT(train(kJaxCartPole + "create_agent.agent_name = 'jax_quantile'\n", 2),
              HasSubstr("QuantileAgent.network needs images, but CartPole has none"));
  EXPECT_THAT(
      train(kJaxCartPole + "JaxDQNAgent.network = @networks.PPODiscreteActorCriticNetwork\n", 2),
      HasSubstr("DQNAgent.network: @PPODiscreteActorCriticNetwork is none of the networks"));
  EXPECT_THAT(
      train(kJaxCartPole + "JaxDQNAgent.network = @networks.JaxFourierDQNNetwork\n"
                           "JaxFourierDQNNetwork.min_vals = %jax_networks.CARTPOLE_MIN_VALS\n"
                           "JaxFourierDQNNetwork.max_vals = %jax_networks.CARTPOLE_MAX_VALS\n",
            0),
      HasSubstr("done"));
  for (const char* name :
       {"CartpoleDQNNetwork", "CartpoleRainbowNetwork", "CartpoleFourierDQNNetwork"}) {
    EXPECT_THAT(train("import dopamine.discrete_domains.legacy_networks\n" + kJaxCartPole +
                          "JaxDQNAgent.network = @legacy_networks." + name + "\n",
                      0),
                HasSubstr("done"));
  }
  EXPECT_THAT(train(kJaxCartPole + "create_continuous_agent.agent_name = 'sac'\n", 2),
              HasSubstr("SACAgent chooses continuous actions, but those of CartPole are discrete; "
                        "bind create_agent.agent_name = 'dqn'"));
  EXPECT_THAT(train(kSac + "create_agent.agent_name = 'jax_dqn'\n", 2),
              HasSubstr("DQNAgent chooses between discrete actions, but those of Pendulum are "
                        "continuous; bind create_agent.agent_name = 'sac'"));
}

TEST_F(DopamineTest, ExplainComparesTwoConfigurations) {
  const std::string configs = ACCUMBENS_SOURCE_DIR "/configs/dopamine/";
  const auto explain = [&](const std::vector<std::string>& arguments, int code = 0) {
    std::vector<std::string> words{"explain"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    Program program(words, folder_ / "output");
    EXPECT_EQ(program.wait(), code) << program.output();
    return program.output();
  };
  const std::string dqn = configs + "dqn.gin";
  const std::string diff = explain({dqn, "--gin_bindings", "DQNAgent.gamma = 0.9", "--diff", dqn});
  EXPECT_EQ(diff, "- DQNAgent.gamma = 0.9  # --gin_bindings:1\n+ DQNAgent.gamma = 0.99  # " + dqn +
                      ":3\n");
  EXPECT_EQ(explain({"--gin_files", dqn, "--diff", dqn}), "nothing differs\n");
  EXPECT_THAT(explain({}, 2), HasSubstr("explain needs a file"));
}

// oracle: the program itself; `accumbens list --markdown > docs/configuration.md` renews the file
TEST_F(DopamineTest, TheManualOfConfigurationsIsUpToDate) {
  Program program({"list", "--markdown"}, folder_ / "output");
  ASSERT_EQ(program.wait(), 0);
  std::ifstream file(ACCUMBENS_SOURCE_DIR "/docs/configuration.md");
  const std::string manual{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(program.output(), manual);

  Program verbose({"list", "--verbose"}, folder_ / "output");
  ASSERT_EQ(verbose.wait(), 0);
  EXPECT_THAT(verbose.output(),
              HasSubstr("  gamma = 0.99  # float, [0, 1]: discount per agent step"));
  EXPECT_THAT(verbose.output(), HasSubstr("  replay_capacity: the same as max_capacity"));
}

// oracle: Dopamine itself; ACCUMBENS_DOPAMINE is the folder of a checkout of google/dopamine
TEST_F(DopamineTest, AllOfDopaminesOwnFilesResolve) {
  const char* checkout = std::getenv("ACCUMBENS_DOPAMINE");
  if (!checkout) GTEST_SKIP() << "ACCUMBENS_DOPAMINE names no checkout of google/dopamine";
  int count = 0;
  for (const char* part : {"jax", "tf"}) {
    const fs::path agents = fs::path(checkout) / "dopamine" / part / "agents";
    for (const auto& entry : fs::recursive_directory_iterator(agents)) {
      if (entry.path().extension() != ".gin") continue;
      ++count;
      try {
        const Configuration configuration(catalogue_.registry, {entry.path().string()}, {});
        catalogue_.check(configuration);
      } catch (const ConfigError& error) {
        ADD_FAILURE() << error.what();
      }
    }
  }
  EXPECT_GE(count, 50);
}

}  // namespace
}  // namespace accumbens
