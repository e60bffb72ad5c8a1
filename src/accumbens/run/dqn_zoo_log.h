#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>

#include "accumbens/run/csv_writer.h"
#include "accumbens/run/runner.h"

namespace accumbens {

/// The average of a number over frames in which the newest counts 1e-3 and older ones ever less,
/// without bias towards a beginning (Sutton & Barto, 2018, section 2.7):
///   sum_i (1 - 1e-3)^(n - i) x_i / sum_i (1 - 1e-3)^(n - i)
class RecentAverage {
 public:
  /// x in this many frames.
  void add(double x, int64_t frames);

  /// NaN before the first.
  double value() const;
  void state(StateTree& tree);

 private:
  double sum_ = 0.0;
  double weight_ = 0.0;
};

/// DQN Zoo's results (Quan & Ostrovski, 2020): dqn_zoo.csv, a row per iteration, its columns in
/// its order. docs/from-dqn-zoo.md lists them.
///
/// episode_return is the average over the whole episodes of a phase, or what the first one has
/// collected so far where none is whole, or nan without a step. Scores are nan where the
/// environment is no game with reference scores.
class DqnZooLog final : public Observer {
 public:
  /// training_steps: agent steps of an iteration. figures: the agent's statistics(), which say
  /// whether there is an epsilon, and priorities.
  DqnZooLog(const std::filesystem::path& base_dir, const EnvironmentSpec& environment,
            int64_t training_steps, const std::map<std::string, double>& figures);

  void on_step(const Position& position, const TimeStep& time_step, const Agent& agent) override;
  void on_phase(const Position& position, const Agent& agent) override;
  void on_iteration(const Position& position) override;
  void state(StateTree& tree) override;

 private:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  std::string game_;
  int64_t frames_per_step_;
  int64_t frames_per_iteration_;
  bool has_epsilon_;
  bool has_priorities_;
  CsvWriter file_;

  // of this iteration
  double state_value_ = kNan;  // of the newest state that the agent looked at in training
  RecentAverage state_values_;
  double train_return_ = kNan;
  double eval_return_ = kNan;
  double epsilon_ = kNan;
  double importance_exponent_ = kNan;
  double max_priority_ = kNan;
};

}  // namespace accumbens
