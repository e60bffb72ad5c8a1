#include "accumbens/run/experiment.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/core/output_file.h"
#include "accumbens/run/changed_bindings.h"
#include "accumbens/run/dqn_zoo_log.h"
#include "accumbens/run/free_running.h"
#include "accumbens/run/progress.h"
#include "accumbens/run/run_logs.h"

namespace accumbens {
namespace {

/// The console's view of the run.
class ProgressObserver final : public Observer {
 public:
  ProgressObserver(const RunnerOptions& options, int64_t frames_per_step)
      : options_(options), frames_per_step_(frames_per_step) {}

  void on_step(const Position& position, const TimeStep&, const Agent&) override {
    if (begun_) {
      progress_.update(status(position));
    } else {
      progress_.begin(status(position));
      begun_ = true;
    }
  }

  void on_episode(const Position&, const Episode& episode) override { last_episode_ = episode; }

  void on_phase(const Position& position, const Agent&) override {
    on_leave(position);
    last_episode_.reset();
  }

  // what is said next has a line of its own
  void on_leave(const Position& position) override {
    if (begun_) progress_.end(status(position));
    begun_ = false;
  }

 private:
  ProgressStatus status(const Position& position) const {
    const PhaseStatistics& statistics = position.phase_statistics();
    const bool train = position.phase == Phase::kTrain;
    ProgressStatus status{
        .phase = train ? "train" : "eval",
        .iteration = position.iteration,
        .num_iterations = options_.total_iterations(),
        .agent_steps = statistics.agent_steps,
        .phase_steps = train ? options_.training_steps : options_.evaluation_steps,
        .frames = statistics.agent_steps * frames_per_step_,
        .episode_length = {},
        .episode_return = {},
        .average_return = {},
    };
    if (statistics.num_episodes > 0) status.average_return = statistics.average_return();
    if (last_episode_) {
      status.episode_length = last_episode_->length;
      status.episode_return = last_episode_->episode_return;
    }
    return status;
  }

  RunnerOptions options_;
  int64_t frames_per_step_;
  Progress progress_{Progress::standard_output()};
  std::optional<Episode> last_episode_;
  bool begun_ = false;
};

/// Keeps every episode, and says how it ended.
class EpisodeCollector final : public Observer {
 public:
  explicit EpisodeCollector(Experiment::Say say) : say_(std::move(say)) {}

  void on_episode(const Position&, const Episode& episode) override {
    episodes.push_back(episode);
    say_("episode return " + std::to_string(episode.episode_return) + ", length " +
         std::to_string(episode.length) + " agent steps");
  }

  std::vector<Episode> episodes;

 private:
  Experiment::Say say_;
};

// what the observers write into, but for TensorBoard's file, whose name is new
constexpr std::array kLogs{"results.csv", "episodes.csv", "metrics.jsonl", "dqn_zoo.csv"};

// the second row is written after the first checkpoint
bool had_a_checkpoint(const std::filesystem::path& results) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(results, ignored)) return false;
  std::ifstream file(results);
  int64_t lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  return lines > 2;
}

// of what a part of the run has for itself
int64_t seed_of(int64_t seed, const std::string& part) {
  return RandomStream(static_cast<uint64_t>(seed), part).below(std::numeric_limits<int64_t>::max());
}

// throws ConfigError where acting and learning are one
std::unique_ptr<ActorLearner> separable(std::unique_ptr<Agent> agent) {
  auto* both = dynamic_cast<ActorLearner*>(agent.get());
  if (!both) {
    throw ConfigError(
        "Runner.worker_mode = 'free_running' needs an agent that can act and learn apart: one of "
        "Accumbens' own, without create_agent.wrappers");
  }
  agent.release();
  return std::unique_ptr<ActorLearner>(both);
}

torch::Device find_device(const std::string& name) {
  const bool cuda = torch::cuda::is_available();
  if (name == "cuda" && !cuda) {
    throw ConfigError(
        "Runner.device is 'cuda', but LibTorch finds no NVIDIA GPU; bind Runner.device = 'cpu', or "
        "see `accumbens doctor`");
  }
  return name == "cpu" || !cuda ? torch::Device(torch::kCPU) : torch::Device(torch::kCUDA);
}

}  // namespace

Experiment::Experiment(const Catalogue& catalogue, const Configuration& configuration,
                       std::filesystem::path base_dir, Say say, bool only_evaluates) try
    : base_dir_(std::move(base_dir)),
      say_(std::move(say)),
      options_(configuration.get<RunnerOptions>("Runner")),
      checkpointer_(base_dir_ / "checkpoints") {
  // weights that get no gradient leave Adam with means below a float's normal range, on which
  // processors are many times slower; threads that torch starts later inherit this
  at::globalContext().setFlushDenormal(true);
  if (options_.num_threads > 0) torch::set_num_threads(static_cast<int>(options_.num_threads));

  const bool evaluate = configuration.get<CreateRunnerOptions>("create_runner").schedule ==
                        "continuous_train_and_eval";
  if (options_.evaluate_before_training && !evaluate) {
    throw ConfigError(
        "Runner.evaluate_before_training needs evaluation; bind create_runner.schedule = "
        "'continuous_train_and_eval'");
  }

  if (options_.dqn_zoo_csv && !options_.evaluate_before_training) {
    throw ConfigError(
        "Runner.dqn_zoo_csv needs Runner.evaluate_before_training = True, with which DQN Zoo's "
        "frames are counted");
  }

  Runner::NewEnvironment new_environment = [this, &catalogue,
                                            &configuration](const std::string& name) {
    RunnerOptions options = options_;
    options.seed = seed_of(options_.seed, name);
    return catalogue.make_environment(configuration, options);
  };
  environment_ = options_.new_environment_per_iteration
                     ? new_environment("iteration/0")
                     : catalogue.make_environment(configuration, options_);
  agent_ = catalogue.make_agent(configuration, {.environment = environment_->spec(),
                                                .seed = static_cast<uint64_t>(options_.seed),
                                                .device = find_device(options_.device),
                                                .only_acts = only_evaluates});

  if (only_evaluates) checkpointer_.read_no_chunks();
  std::shared_ptr<Environment> of_evaluation;
  if (options_.worker_mode == "free_running" && !only_evaluates) {
    of_evaluation = std::move(environment_);
    let_workers_run(catalogue, configuration, of_evaluation->spec());
    if (!evaluate) of_evaluation = nullptr;

    // workers make theirs
    new_environment = [make = new_environment](const std::string& name) {
      return name.starts_with("evaluation/") ? make(name) : nullptr;
    };
  } else if (evaluate && options_.num_environments > 1 && !only_evaluates &&
             !options_.new_environment_per_iteration) {
    // several streams do not end their episodes at once, and evaluation must not cut them
    of_evaluation = new_environment("evaluation");
  }

  observers_.push_back(std::make_unique<RunLogs>(base_dir_, options_.summary_writing_frequency));
  observers_.push_back(
      std::make_unique<ProgressObserver>(options_, environment_->spec().frames_per_step));
  if (options_.dqn_zoo_csv) {
    observers_.push_back(std::make_unique<DqnZooLog>(
        base_dir_, environment_->spec(), options_.training_steps, agent_->statistics()));
  }
  std::vector<Observer*> observers;
  for (const auto& observer : observers_) observers.push_back(observer.get());

  runner_ = std::make_unique<Runner>(options_, evaluate, *environment_, *agent_, observers,
                                     new_environment, std::move(of_evaluation));
  operative_config_ = configuration.operative();
} catch (const ConfigError& error) {
  // the parts that were built know no lines
  throw ConfigError(configuration.with_places(error.what()));
}

Experiment::~Experiment() = default;

void Experiment::let_workers_run(const Catalogue& catalogue, const Configuration& configuration,
                                 const EnvironmentSpec& spec) {
  const std::string needed = "Runner.worker_mode = 'free_running' ";
  if (options_.new_environment_per_iteration) {
    throw ConfigError(needed + "does not go with Runner.new_environment_per_iteration");
  }
  if (options_.num_environments % options_.num_workers != 0) {
    throw ConfigError(needed + "needs as many streams in each worker: Runner.num_environments (" +
                      std::to_string(options_.num_environments) +
                      ") must be a multiple of Runner.num_workers (" +
                      std::to_string(options_.num_workers) + ")");
  }
  std::unique_ptr<ActorLearner> learner = separable(std::move(agent_));

  // each worker has streams and random numbers of its own
  const auto make_worker = [this, &catalogue, &configuration](int64_t worker,
                                                              int64_t training_steps) {
    RunnerOptions options = options_;
    options.num_environments /= options_.num_workers;
    options.num_workers = 1;
    options.seed = seed_of(
        options_.seed, "worker/" + std::to_string(worker) + "/" + std::to_string(training_steps));
    FreeRunningWorkers::Worker made;
    made.environment = catalogue.make_environment(configuration, options);
    made.actor =
        separable(catalogue.make_agent(configuration, {.environment = made.environment->spec(),
                                                       .seed = static_cast<uint64_t>(options.seed),
                                                       .device = find_device(options.device),
                                                       .only_acts = true}));
    return made;
  };
  auto workers = std::make_unique<FreeRunningWorkers>(
      FreeRunningOptions{.num_workers = options_.num_workers,
                         .max_lag = options_.max_lag,
                         .max_steps_per_episode = options_.max_steps_per_episode},
      spec, make_worker);
  agent_ = std::make_unique<FreeRunningAgent>(std::move(learner), *workers);
  environment_ = std::move(workers);
}

void Experiment::load(Checkpointer::Loaded loaded) {
  StateTree tree(std::move(loaded.contents));

  // bit-exactness needs the same number of threads
  int64_t num_threads = torch::get_num_threads();
  tree("num_threads", num_threads);
  if (num_threads != torch::get_num_threads()) {
    say_("the run was made with " + std::to_string(num_threads) + " threads and goes on with " +
         std::to_string(torch::get_num_threads()) +
         ": it will not be bit-exact; bind Runner.num_threads = " + std::to_string(num_threads) +
         " if that matters");
  }
  tree("runner", *runner_);
}

void Experiment::lock() {
  std::error_code ignored;  // whoever writes there says what is wrong
  if (!lock_ && std::filesystem::exists(base_dir_, ignored)) lock_.emplace(base_dir_);
}

std::optional<Checkpointer::Loaded> Experiment::read_newest() {
  auto loaded = checkpointer_.read_newest(say_);
  if (loaded || checkpointer_.ids().empty()) return loaded;
  throw Error("no checkpoint in " + (base_dir_ / "checkpoints").string() +
              " can be read; restore one, or start anew with another --base_dir");
}

void Experiment::resume() {
  lock();
  auto loaded = read_newest();
  if (!loaded) {
    // starting anew would overwrite the logs of a run that can perhaps still be saved
    const std::filesystem::path results = base_dir_ / "results.csv";
    if (had_a_checkpoint(results)) {
      throw Error(results.string() + " is of a run whose checkpoints are gone; restore them in " +
                  (base_dir_ / "checkpoints").string() + ", or start anew with another --base_dir");
    }

    // less than an iteration and its checkpoint can be made again
    const bool overwrites = std::ranges::any_of(kLogs, [&](const char* log) {
      std::error_code ignored;
      return std::filesystem::is_regular_file(base_dir_ / log, ignored);
    });
    if (overwrites) {
      say_("there is no checkpoint in " + (base_dir_ / "checkpoints").string() +
           ": the run starts anew, and overwrites the logs that are there");
    }
    return;
  }
  load_or_say_why([&] { load(*std::move(loaded)); });
  const std::string changes = what_changed();
  if (!changes.empty()) say_("the run goes on with another configuration:" + changes);
  const Position& position = runner_->position();
  say_("resuming " + base_dir_.string() + " at iteration " + std::to_string(position.iteration) +
       ", agent step " + std::to_string(position.agent_steps) + " (" +
       std::to_string(position.frames) + " frames)");
}

Runner::Outcome Experiment::train(const std::atomic<bool>& stop) {
  make_directories(base_dir_);
  lock();

  // what cannot be written is found before anything is learned
  const std::filesystem::path place = base_dir_ / "operative_config.gin";
  require_writable(place);
  for (const char* log : kLogs) require_writable(base_dir_ / log);
  checkpointer_.require_writable();

  // written beside its place: a full disk leaves the run its configuration
  const std::filesystem::path beside = place.string() + ".tmp";
  OutputFile file(beside);
  file.write(operative_config_);
  file.close();
  std::error_code error;
  std::filesystem::rename(beside, place, error);
  if (error) throw Error("cannot write " + place.string() + ": " + error.message());

  // what was learned outlives an environment that fails
  Runner::Outcome outcome{};
  try {
    outcome = runner_->run(stop, [this] { write_checkpoint(); });
  } catch (const std::exception&) {
    if (runner_->environment_failed()) save_what_was_learned();
    throw;
  }
  if (outcome == Runner::Outcome::kStopped) write_checkpoint();
  return outcome;
}

void Experiment::load_or_say_why(const std::function<void()>& load) const {
  try {
    load();
  } catch (const StateMismatch& error) {
    const std::string changes = what_changed();
    if (changes.empty()) throw;
    throw ConfigError(
        std::string(error.what()) +
        "; the run was saved with another configuration (-), bind that again or use a "
        "new --base_dir:" +
        changes);
  }
}

std::string Experiment::what_changed() const {
  const std::filesystem::path path = base_dir_ / "operative_config.gin";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return "";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return changed_bindings(text.str(), operative_config_);
}

void Experiment::save_what_was_learned() {
  // that the environment failed is worse news than that this does
  try {
    write_checkpoint();
    say_("the environment failed; the same command goes on, with new episodes");
  } catch (const std::exception& error) {
    say_("the environment failed, and what was learned could not be saved: " +
         std::string(error.what()));
  }
}

void Experiment::write_checkpoint() {
  StateTree tree;
  int64_t num_threads = torch::get_num_threads();
  tree("num_threads", num_threads)("runner", *runner_);
  const Position& position = runner_->position();
  sync_directory(base_dir_);  // the logs that begin with this run, on which it relies
  checkpointer_.write(tree, position.total_steps,
                      {{"iteration", position.iteration}, {"agent_steps", position.agent_steps}});
  sync_directory(base_dir_);  // checkpoints/ itself
}

std::vector<Episode> Experiment::evaluate(int64_t num_episodes, std::optional<int64_t> checkpoint,
                                          const std::atomic<bool>& stop) {
  Checkpointer::Loaded loaded;
  if (checkpoint) {
    loaded = checkpointer_.read(*checkpoint);
  } else if (auto newest = read_newest()) {
    loaded = *std::move(newest);
  } else {
    throw Error("there is no checkpoint in " + (base_dir_ / "checkpoints").string() +
                "; train first, or name another --base_dir");
  }

  // only the agent is needed: the episodes are new ones
  StateTree tree(std::move(loaded.contents));
  load_or_say_why([&] {
    tree.scope("runner", [&](StateTree& runner) {
      runner.scope("agent", [&](StateTree& agent) { agent_->state(agent); });
    });
  });

  EpisodeCollector collector(say_);
  Runner runner(options_, /*evaluate=*/true, *environment_, *agent_, {&collector});
  runner.evaluate(num_episodes, stop);
  return collector.episodes;
}

}  // namespace accumbens
