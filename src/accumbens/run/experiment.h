#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/config/configuration.h"
#include "accumbens/core/directory_lock.h"
#include "accumbens/run/catalogue.h"
#include "accumbens/run/checkpointer.h"
#include "accumbens/run/runner.h"

namespace accumbens {

/// One run: what a configuration describes, in a base_dir, with logs and checkpoints.
///
///   base_dir/operative_config.gin, checkpoints/ and what RunLogs and DqnZooLog write
class Experiment {
 public:
  /// Takes one line of text.
  using Say = std::function<void(const std::string&)>;

  /// Builds environment, agent, logs and runner. Throws ConfigError for everything that can be
  /// found before the first step: names, ranges, memory, devices. `say` hears of a run's events.
  /// Catalogue and configuration must outlive it: they make the environments of later iterations.
  /// only_evaluates: evaluate() is all that will be called, which needs no replay.
  Experiment(const Catalogue& catalogue, const Configuration& configuration,
             std::filesystem::path base_dir, Say say, bool only_evaluates = false);
  ~Experiment();

  /// Continues from the newest complete checkpoint, if there is one, and says so; says too where
  /// the logs of a run that had none yet will be overwritten. Throws Error where checkpoints are
  /// gone or damaged that there must have been. From here or train() on, base_dir is locked: throws
  /// Error where another run trains in it.
  void resume();

  /// Trains to the end or until `stop`; either way, and where an environment throws, a checkpoint
  /// is the last thing written. Throws Error, before the first step, where something cannot be
  /// written.
  Runner::Outcome train(const std::atomic<bool>& stop);

  /// Plays whole episodes with the agent of a checkpoint, in evaluation mode, and returns their
  /// raw returns. checkpoint: an id, or nullopt for the newest. Writes nothing; `say` hears of each
  /// episode.
  std::vector<Episode> evaluate(int64_t num_episodes, std::optional<int64_t> checkpoint,
                                const std::atomic<bool>& stop);

 private:
  void let_workers_run(const Catalogue& catalogue, const Configuration& configuration,
                       const EnvironmentSpec& spec);
  void load(Checkpointer::Loaded loaded);
  void write_checkpoint();
  void save_what_was_learned();
  void lock();
  void load_or_say_why(const std::function<void()>& load) const;
  std::string what_changed() const;
  std::optional<Checkpointer::Loaded> read_newest();

  std::filesystem::path base_dir_;
  std::optional<DirectoryLock> lock_;
  std::string operative_config_;
  Say say_;
  RunnerOptions options_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<Agent> agent_;
  std::vector<std::unique_ptr<Observer>> observers_;
  std::unique_ptr<Runner> runner_;
  Checkpointer checkpointer_;
};

}  // namespace accumbens
