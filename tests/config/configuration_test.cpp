#include "accumbens/config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace accumbens {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct AgentOptions {
  double gamma = 0.99;
  int64_t update_period = 4;
  bool double_dqn = false;
  std::string loss_type = "mse";
  Reference epsilon_fn{"linearly_decaying_epsilon"};
  std::vector<int64_t> observation_shape{84, 84};
  std::vector<double> min_vals{-2.4, 1e-5};
  std::optional<int64_t> seed;
  std::optional<double> max_gradient_norm = 0.5;
  std::optional<Reference> network;

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "discount per agent step", in_closed(0, 1));
    field("update_period", update_period, "agent steps between updates", at_least(1));
    field("double_dqn", double_dqn, "whether the online network selects");
    field("loss_type", loss_type, "loss of the temporal difference", one_of({"mse", "huber"}));
    field("epsilon_fn", epsilon_fn, "exploration schedule",
          one_of({"linearly_decaying_epsilon", "identity_epsilon"}));
    field("observation_shape", observation_shape, "of one frame, in pixels", at_least(1));
    field("min_vals", min_vals, "lowest observations");
    field("seed", seed, "of all random streams");
    field("max_gradient_norm", max_gradient_norm, "largest gradient norm", above(0));
    field("network", network, "network");
  }
};

struct RunnerOptions {
  int64_t num_iterations = 200;
  int64_t training_steps = 250'000;
  std::optional<int64_t> max_steps_per_episode = 27'000;

  template <class Visitor>
  void fields(Visitor& field) {
    field("num_iterations", num_iterations, "iterations", at_least(1));
    field("training_steps", training_steps, "agent steps per iteration", at_least(1));
    field("max_steps_per_episode", max_steps_per_episode, "agent steps", at_least(1));
  }

  void check() const {
    if (max_steps_per_episode && *max_steps_per_episode > training_steps) {
      throw ConfigError("max_steps_per_episode is above training_steps");
    }
  }
};

struct EnvironmentOptions {
  std::string game_name = "Pong";

  template <class Visitor>
  void fields(Visitor& field) {
    field("game_name", game_name, "name of the game");
  }
};

struct ChainOptions {
  std::vector<Reference> links{};

  template <class Visitor>
  void fields(Visitor& field) {
    field("links", links, "one after the other");
  }
};

class ConfigurationTest : public testing::Test {
 protected:
  ConfigurationTest() {
    registry_.add<AgentOptions>(
        "DQNAgent", {.aliases = {"JaxDQNAgent"},
                     .modules = {"dopamine.jax.agents.dqn.dqn_agent", "dopamine.agents.dqn_agent"},
                     .summary = "deep Q-network"});
    registry_.add<RunnerOptions>("Runner",
                                 {.modules = {"dopamine.discrete_domains.run_experiment"}});
    registry_.add<RunnerOptions>(
        "TrainRunner", {.modules = {"dopamine.discrete_domains.run_experiment"}, .base = "Runner"});
    registry_.add<EnvironmentOptions>("create_atari_environment",
                                      {.modules = {"dopamine.discrete_domains.atari_lib"}});
    for (const char* name : {"linearly_decaying_epsilon", "identity_epsilon"}) {
      registry_.add_reference(name, {.modules = {"dopamine.jax.agents.dqn.dqn_agent"}});
    }
    registry_.add_reference("NatureDQNNetwork", {.modules = {"dopamine.jax.networks"}});
    registry_.add_constant("dopamine.discrete_domains.gym_lib.CARTPOLE_OBSERVATION_SHAPE",
                           tuple_of({4, 1}));

    // a directory of its own for every test
    directory_ = fs::path(ACCUMBENS_BINARY_DIR) / "tests" / "configuration" /
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }

  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  Configuration bindings(const std::vector<std::string>& lines) const {
    return Configuration(registry_, {}, lines);
  }

  AgentOptions agent(const std::string& line) const {
    return bindings({line}).get<AgentOptions>("DQNAgent");
  }

  std::string error_of(const std::vector<std::string>& files,
                       const std::vector<std::string>& lines) const {
    try {
      Configuration(registry_, files, lines);
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.exit_code(), 2);
      return error.what();
    }
    return "no error";
  }
  std::string error_of(const std::string& line) const { return error_of({}, {line}); }

  Registry registry_;
  fs::path directory_;
};

TEST_F(ConfigurationTest, DefaultsAreThoseOfTheOptions) {
  const AgentOptions options = bindings({}).get<AgentOptions>("DQNAgent");
  EXPECT_EQ(options.gamma, 0.99);
  EXPECT_EQ(options.epsilon_fn, Reference{"linearly_decaying_epsilon"});
  EXPECT_THAT(options.observation_shape, ElementsAre(84, 84));
  EXPECT_EQ(options.seed, std::nullopt);
  EXPECT_EQ(options.max_gradient_norm, 0.5);
}

TEST_F(ConfigurationTest, BindsEveryTypeOfField) {
  const AgentOptions options =
      bindings({"DQNAgent.gamma = 1", "DQNAgent.update_period = 250_000",
                "DQNAgent.double_dqn = True", "DQNAgent.loss_type = 'hu' 'ber'",
                "DQNAgent.epsilon_fn = @identity_epsilon", "DQNAgent.observation_shape = [4, 1]",
                "DQNAgent.min_vals = (1, -2.5)", "DQNAgent.seed = 7",
                "DQNAgent.max_gradient_norm = None", "DQNAgent.network = @NatureDQNNetwork()"})
          .get<AgentOptions>("DQNAgent");
  EXPECT_EQ(options.gamma, 1.0);
  EXPECT_EQ(options.update_period, 250'000);
  EXPECT_TRUE(options.double_dqn);
  EXPECT_EQ(options.loss_type, "huber");
  EXPECT_EQ(options.epsilon_fn, Reference{"identity_epsilon"});
  EXPECT_THAT(options.observation_shape, ElementsAre(4, 1));
  EXPECT_THAT(options.min_vals, ElementsAre(1.0, -2.5));
  EXPECT_EQ(options.seed, 7);
  EXPECT_EQ(options.max_gradient_norm, std::nullopt);
  EXPECT_EQ(options.network, Reference{"NatureDQNNetwork"});
}

TEST_F(ConfigurationTest, AnySuffixOfAModuleAndAnyAliasReachesAConfigurable) {
  for (const char* name : {"create_atari_environment", "atari_lib.create_atari_environment",
                           "discrete_domains.atari_lib.create_atari_environment",
                           "dopamine.discrete_domains.atari_lib.create_atari_environment"}) {
    const auto configuration = bindings({std::string(name) + ".game_name = 'Breakout'"});
    EXPECT_EQ(configuration.get<EnvironmentOptions>(name).game_name, "Breakout") << name;
  }
  for (const char* name : {"JaxDQNAgent", "dqn_agent.DQNAgent", "dqn.dqn_agent.JaxDQNAgent",
                           "agents.dqn_agent.DQNAgent"}) {
    EXPECT_EQ(agent(std::string(name) + ".update_period = 3").update_period, 3) << name;
  }
  EXPECT_EQ(agent("DQNAgent.epsilon_fn = @dqn_agent.identity_epsilon").epsilon_fn,
            Reference{"identity_epsilon"});
}

TEST_F(ConfigurationTest, UnknownNamesNameTheirPlaceAndTheNearestKnownName) {
  EXPECT_THAT(error_of("DQNAgnt.gamma = 1"),
              StartsWith("--gin_bindings:1:1: no configurable is named 'DQNAgnt'; "
                         "did you mean 'DQNAgent'?\n"));
  EXPECT_THAT(error_of("dqn_agent.DQNAgent.gama = 1"),
              StartsWith("--gin_bindings:1:20: DQNAgent has no parameter 'gama'; "
                         "did you mean 'gamma'?\n"));
  EXPECT_THAT(error_of("atari_lb.create_atari_environment.game_name = 'Pong'"),
              StartsWith("--gin_bindings:1:1: 'create_atari_environment' is not in the module "
                         "'atari_lb'; did you mean 'atari_lib.create_atari_environment'?\n"));
  EXPECT_THAT(error_of("DQNAgent.epsilon_fn = @identiy_epsilon"),
              StartsWith("--gin_bindings:1:23: no configurable is named 'identiy_epsilon'; "
                         "did you mean 'identity_epsilon'?\n"));
  EXPECT_THAT(error_of("DQNAgent.observation_shape = %gym_lib.CARTPOLE_OBSERVATION_SHAP"),
              StartsWith("--gin_bindings:1:30: no constant or macro is named "
                         "'gym_lib.CARTPOLE_OBSERVATION_SHAP'; "
                         "did you mean 'gym_lib.CARTPOLE_OBSERVATION_SHAPE'?\n"));
  EXPECT_THAT(error_of("Zebra.x = 1"), Not(HasSubstr("did you mean")));
  EXPECT_THAT(error_of("identity_epsilon.x = 1"), HasSubstr("has no parameter 'x'"));
}

TEST_F(ConfigurationTest, WrongTypesNameTheTypeAndTheMeaning) {
  EXPECT_THAT(error_of("DQNAgent.update_period = 'x'"),
              StartsWith("--gin_bindings:1:26: DQNAgent.update_period takes an int, not the string "
                         "'x' (agent steps between updates)\n"));
  const std::map<std::string, std::string> table = {
      {"update_period = 4.0", "takes an int, not the float 4.0"},
      {"update_period = True", "takes an int, not the bool True"},
      {"update_period = None", "takes an int, not None"},
      {"gamma = True", "takes a float, not the bool True"},
      {"gamma = (1,)", "takes a float, not the tuple (1,)"},
      {"double_dqn = 1", "takes a bool, not the int 1"},
      {"loss_type = 1", "takes a string, not the int 1"},
      {"epsilon_fn = 'identity_epsilon'", "takes a @reference, not the string"},
      {"observation_shape = 4", "takes a list of int, not the int 4"},
      {"observation_shape = (4, 1.5)", "takes a list of int, not the tuple (4, 1.5)"},
      {"min_vals = ['x']", "takes a list of float, not the list ['x']"},
      {"seed = 1.5", "takes an int or None, not the float 1.5"},
      {"network = {}", "takes a @reference or None, not the dict {}"},
  };
  for (const auto& [binding, message] : table) {
    EXPECT_THAT(error_of("DQNAgent." + binding), HasSubstr(message)) << binding;
  }
}

TEST_F(ConfigurationTest, ValuesOutsideTheirRangeNameTheRangeAndTheMeaning) {
  EXPECT_THAT(error_of("DQNAgent.gamma = 1.5"),
              StartsWith("--gin_bindings:1:18: DQNAgent.gamma must be in [0, 1], not 1.5 "
                         "(discount per agent step)\n"));
  const std::map<std::string, std::string> table = {
      {"update_period = 0", "must be at least 1, not 0"},
      {"update_period = 1_000_000_000_000_001", "must be at most 1e+15, not"},
      {"observation_shape = (84, 1_000_000_000_000_001)", "must be at most 1e+15, not"},
      {"max_gradient_norm = 0.0", "must be above 0, not 0.0"},
      {"loss_type = 'hubert'", "must be 'mse' or 'huber', not 'hubert'; did you mean 'huber'?"},
      {"epsilon_fn = @NatureDQNNetwork",
       "must be @linearly_decaying_epsilon or @identity_epsilon, not @NatureDQNNetwork"},
      {"observation_shape = (84, 0)", "must be at least 1 in each element, not (84, 0)"},
  };
  for (const auto& [binding, message] : table) {
    EXPECT_THAT(error_of("DQNAgent." + binding), HasSubstr(message)) << binding;
  }
  EXPECT_EQ(error_of("DQNAgent.epsilon_fn = @scope/identity_epsilon"), "no error");
}

TEST_F(ConfigurationTest, LaterBindingsWinAndBindingsComeAfterFiles) {
  const std::string first = write("first.gin", "DQNAgent.gamma = 0.1\nDQNAgent.gamma = 0.2\n");
  const std::string second = write("second.gin", "JaxDQNAgent.gamma = 0.3\n");
  const auto gamma = [&](const std::vector<std::string>& files,
                         const std::vector<std::string>& lines) {
    return Configuration(registry_, files, lines).get<AgentOptions>("DQNAgent").gamma;
  };
  EXPECT_EQ(gamma({first}, {}), 0.2);
  EXPECT_EQ(gamma({first, second}, {}), 0.3);
  EXPECT_EQ(gamma({second, first}, {}), 0.2);
  EXPECT_EQ(gamma({first, second}, {"DQNAgent.gamma = 0.4", "DQNAgent.gamma = 0.5"}), 0.5);
}

TEST_F(ConfigurationTest, WhatIsOverriddenIsCheckedAsWell) {
  EXPECT_THAT(error_of({}, {"DQNAgent.gamma = 2", "DQNAgent.gamma = 0.5"}),
              StartsWith("--gin_bindings:1:18: "));
}

TEST_F(ConfigurationTest, BindingsOnTheBaseReachDerivedConfigurables) {
  auto configuration = bindings({"TrainRunner.training_steps = 50_000",
                                 "Runner.training_steps = 100_000", "Runner.num_iterations = 3"});
  EXPECT_EQ(configuration.get<RunnerOptions>("TrainRunner").num_iterations, 3);
  EXPECT_EQ(configuration.get<RunnerOptions>("TrainRunner").training_steps, 50'000);
  EXPECT_EQ(configuration.get<RunnerOptions>("Runner").training_steps, 100'000);
  EXPECT_TRUE(configuration.bound("TrainRunner", "num_iterations"));
  EXPECT_FALSE(configuration.bound("TrainRunner", "max_steps_per_episode"));
  EXPECT_FALSE(bindings({"TrainRunner.num_iterations = 3"}).bound("Runner", "num_iterations"));
}

TEST_F(ConfigurationTest, TheInnermostScopeWins) {
  auto configuration =
      bindings({"a/b/DQNAgent.gamma = 0.3", "a/DQNAgent.gamma = 0.2", "DQNAgent.gamma = 0.1",
                "a/DQNAgent.update_period = 2", "DQNAgent.network = @a/NatureDQNNetwork"});
  const auto gamma = [&](const char* name) { return configuration.get<AgentOptions>(name).gamma; };
  EXPECT_EQ(gamma("DQNAgent"), 0.1);
  EXPECT_EQ(gamma("a/DQNAgent"), 0.2);
  EXPECT_EQ(gamma("a/b/DQNAgent"), 0.3);
  EXPECT_EQ(gamma("b/DQNAgent"), 0.1);
  EXPECT_EQ(configuration.get<AgentOptions>("a/b/DQNAgent").update_period, 2);
  EXPECT_EQ(configuration.get<AgentOptions>("DQNAgent").network, Reference{"a/NatureDQNNetwork"});
}

// oracle: gin's config_scope
TEST_F(ConfigurationTest, WhatAScopedReferenceBuildsIsFetchedInItsScope) {
  const auto configuration = bindings({"DQNAgent.gamma = 0.1", "a/DQNAgent.gamma = 0.2",
                                       "b/DQNAgent.gamma = 0.3", "a/DQNAgent.seed = 7"});
  const auto gamma = [&](const char* name) { return configuration.get<AgentOptions>(name).gamma; };
  {
    const Configuration::Scope a(configuration, "a");
    EXPECT_EQ(gamma("DQNAgent"), 0.2);
    EXPECT_EQ(gamma("b/DQNAgent"), 0.3);
    const Configuration::Scope none(configuration, "");
    EXPECT_EQ(gamma("DQNAgent"), 0.2);
  }
  EXPECT_EQ(gamma("DQNAgent"), 0.1);
  EXPECT_THAT(configuration.operative(), HasSubstr("a/DQNAgent.seed = 7"));
}

TEST_F(ConfigurationTest, MacrosAndConstantsAreReplaced) {
  const auto configuration =
      bindings({"DQNAgent.gamma = %GAMMA", "GAMMA = 0.5", "DQNAgent.min_vals = [%GAMMA, %s/LOW]",
                "s/LOW = %LOWER", "LOWER = -1", "GAMMA = 0.25",
                "DQNAgent.observation_shape = %gym_lib.CARTPOLE_OBSERVATION_SHAPE"});
  const auto options = configuration.get<AgentOptions>("DQNAgent");
  EXPECT_EQ(options.gamma, 0.25);
  EXPECT_THAT(options.min_vals, ElementsAre(0.25, -1.0));
  EXPECT_THAT(options.observation_shape, ElementsAre(4, 1));
  EXPECT_THAT(configuration.warnings(), IsEmpty());
}

TEST_F(ConfigurationTest, MacrosThatNeverEndAreRefused) {
  EXPECT_THAT(error_of({}, {"A = [%B]", "B = %A", "DQNAgent.gamma = %A"}),
              HasSubstr("is defined by itself"));

  // each macro holds the one before it ten times
  std::vector<std::string> lines = {"M0 = 1"};
  for (int i = 1; i < 30; ++i) {
    std::string line = "M" + std::to_string(i) + " = [";
    for (int j = 0; j < 10; ++j) line += "%M" + std::to_string(i - 1) + ", ";
    lines.push_back(line + "]");
  }
  EXPECT_THAT(error_of({}, lines), HasSubstr("too large"));

  // a long chain
  lines = {"M0 = 1"};
  for (int i = 1; i < 200; ++i) {
    lines.push_back("M" + std::to_string(i) + " = %M" + std::to_string(i - 1));
  }
  EXPECT_THAT(error_of({}, lines), HasSubstr("nests too deeply"));
}

TEST_F(ConfigurationTest, AMacroThatNothingUsesIsAWarning) {
  EXPECT_THAT(bindings({"DQNAgentgamma = 0.5"}).warnings(),
              ElementsAre("--gin_bindings:1: nothing uses the macro 'DQNAgentgamma'"));
}

TEST_F(ConfigurationTest, ARequiredParameterFailsWhenItIsFetched) {
  const std::vector<std::string> required = {"DQNAgent.seed = %gin.REQUIRED"};
  const auto configuration = bindings(required);
  try {
    configuration.get<AgentOptions>("DQNAgent");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), StartsWith("--gin_bindings:1:1: DQNAgent.seed is required"));
  }
  EXPECT_EQ(bindings({required[0], "DQNAgent.seed = 3"}).get<AgentOptions>("DQNAgent").seed, 3);
}

TEST_F(ConfigurationTest, ContradictionsBetweenFieldsNameTheConfigurableAndWhatIsBound) {
  EXPECT_EQ(error_of("Runner.training_steps = 10"),
            "--gin_bindings:1: Runner: max_steps_per_episode is above training_steps");
  const std::string file = write("a.gin",
                                 "Runner.num_iterations = 1\nRunner.training_steps = 10\n"
                                 "Runner.max_steps_per_episode = 11\n");
  EXPECT_EQ(error_of({file}, {}),
            file + ":3, " + file + ":2: Runner: max_steps_per_episode is above training_steps");
  const auto configuration =
      bindings({"Runner.training_steps = 10", "Runner.max_steps_per_episode = 5"});
  EXPECT_EQ(configuration.get<RunnerOptions>("TrainRunner").training_steps, 10);
}

TEST_F(ConfigurationTest, MessagesGetTheLinesOfTheParametersThatTheyName) {
  const std::string file = write("a.gin",
                                 "DQNAgent.gamma = 0.5\nRunner.num_iterations = 1\n"
                                 "evaluation/Runner.num_iterations = 2\n");
  const Configuration configuration(registry_, {file}, {"DQNAgent.update_period = 2"});
  EXPECT_EQ(
      configuration.with_places("DQNAgent.update_period and DQNAgent.gamma do not go together"),
      "--gin_bindings:1, " + file +
          ":1: DQNAgent.update_period and DQNAgent.gamma do not go together");

  // what is bound for a base, unless it is bound itself, or in a scope
  EXPECT_EQ(configuration.with_places("TrainRunner.num_iterations is odd"),
            file + ":2, " + file + ":3: TrainRunner.num_iterations is odd");
  const auto own = bindings({"Runner.num_iterations = 1", "TrainRunner.num_iterations = 2"});
  EXPECT_EQ(own.with_places("TrainRunner.num_iterations is odd"),
            "--gin_bindings:2: TrainRunner.num_iterations is odd");

  // what is not bound, and no whole word
  for (const std::string other :
       {"DQNAgent.network is odd", "DQNAgent.gammas", "MyDQNAgent.gamma", "gamma"}) {
    EXPECT_EQ(configuration.with_places(other), other);
  }

  // once is enough
  const std::string located = configuration.with_places("DQNAgent.gamma is odd");
  EXPECT_EQ(configuration.with_places(located), located);
}

TEST_F(ConfigurationTest, UnknownImportsAreWarnings) {
  const std::string file = write("a.gin",
                                 "import dopamine.jax.agents.dqn.dqn_agent\nimport accumbens.x\n"
                                 "\nimport tensorflow as tf\n");
  EXPECT_THAT(Configuration(registry_, {file}, {}).warnings(),
              ElementsAre(file + ":4: the import of 'tensorflow' has no effect: Python modules are "
                                 "not loaded"));
  const std::string misspelt =
      write("b.gin", "import dopamine.jax\nimport dopamine.jax.netwroks\n");
  EXPECT_THAT(Configuration(registry_, {misspelt}, {}).warnings(),
              ElementsAre(misspelt + ":2: the import of 'dopamine.jax.netwroks' has no effect: "
                                     "Python modules are not loaded; did you mean "
                                     "'dopamine.jax.networks'?"));
}

TEST_F(ConfigurationTest, IncludesAreRelativeToTheIncludingFile) {
  const std::string top = write("top.gin", "DQNAgent.gamma = 0.1\ninclude 'sub/one.gin'\n");
  write("sub/one.gin", "include '../two.gin'\nDQNAgent.update_period = 1\n");
  write("two.gin", "DQNAgent.gamma = 0.2\nDQNAgent.update_period = 2\n");
  const auto options = Configuration(registry_, {top, top}, {}).get<AgentOptions>("DQNAgent");
  EXPECT_EQ(options.gamma, 0.2);
  EXPECT_EQ(options.update_period, 1);
}

TEST_F(ConfigurationTest, FilesThatCannotBeReadNameWhereTheyWereNamed) {
  const std::string good = write("good.gin", "");
  const std::string missing = (directory_ / "goood.gin").string();
  EXPECT_EQ(error_of({missing}, {}),
            "--gin_files: there is no file '" + missing + "'; did you mean '" + good + "'?");
  EXPECT_THAT(error_of({directory_.string()}, {}), HasSubstr("is a directory"));
  EXPECT_THAT(error_of({"/dev/zero"}, {}), HasSubstr("larger than 16 MB"));

  const std::string outer = write("outer.gin", "\n  include 'nowhere/x.gin'\n");
  EXPECT_THAT(error_of({outer}, {}), StartsWith(outer + ":2:11: there is no file '"));

  const std::string a = write("a.gin", "include 'b.gin'\n");
  const std::string b = write("b.gin", "include './a.gin'\n");
  EXPECT_THAT(error_of({a}, {}), StartsWith(b + ":1:9: the file '"));
  EXPECT_THAT(error_of({a}, {}), HasSubstr("includes itself"));
}

// oracle: 2^40 files, were there no limit
TEST_F(ConfigurationTest, FilesThatIncludeOneTwiceEnd) {
  std::string file = write("40.gin", "");
  for (int i = 40; i-- > 0;) {
    const std::string next = "include '" + std::to_string(i + 1) + ".gin'\n";
    file = write(std::to_string(i) + ".gin", next + next);
  }
  EXPECT_THAT(error_of({file}, {}), HasSubstr("more than 1000 files are included"));
}

TEST_F(ConfigurationTest, AmbiguityListsTheCandidates) {
  registry_.add<EnvironmentOptions>("Network", {.modules = {"lib.one"}});
  registry_.add<EnvironmentOptions>("Network", {.modules = {"lib.two"}});
  EXPECT_THAT(error_of("Network.game_name = 'x'"),
              StartsWith("--gin_bindings:1:1: 'Network' is ambiguous: write more of "
                         "lib.one.Network or lib.two.Network\n"));
  const auto configuration = bindings({"two.Network.game_name = 'x'"});
  EXPECT_EQ(configuration.get<EnvironmentOptions>("lib.two.Network").game_name, "x");
  EXPECT_EQ(configuration.get<EnvironmentOptions>("lib.one.Network").game_name, "Pong");
  EXPECT_THAT(configuration.operative(), HasSubstr("lib.two.Network.game_name = 'x'"));

  registry_.add_constant("one.SIZE", 1);
  registry_.add_constant("two.SIZE", 2);
  EXPECT_THAT(error_of("DQNAgent.seed = %SIZE"), HasSubstr("'%SIZE' is ambiguous"));
  EXPECT_EQ(error_of("DQNAgent.seed = %two.SIZE"), "no error");
  EXPECT_THAT(error_of("one.SIZE.x = 3"), HasSubstr("no configurable is named"));
}

TEST_F(ConfigurationTest, AMacroCannotHideAConstant) {
  registry_.add_constant("lib.SIZE", 1);
  EXPECT_THAT(error_of("SIZE = 3"), HasSubstr("'SIZE' is a constant"));
}

TEST_F(ConfigurationTest, OperativeHoldsWhatWasUsedSortedWithMeanings) {
  const auto configuration = bindings({"Runner.num_iterations = 3", "DQNAgent.gamma = 0.5"});
  EXPECT_EQ(configuration.operative(), "");
  configuration.get<RunnerOptions>("TrainRunner");
  configuration.get<EnvironmentOptions>("atari_lib.create_atari_environment");
  EXPECT_EQ(configuration.operative(),
            "# TrainRunner\n"
            "TrainRunner.max_steps_per_episode = 27_000  # agent steps\n"
            "TrainRunner.num_iterations = 3  # iterations\n"
            "TrainRunner.training_steps = 250_000  # agent steps per iteration\n"
            "\n"
            "# create_atari_environment\n"
            "create_atari_environment.game_name = 'Pong'  # name of the game\n");
}

// oracle: the configuration that the operative text was written from, values compared bit by bit
TEST_F(ConfigurationTest, OperativeReadsBackEqual) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 200; ++i) {
    const double gamma = unit(random);
    const std::string low = gin_text(Value(unit(random) * 1e-300));
    const auto first = bindings(
        {"DQNAgent.gamma = " + gin_text(Value(gamma)), "s/DQNAgent.min_vals = (" + low + ", 1e300)",
         "X = 'a\\n\\'\\\\\\x01'", "create_atari_environment.game_name = %X",
         "DQNAgent.network = @s/networks.NatureDQNNetwork()", "Runner.max_steps_per_episode = None",
         "DQNAgent.seed = " + std::to_string(static_cast<int64_t>(random()))});
    const auto use = [](const Configuration& configuration) {
      configuration.get<RunnerOptions>("TrainRunner");
      configuration.get<EnvironmentOptions>("create_atari_environment");
      configuration.get<AgentOptions>("DQNAgent");
      return configuration.get<AgentOptions>("s/JaxDQNAgent");
    };
    const AgentOptions before = use(first);
    const Configuration second(registry_, {write("operative.gin", first.operative())}, {});
    const AgentOptions after = use(second);
    ASSERT_EQ(before.gamma, gamma);
    ASSERT_EQ(after.gamma, gamma);
    ASSERT_EQ(after.min_vals, before.min_vals);
    ASSERT_EQ(after.seed, before.seed);
    ASSERT_EQ(after.network, before.network);
    ASSERT_EQ(second.operative(), first.operative());
  }
}

TEST_F(ConfigurationTest, ExplainNamesTheOriginOfEachValue) {
  const std::string file = write("a.gin", "\nRunner.num_iterations = 3\n");
  const Configuration configuration(registry_, {file},
                                    {"create_atari_environment.game_name = 'Breakout'"});
  configuration.get<RunnerOptions>("TrainRunner");
  EXPECT_EQ(configuration.explain(),
            "Runner.max_steps_per_episode = 27_000            # default\n"
            "Runner.num_iterations = 3                        # " +
                file +
                ":2\n"
                "Runner.training_steps = 250_000                  # default\n"
                "\n"
                "TrainRunner.max_steps_per_episode = 27_000       # default\n"
                "TrainRunner.num_iterations = 3                   # " +
                file +
                ":2\n"
                "TrainRunner.training_steps = 250_000             # default\n"
                "\n"
                "create_atari_environment.game_name = 'Breakout'  # --gin_bindings:1\n");
}

TEST_F(ConfigurationTest, TheFieldsOfEveryConfigurableCanBeListed) {
  const auto all = registry_.configurables();
  ASSERT_EQ(all.size(), 7u);
  EXPECT_EQ(all[0]->name, "DQNAgent");
  EXPECT_EQ(all[0]->summary, "deep Q-network");
  std::vector<std::string> lines;
  for (const Field& field : all[0]->fields) {
    lines.push_back(field.name + "|" + field.type_text() + "|" + field.default_text() + "|" +
                    field.range_text());
  }
  EXPECT_THAT(lines,
              ElementsAre("gamma|float|0.99|[0, 1]", "update_period|int|4|at least 1",
                          "double_dqn|bool|False|", "loss_type|string|'mse'|'mse' or 'huber'",
                          "epsilon_fn|@reference|@linearly_decaying_epsilon|"
                          "@linearly_decaying_epsilon or @identity_epsilon",
                          "observation_shape|list of int|(84, 84)|at least 1",
                          "min_vals|list of float|(-2.4, 1e-05)|", "seed|int or None|None|",
                          "max_gradient_norm|float or None|0.5|above 0",
                          "network|@reference or None|None|"));
}

TEST_F(ConfigurationTest, WhatIsAbsentIsAWarningAndItsParametersAreStillChecked) {
  registry_.add_absent("RainbowAgent", {"num_atoms", "network"},
                       {.modules = {"dopamine.rainbow_agent"},
                        .summary = "Rainbow",
                        .unused = {{"use_new_replay_buffer", "it was removed"}}});
  registry_.add_absent("FourierNetwork", {},
                       {.modules = {"dopamine.networks"}, .summary = "linear"});
  const std::string file = write("a.gin",
                                 "rainbow_agent.RainbowAgent.num_atoms = 51\n"
                                 "RainbowAgent.network = @networks.FourierNetwork\n"
                                 "RainbowAgent.use_new_replay_buffer = True\n"
                                 "DQNAgent.network = @networks.FourierNetwork\n"
                                 "DQNAgent.epsilon_fn = @FourierNetwork\n");
  const Configuration configuration(registry_, {file}, {});
  EXPECT_THAT(
      configuration.warnings(),
      ElementsAre(file + ":1: RainbowAgent is not in Accumbens: its bindings have no effect "
                         "(Rainbow)",
                  file + ":3: RainbowAgent.use_new_replay_buffer has no effect: it was "
                         "removed",
                  file + ":4: FourierNetwork is not in Accumbens: its bindings have no "
                         "effect (linear)"));
  EXPECT_EQ(configuration.get<AgentOptions>("DQNAgent").network, Reference{"FourierNetwork"});
  EXPECT_THAT(configuration.explain(), HasSubstr("RainbowAgent.num_atoms = 51"));
  EXPECT_THAT(configuration.explain(), HasSubstr(file + ":1, no effect\n"));
  EXPECT_THAT(configuration.operative(), Not(HasSubstr("RainbowAgent")));
  EXPECT_EQ(configuration.bound_at("RainbowAgent"), file + ":2");
  EXPECT_EQ(configuration.bound_at("Runner"), "");

  EXPECT_THAT(error_of("RainbowAgent.num_atms = 51"),
              StartsWith("--gin_bindings:1:14: RainbowAgent has no parameter 'num_atms'; did you "
                         "mean 'num_atoms'?\n"));
  EXPECT_THAT(error_of("RainbowAgent.num_atoms = %NONE"), HasSubstr("no constant or macro"));
  EXPECT_THAT(error_of("DQNAgent.gamma = @FourierNetwork"), HasSubstr("takes a float"));
}

struct ReplayOptions {
  int64_t max_capacity = 100;
  std::string kind = "uniform";

  template <class Visitor>
  void fields(Visitor& field) {
    field("max_capacity", max_capacity, "transitions", at_least(1));
    field("kind", kind, "how it samples", one_of({"uniform", "@Prioritized"}));
  }
};

TEST_F(ConfigurationTest, RenamedAndUnusedParametersOfOtherSystemsAreAccepted) {
  registry_.add<ReplayOptions>("ReplayBuffer", {.aliases = {"WrappedReplayBuffer"},
                                                .renamed = {{"replay_capacity", "max_capacity"}},
                                                .unused = {{"compress", "frames are small"}}});
  const auto configuration =
      bindings({"ReplayBuffer.max_capacity = 5", "WrappedReplayBuffer.replay_capacity = 50",
                "ReplayBuffer.compress = {1: [None]}"});
  EXPECT_EQ(configuration.get<ReplayOptions>("ReplayBuffer").max_capacity, 50);
  EXPECT_EQ(configuration.value("ReplayBuffer", "max_capacity"), Value(50));
  EXPECT_THAT(configuration.operative(), HasSubstr("ReplayBuffer.max_capacity = 50"));
  EXPECT_THAT(configuration.warnings(), ElementsAre("--gin_bindings:3: ReplayBuffer.compress has "
                                                    "no effect: frames are small"));
  EXPECT_THAT(error_of("ReplayBuffer.replay_capacity = 0"), HasSubstr("must be at least 1"));
  EXPECT_THAT(error_of("ReplayBuffer.replay_capcity = 1"),
              HasSubstr("did you mean 'replay_capacity'?"));
}

TEST_F(ConfigurationTest, ANameMayAlsoBeOneOfTheListedReferences) {
  registry_.add<ReplayOptions>("ReplayBuffer");
  registry_.add_reference("Prioritized", {.modules = {"samplers"}});
  const auto configuration = bindings({"ReplayBuffer.kind = @samplers.Prioritized()"});
  EXPECT_EQ(configuration.get<ReplayOptions>("ReplayBuffer").kind, "@Prioritized");
  const std::string operative = configuration.operative();
  EXPECT_THAT(operative, HasSubstr("ReplayBuffer.kind = @Prioritized()"));
  const Configuration again(registry_, {write("operative.gin", operative)}, {});
  EXPECT_EQ(again.get<ReplayOptions>("ReplayBuffer").kind, "@Prioritized");
  EXPECT_EQ(
      bindings({"ReplayBuffer.kind = @s/Prioritized"}).get<ReplayOptions>("ReplayBuffer").kind,
      "@s/Prioritized");
  EXPECT_THAT(error_of("ReplayBuffer.kind = @NatureDQNNetwork"),
              HasSubstr("takes a string, not the reference @NatureDQNNetwork"));
}

TEST_F(ConfigurationTest, AnImportMayStandForBindings) {
  registry_.add_module("dopamine.tf.dqn_agent", "DQNAgent.loss_type = 'huber'\n");
  const std::string file = write("a.gin", "\nimport dopamine.tf.dqn_agent\n");
  const Configuration configuration(registry_, {file}, {});
  EXPECT_EQ(configuration.get<AgentOptions>("DQNAgent").loss_type, "huber");
  EXPECT_THAT(configuration.explain(), testing::ContainsRegex("'huber' +# " + file + ":2\n"));
  EXPECT_THAT(configuration.warnings(), IsEmpty());
  const std::string bound =
      write("b.gin", "import dopamine.tf.dqn_agent\nDQNAgent.loss_type='mse'");
  const std::string late = write("c.gin", "DQNAgent.loss_type='mse'\nimport dopamine.tf.dqn_agent");
  for (const std::vector<std::string>& files :
       {std::vector{bound}, std::vector{late}, std::vector{bound, file}}) {
    EXPECT_EQ(Configuration(registry_, files, {}).get<AgentOptions>("DQNAgent").loss_type, "mse");
  }
}

TEST_F(ConfigurationTest, DiffShowsWhatDiffersAfterResolution) {
  registry_.add_absent("RainbowAgent", {"num_atoms"}, {});
  const Configuration a =
      bindings({"DQNAgent.gamma = 1", "DQNAgent.min_vals = [1, 2]", "DQNAgent.update_period = 4",
                "DQNAgent.seed = 3", "RainbowAgent.num_atoms = 51", "Runner.num_iterations = 200"});
  const Configuration b = bindings({"DQNAgent.min_vals = (1.0, 2.0)", "JaxDQNAgent.gamma = %ONE",
                                    "ONE = 1.0", "s/DQNAgent.gamma = 0.5"});
  EXPECT_EQ(a.diff(a), "");
  EXPECT_EQ(a.diff(b),
            "- DQNAgent.seed = 3  # --gin_bindings:4\n"
            "+ DQNAgent.seed = None  # default\n"
            "- RainbowAgent.num_atoms = 51  # --gin_bindings:5, no effect\n"
            "+ RainbowAgent.num_atoms  # not bound\n"
            "- s/DQNAgent.gamma = 1  # --gin_bindings:1\n"
            "+ s/DQNAgent.gamma = 0.5  # --gin_bindings:4\n"
            "- s/DQNAgent.seed = 3  # --gin_bindings:4\n"
            "+ s/DQNAgent.seed = None  # default\n");
}

struct BadDefault {
  double gamma = 2;

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "discount", in_closed(0, 1));
  }
};

struct UnknownReference {
  Reference network{"Nature"};

  template <class Visitor>
  void fields(Visitor& field) {
    field("network", network, "network");
  }
};

TEST_F(ConfigurationTest, MistakesInRegistrationsAreErrors) {
  EXPECT_THROW(registry_.add<BadDefault>("Bad"), Error);
  EXPECT_THROW(registry_.add<RunnerOptions>("DQNAgent", {.modules = {"dopamine.agents.dqn_agent"}}),
               Error);
  EXPECT_THROW(registry_.add<RunnerOptions>("X", {.base = "Unknown"}), Error);
  EXPECT_THROW(bindings({}).get<RunnerOptions>("DQNAgent"), Error);
  EXPECT_THROW(registry_.add<RunnerOptions>("Z", {.renamed = {{"steps", "no_field"}}}), Error);
  registry_.add<UnknownReference>("Y");
  EXPECT_THROW(bindings({}), Error);
}

// random bindings of known names: a configuration or ConfigError, nothing else
TEST_F(ConfigurationTest, RandomBindingsNeverCrash) {
  const std::vector<std::string> keys = {"DQNAgent.gamma",
                                         "JaxDQNAgent.seed",
                                         "a/DQNAgent.network",
                                         "Runner.training_steps",
                                         "M",
                                         "N",
                                         "DQNAgent.observation_shape",
                                         "s/M",
                                         "dqn_agent.DQNAgent.loss_type",
                                         "X.y",
                                         "DQNAgent.min_vals"};
  const std::vector<std::string> values = {"1",
                                           "0.5",
                                           "None",
                                           "True",
                                           "'mse'",
                                           "%M",
                                           "%N",
                                           "[%M, %N]",
                                           "@identity_epsilon",
                                           "@a/b.c()",
                                           "%gin.REQUIRED",
                                           "(4, 1)",
                                           "{%M: %N}",
                                           "[%s/M]",
                                           "{'a': @DQNAgent}",
                                           "%s/M",
                                           "()",
                                           "[[]]"};
  std::mt19937_64 random(4);
  int accepted = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::vector<std::string> lines;
    for (uint64_t n = 1 + random() % 4; n > 0; --n) {
      lines.push_back(keys[random() % keys.size()] + " = " + values[random() % values.size()]);
    }
    try {
      const auto configuration = bindings(lines);
      configuration.get<AgentOptions>("a/DQNAgent");
      Configuration(registry_, {}, {configuration.operative()});
      EXPECT_FALSE(configuration.explain().empty());
      ++accepted;
    } catch (const ConfigError&) {
    } catch (const std::exception& error) {
      FAIL() << error.what();
    }
  }
  EXPECT_GT(accepted, 25);
}

// oracle: written out by hand
TEST_F(ConfigurationTest, AListOfReferencesKeepsItsOrderAndScopes) {
  registry_.add<ChainOptions>("Chain");
  const auto links = [&](const std::string& text) {
    return bindings({"Chain.links = " + text}).get<ChainOptions>("Chain").links;
  };
  EXPECT_TRUE(bindings({}).get<ChainOptions>("Chain").links.empty());
  EXPECT_EQ(links("[@a/identity_epsilon, @NatureDQNNetwork()]"),
            (std::vector<Reference>{{"a/identity_epsilon"}, {"NatureDQNNetwork"}}));
  const Configuration configuration =
      bindings({"Chain.links = (@identity_epsilon, @linearly_decaying_epsilon)"});
  configuration.get<ChainOptions>("Chain");
  EXPECT_THAT(configuration.operative(),
              HasSubstr("Chain.links = (@identity_epsilon, @linearly_decaying_epsilon)"));
  EXPECT_THAT(error_of({}, {"Chain.links = ['identity_epsilon']"}),
              HasSubstr("takes a list of @reference, not the list ['identity_epsilon']"));
  EXPECT_THAT(error_of({}, {"Chain.links = @identity_epsilon"}),
              HasSubstr("takes a list of @reference, not"));
  EXPECT_THAT(error_of({}, {"Chain.links = [@identity_epsilom]"}), HasSubstr("identity_epsilon"));
}

}  // namespace
}  // namespace accumbens
