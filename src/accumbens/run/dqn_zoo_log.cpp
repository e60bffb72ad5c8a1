#include "accumbens/run/dqn_zoo_log.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "accumbens/envs/atari/reference_scores.h"

namespace accumbens {
namespace {

constexpr double kStepSize = 1e-3;

std::vector<std::string> columns(bool has_epsilon, bool has_priorities) {
  std::vector<std::string> names{"iteration",           "frame",
                                 "eval_episode_return", "train_episode_return",
                                 "eval_num_episodes",   "train_num_episodes",
                                 "eval_frame_rate",     "train_frame_rate"};
  if (has_epsilon) names.emplace_back("train_exploration_epsilon");
  names.emplace_back("train_state_value");
  if (has_priorities) {
    names.insert(names.end(), {"importance_sampling_exponent", "max_seen_priority"});
  }
  names.insert(names.end(), {"normalized_return", "capped_normalized_return", "human_gap"});
  return names;
}

}  // namespace

void RecentAverage::add(double x, int64_t frames) {
  for (int64_t frame = 0; frame < frames; ++frame) {
    sum_ = (1.0 - kStepSize) * sum_ + kStepSize * x;
    weight_ = (1.0 - kStepSize) * weight_ + kStepSize;
  }
}

double RecentAverage::value() const {
  return weight_ > 0.0 ? sum_ / weight_ : std::numeric_limits<double>::quiet_NaN();
}

void RecentAverage::state(StateTree& tree) {
  tree("sum", sum_)("weight", weight_);
}

DqnZooLog::DqnZooLog(const std::filesystem::path& base_dir, const EnvironmentSpec& environment,
                     int64_t training_steps, const std::map<std::string, double>& figures)
    : game_(environment.name),
      frames_per_step_(environment.frames_per_step),
      frames_per_iteration_(training_steps * environment.frames_per_step),
      has_epsilon_(figures.contains("epsilon")),
      has_priorities_(figures.contains("max_priority")),
      file_(base_dir / "dqn_zoo.csv", columns(has_epsilon_, has_priorities_)) {}

void DqnZooLog::on_step(const Position& position, const TimeStep& time_step, const Agent& agent) {
  if (position.phase != Phase::kTrain) return;

  // a value lasts until the agent looks again, a last observation for one frame
  if (!std::isnan(agent.state_value())) state_value_ = agent.state_value();
  if (std::isnan(state_value_)) return;
  state_values_.add(state_value_, time_step.last(0) ? 1 : frames_per_step_);
}

void DqnZooLog::on_phase(const Position& position, const Agent& agent) {
  const PhaseStatistics& statistics = position.phase_statistics();
  const double episode_return = statistics.num_episodes > 0  ? statistics.average_return()
                                : statistics.agent_steps > 0 ? position.episodes[0].episode_return
                                                             : kNan;
  if (position.phase == Phase::kEval) {
    eval_return_ = episode_return;
    return;
  }
  train_return_ = episode_return;
  const std::map<std::string, double> figures = agent.statistics();
  if (has_epsilon_) epsilon_ = figures.at("epsilon");
  if (has_priorities_) {
    importance_exponent_ = figures.at("importance_exponent");
    max_priority_ = figures.at("max_priority");
  }
}

void DqnZooLog::on_iteration(const Position& position) {
  const auto frame_rate = [&](const PhaseStatistics& statistics) {
    if (statistics.agent_steps == 0) return kNan;
    return statistics.steps_per_second() * static_cast<double>(frames_per_step_);
  };
  std::vector<CsvWriter::Value> row{position.iteration,
                                    position.iteration * frames_per_iteration_,
                                    eval_return_,
                                    train_return_,
                                    position.eval.num_episodes,
                                    position.train.num_episodes,
                                    frame_rate(position.eval),
                                    frame_rate(position.train)};
  if (has_epsilon_) row.emplace_back(epsilon_);
  row.emplace_back(state_values_.value());
  if (has_priorities_) row.insert(row.end(), {importance_exponent_, max_priority_});

  // how far from human play
  const ReferenceScore* score = find_reference_score(game_);
  const double normalized = score ? score->normalized(eval_return_) : kNan;
  const double capped = std::isnan(normalized) ? kNan : std::min(1.0, normalized);
  row.insert(row.end(), {normalized, capped, 1.0 - capped});
  file_.row(row);

  state_value_ = train_return_ = eval_return_ = kNan;
  state_values_ = {};
}

void DqnZooLog::state(StateTree& tree) {
  tree("file", file_)("state_value", state_value_)("state_values", state_values_)(
      "train_return", train_return_)("eval_return", eval_return_)("epsilon", epsilon_)(
      "importance_exponent", importance_exponent_)("max_priority", max_priority_);
}

}  // namespace accumbens
