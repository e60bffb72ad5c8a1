#pragma once

#include <cstdint>
#include <filesystem>

#include "accumbens/run/csv_writer.h"
#include "accumbens/run/jsonl_writer.h"
#include "accumbens/run/runner.h"
#include "accumbens/run/tensorboard_writer.h"

namespace accumbens {

/// What a run writes under its base_dir:
///
///   results.csv    one row per iteration, averages over whole episodes of raw returns
///   episodes.csv   one row per episode
///   metrics.jsonl  the agent's figures every summary_writing_frequency agent steps of training
///   events.out.tfevents.*  all of it for TensorBoard; Train/ and Eval/ by iteration (Dopamine's
///                  names), Agent/ and Episode/ by agent step
///
/// agent_steps counts training only; frames are emulator frames.
class RunLogs final : public Observer {
 public:
  /// summary_writing_frequency: agent steps of training between the agent's figures. Touches
  /// nothing until the first row.
  RunLogs(const std::filesystem::path& base_dir, int64_t summary_writing_frequency);

  void on_step(const Position& position, const TimeStep& time_step, const Agent& agent) override;
  void on_episode(const Position& position, const Episode& episode) override;
  void on_iteration(const Position& position) override;
  void state(StateTree& tree) override;

 private:
  int64_t summary_writing_frequency_;
  int64_t num_episodes_ = 0;
  int64_t summaries_ = 0;  // that were due
  CsvWriter results_;
  CsvWriter episodes_;
  JsonlWriter metrics_;
  TensorboardWriter tensorboard_;
};

}  // namespace accumbens
