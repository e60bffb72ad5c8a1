#include "accumbens/run/experiment.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <torch/utils.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <sstream>
#include <thread>

#include "accumbens/core/error.h"
#include "accumbens/run/catalogue.h"
#include "test_files.h"

namespace accumbens {
namespace {

// half of the smallest normal float, worked out at run time
float denormal() {
  volatile float smallest = std::numeric_limits<float>::min();
  volatile float half = smallest * 0.5F;
  return half;
}

// oracle: IEEE 754 has numbers below float's normal range, which an experiment does without
TEST(Experiment, FlushesDenormalsInItsThreads) {
  ASSERT_NE(denormal(), 0.0F);
  const Catalogue catalogue;
  const Configuration configuration(catalogue.registry,
                                    {ACCUMBENS_SOURCE_DIR "/configs/quickstart/cartpole.gin"}, {});
  const Experiment experiment(catalogue, configuration, testing::TempDir() + "experiment",
                              [](const std::string&) {});
  EXPECT_EQ(denormal(), 0.0F);
  float in_thread = 1.0F;
  std::thread([&] { in_thread = denormal(); }).join();
  EXPECT_EQ(in_thread, 0.0F);
}

// a run of a shipped configuration
struct OneRun {
  OneRun(const std::string& file, std::vector<std::string> bindings, std::filesystem::path base_dir)
      : configuration(catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/" + file}, bindings),
        place(std::move(base_dir)) {
    torch::set_num_threads(1);
  }

  std::unique_ptr<Experiment> experiment(bool only_evaluates = false) {
    return std::make_unique<Experiment>(
        catalogue, configuration, place, [this](const std::string& line) { said.push_back(line); },
        only_evaluates);
  }

  Catalogue catalogue;
  Configuration configuration;
  std::filesystem::path place;
  std::vector<std::string> said;
  const std::atomic<bool> stop = false;
};

const std::vector<std::string> kShortCartPole = {
    "Runner.num_iterations = 1", "Runner.training_steps = 300", "Runner.evaluation_steps = 1"};

// oracle: the first step of an optimizer that goes too far makes weights, and so actions, NaN; the
// environment is not to blame, and nothing of it is saved
TEST(Experiment, AnAgentThatDivergesIsNamedAndNotSaved) {
  for (const std::string mode : {"lock_step", "free_running"}) {
    const TemporaryDirectory directory;
    OneRun run("literature/sac_pendulum.gin",
               {"create_optimizer.learning_rate = 1e38", "SACAgent.min_replay_history = 100",
                "Runner.worker_mode = '" + mode + "'"},
               directory.path());
    EXPECT_THAT([&] { run.experiment()->train(run.stop); },
                testing::Throws<Diverged>(testing::Property(
                    &Error::what, testing::HasSubstr("lower create_optimizer.learning_rate"))));
    EXPECT_THAT(run.said, testing::IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(directory / "checkpoints")) << mode;
  }
}

// oracle: Adam divides by 1 - beta^t and by the root plus eps, RMSProp by the root of eps
TEST(Experiment, OptionsThatWouldDivideByZeroAreRefused) {
  const Catalogue catalogue;
  for (const std::string binding : {"create_optimizer.beta1 = 1.0", "create_optimizer.beta2 = 1.0",
                                    "AdamOptimizer.beta2 = 1.0", "RMSPropOptimizer.decay = 1.0"}) {
    EXPECT_THAT(
        [&] { Configuration(catalogue.registry, {}, {binding}); },
        testing::ThrowsMessage<ConfigError>(testing::HasSubstr("must be in [0, 1), not 1.0")))
        << binding;
  }
  EXPECT_THAT([&] { Configuration(catalogue.registry, {}, {"create_optimizer.eps = 0"}); },
              testing::ThrowsMessage<ConfigError>(testing::HasSubstr("must be above 0, not 0")));
}

// oracle: a second run in the place of a first, which goes on unharmed
TEST(Experiment, TwoDoNotTrainInOnePlace) {
  const TemporaryDirectory directory;
  OneRun run("quickstart/cartpole.gin", kShortCartPole, directory.path());
  auto first = run.experiment();
  EXPECT_EQ(first->train(run.stop), Runner::Outcome::kDone);
  const auto second = run.experiment();
  const auto refused = testing::ThrowsMessage<Error>(
      testing::HasSubstr("another run is training in " + directory.path().string()));
  EXPECT_THAT([&] { second->resume(); }, refused);
  EXPECT_THAT([&] { second->train(run.stop); }, refused);

  // to look is allowed, and the place is free when the first is gone
  EXPECT_EQ(run.experiment(/*only_evaluates=*/true)->evaluate(1, std::nullopt, run.stop).size(), 1);
  first.reset();
  second->resume();
  EXPECT_EQ(second->train(run.stop), Runner::Outcome::kDone);
}

// oracle: episodes of the same agent; a replay of this capacity fits nowhere
TEST(Experiment, EvaluationNeedsNoMemoryForAReplay) {
  const TemporaryDirectory directory;
  OneRun(std::string("quickstart/cartpole.gin"), kShortCartPole, directory.path())
      .experiment()
      ->train(false);
  std::vector<std::string> huge = kShortCartPole;
  huge.push_back("ReplayBuffer.max_capacity = 1_000_000_000_000");
  OneRun run("quickstart/cartpole.gin", huge, directory.path());
  EXPECT_THROW(run.experiment(), ConfigError);
  OneRun small("quickstart/cartpole.gin", kShortCartPole, directory.path());
  const auto played = [&](OneRun& by) {
    std::vector<double> returns;
    for (const Episode& episode :
         by.experiment(/*only_evaluates=*/true)->evaluate(3, std::nullopt, by.stop)) {
      returns.push_back(episode.episode_return);
    }
    return returns;
  };
  EXPECT_EQ(played(run), played(small));
}

// what was bound otherwise is only to blame where the state does not fit
TEST(Experiment, AMissingLogIsNotBlamedOnABindingThatChanged) {
  const TemporaryDirectory directory;
  OneRun run("quickstart/cartpole.gin", kShortCartPole, directory.path());
  run.experiment()->train(run.stop);
  std::filesystem::remove(directory / "episodes.csv");
  auto longer = kShortCartPole;
  longer.emplace_back("Runner.num_iterations = 2");
  OneRun next("quickstart/cartpole.gin", longer, directory.path());
  EXPECT_THAT(
      [&] { next.experiment()->resume(); },
      testing::Throws<Error>(testing::AllOf(
          testing::Property(&Error::what,
                            testing::AllOf(testing::HasSubstr("episodes.csv: it is missing"),
                                           testing::Not(testing::HasSubstr("binding")),
                                           testing::Not(testing::HasSubstr("bind that")))),
          testing::Property(&Error::exit_code, 1))));
}

// oracle: what there is in the place
TEST(Experiment, LogsThatWillBeOverwrittenAreNamed) {
  const TemporaryDirectory directory;
  OneRun run("quickstart/cartpole.gin", kShortCartPole, directory.path());
  run.experiment()->resume();
  EXPECT_THAT(run.said, testing::IsEmpty());
  run.experiment()->train(run.stop);
  std::filesystem::remove_all(directory / "checkpoints");
  run.experiment()->resume();
  EXPECT_THAT(run.said, testing::ElementsAre(testing::AllOf(
                            testing::HasSubstr("no checkpoint in " + directory.path().string()),
                            testing::HasSubstr("starts anew, and overwrites the logs"))));
}

// oracle: nothing is logged before the first step
TEST(Experiment, WhatCannotBeWrittenIsFoundBeforeTheFirstStep) {
  const std::vector<std::string> files{"results.csv", "episodes.csv", "metrics.jsonl",
                                       "operative_config.gin"};
  const auto expect_refused = [&](const std::string& name, const auto& block) {
    const TemporaryDirectory directory;
    block(directory / name);
    OneRun run("quickstart/cartpole.gin", kShortCartPole, directory.path());
    const auto experiment = run.experiment();
    experiment->resume();
    EXPECT_THAT(
        [&] { experiment->train(run.stop); },
        testing::Throws<Error>(testing::AllOf(
            testing::Property(&Error::what,
                              testing::HasSubstr("cannot write " + (directory / name).string())),
            testing::Property(&Error::exit_code, 1))))
        << name;
    for (const std::string& file : files) {
      EXPECT_FALSE(std::filesystem::is_regular_file(directory / file)) << name << " " << file;
    }
  };
  for (const std::string& name : files) {
    expect_refused(name, [](const auto& path) { std::filesystem::create_directory(path); });
    expect_refused(name, [](const auto& path) { ASSERT_EQ(::mkfifo(path.c_str(), 0666), 0); });
  }
  expect_refused("checkpoints",
                 [](const auto& path) { std::filesystem::create_symlink("nowhere", path); });
}

// oracle: CartPole's actions are 0 and 1
TEST(Experiment, AReplayWithActionsThatThereAreNotIsRefused) {
  const TemporaryDirectory directory;
  OneRun run("quickstart/cartpole.gin", kShortCartPole, directory.path());
  run.experiment()->train(run.stop);
  Checkpointer checkpointer(directory / "checkpoints");
  auto loaded = *checkpointer.read_newest([](const std::string&) {});
  torch::Tensor& steps = loaded.contents.tensors.at("runner/agent/replay/steps_000000");
  steps[7][0].mutable_data_ptr<uint8_t>()[0] = 2;
  StateTree forged;
  forged.contents() = loaded.contents;
  checkpointer.write(forged, loaded.id, loaded.summary);
  EXPECT_THAT([&] { run.experiment()->resume(); },
              testing::ThrowsMessage<Error>(
                  testing::HasSubstr("the action 2, where actions are 0 to 1, at row 7; resume")));
}

// oracle: the iteration that is logged is saved, too
TEST(Experiment, WhatWasLearnedOutlivesAnEnvironmentThatCannotBeMade) {
  const TemporaryDirectory directory;
  std::vector<std::string> bindings = kShortCartPole;
  bindings.insert(bindings.end(),
                  {"Runner.num_iterations = 2", "Runner.new_environment_per_iteration = True"});
  OneRun run("quickstart/cartpole.gin", bindings, directory.path());
  auto& make = run.catalogue.environments.at("create_gym_environment").make;
  int64_t made = 0;
  make = [&made, make = make](const Configuration& configuration, uint64_t seed) {
    if (++made == 2) throw Error("there is no other pole");
    return make(configuration, seed);
  };
  EXPECT_THAT([&] { run.experiment()->train(run.stop); },
              testing::ThrowsMessage<Error>("there is no other pole"));
  EXPECT_THAT(run.said, testing::ElementsAre(testing::HasSubstr("the environment failed; the")));

  run.said.clear();
  const auto experiment = run.experiment();
  experiment->resume();
  EXPECT_THAT(run.said, testing::ElementsAre(testing::HasSubstr("at iteration 1, agent step 3")));
  EXPECT_EQ(experiment->train(run.stop), Runner::Outcome::kDone);
  EXPECT_THAT(read_file(directory / "results.csv"), testing::ContainsRegex("\n0,3.*\n1,6"));
}

// standard output, which is a terminal until it is closed
class Terminal {
 public:
  Terminal() : device_(::posix_openpt(O_RDWR | O_NOCTTY)), before_(::dup(STDOUT_FILENO)) {
    if (device_ < 0 || ::grantpt(device_) != 0 || ::unlockpt(device_) != 0) return;
    const int screen = ::open(::ptsname(device_), O_RDWR | O_NOCTTY);
    if (screen < 0) return;
    ::setenv("TERM", "xterm", /*overwrite=*/1);
    ::dup2(screen, STDOUT_FILENO);
    ::close(screen);
  }
  ~Terminal() {
    ::close(device_);
    ::close(before_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // what was written to it
  std::string close() const {
    std::cout.flush();
    ::dup2(before_, STDOUT_FILENO);
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = ::read(device_, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), got);
    }
    return text;
  }

 private:
  int device_, before_;
};

// another environment, at whose hundredth step something happens
class Eventful final : public Environment {
 public:
  Eventful(std::unique_ptr<Environment> environment, std::function<void()> event)
      : environment_(std::move(environment)), event_(std::move(event)) {}
  const EnvironmentSpec& spec() const override { return environment_->spec(); }
  TimeStep step(const torch::Tensor& actions) override {
    if (++steps_ == 100) event_();
    return environment_->step(actions);
  }
  void end_episode(int64_t stream) override { environment_->end_episode(stream); }
  void state(StateTree& tree) override { environment_->state(tree); }

 private:
  std::unique_ptr<Environment> environment_;
  std::function<void()> event_;
  int64_t steps_ = 0;
};

// oracle: what is said while a line is redrawn begins another, on a terminal with \r\n
TEST(Experiment, WhatIsSaidStandsOnALineOfItsOwn) {
  for (const bool fails : {true, false}) {
    const TemporaryDirectory directory;
    OneRun run("quickstart/cartpole.gin", kShortCartPole, directory.path());
    std::atomic<bool> stop = false;
    auto& make = run.catalogue.environments.at("create_gym_environment").make;
    make = [&, make = make](const Configuration& configuration, uint64_t seed) {
      return std::make_unique<Eventful>(make(configuration, seed), [&] {
        if (fails) throw Error("the pole has snapped");
        stop = true;
      });
    };
    const Terminal terminal;
    const bool there = ::isatty(STDOUT_FILENO) == 1;
    Experiment experiment(run.catalogue, run.configuration, run.place,
                          [](const std::string& line) { std::cout << line << std::endl; });
    std::string said;
    try {
      if (experiment.train(stop) == Runner::Outcome::kStopped) said = "stopped\r\n";
      std::cout << "stopped" << std::endl;
    } catch (const Error&) {
      said = "the environment failed; the same command goes on, with new episodes\r\n";
    }
    const std::string shown = terminal.close();
    if (!there) GTEST_SKIP() << "there is no terminal to be had";
    EXPECT_THAT(shown, testing::StartsWith("\rtrain 1/1"));
    EXPECT_THAT(shown, testing::EndsWith("\x1b[K\r\n" + said));
    EXPECT_EQ(std::ranges::count(shown, '\n'), 2);
  }
}

// oracle: Pendulum's episodes have 200 agent steps, of which each iteration makes 50 in each stream
TEST(Experiment, EvaluationDoesNotEndTheEpisodesOfSeveralStreams) {
  for (const std::string mode : {"lock_step", "free_running"}) {
    SCOPED_TRACE(mode);
    const TemporaryDirectory directory;
    OneRun run("literature/sac_pendulum.gin",
               {"Runner.num_environments = 4", "Runner.training_steps = 200",
                "Runner.evaluation_steps = 200", "Runner.num_iterations = 9",
                "SACAgent.min_replay_history = 10_000", "Runner.worker_mode = '" + mode + "'",
                "create_runner.schedule = 'continuous_train_and_eval'"},
               directory.path());
    run.experiment()->train(run.stop);

    // iteration, agent steps, frames, average return and number of episodes
    std::istringstream results(read_file(directory / "results.csv"));
    std::string line, finished;
    std::getline(results, line);
    while (std::getline(results, line)) {
      std::istringstream fields(line);
      std::string field;
      for (int i = 0; i < 5; ++i) std::getline(fields, field, ',');
      finished += field + " ";
    }
    EXPECT_EQ(finished, "0 0 0 4 0 0 0 4 0 ");
  }
}

}  // namespace
}  // namespace accumbens
