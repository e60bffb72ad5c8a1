#include "accumbens/run/run_logs.h"

#include <map>
#include <string>

namespace accumbens {
namespace {

const char* phase_name(Phase phase) {
  return phase == Phase::kTrain ? "train" : "eval";
}

}  // namespace

RunLogs::RunLogs(const std::filesystem::path& base_dir, int64_t summary_writing_frequency)
    : summary_writing_frequency_(summary_writing_frequency),
      results_(base_dir / "results.csv",
               {"iteration", "agent_steps", "frames", "train_average_return", "train_num_episodes",
                "eval_average_return", "eval_num_episodes", "train_steps_per_second",
                "eval_steps_per_second"}),
      episodes_(base_dir / "episodes.csv", {"episode", "iteration", "phase", "agent_steps",
                                            "frames", "episode_length", "episode_return"}),
      metrics_(base_dir / "metrics.jsonl"),
      tensorboard_(base_dir) {}

void RunLogs::on_step(const Position& position, const TimeStep&, const Agent& agent) {
  // several streams may step over the very step
  const int64_t due = position.agent_steps / summary_writing_frequency_;
  if (position.phase != Phase::kTrain || due == summaries_) return;
  summaries_ = due;

  const std::map<std::string, double> figures = agent.statistics();
  metrics_.write(position.agent_steps, figures);

  std::map<std::string, double> scalars{
      {"Agent/steps_per_second", position.train.steps_per_second()}};
  for (const auto& [name, value] : figures) scalars["Agent/" + name] = value;
  tensorboard_.write(position.agent_steps, scalars);
}

void RunLogs::on_episode(const Position& position, const Episode& episode) {
  episodes_.row({num_episodes_++, position.iteration, phase_name(episode.phase),
                 position.agent_steps, position.frames, episode.length, episode.episode_return});
  if (episode.phase != Phase::kTrain) return;
  tensorboard_.write(position.agent_steps, {{"Episode/length", static_cast<double>(episode.length)},
                                            {"Episode/return", episode.episode_return}});
}

void RunLogs::on_iteration(const Position& position) {
  const PhaseStatistics& train = position.train;
  const PhaseStatistics& eval = position.eval;
  results_.row({position.iteration, position.agent_steps, position.frames, train.average_return(),
                train.num_episodes, eval.average_return(), eval.num_episodes,
                train.steps_per_second(), eval.steps_per_second()});

  std::map<std::string, double> scalars;
  if (train.agent_steps > 0) {
    scalars["Train/NumEpisodes"] = static_cast<double>(train.num_episodes);
    scalars["Train/AverageReturns"] = train.average_return();
    scalars["Train/AverageStepsPerSecond"] = train.steps_per_second();
  }
  if (eval.agent_steps > 0) {
    scalars["Eval/NumEpisodes"] = static_cast<double>(eval.num_episodes);
    scalars["Eval/AverageReturns"] = eval.average_return();
    scalars["Eval/AverageStepsPerSecond"] = eval.steps_per_second();
  }
  tensorboard_.write(position.iteration, scalars);
}

void RunLogs::state(StateTree& tree) {
  tree("num_episodes", num_episodes_)("summaries", summaries_)("results", results_)(
      "episodes", episodes_)("metrics", metrics_)("tensorboard", tensorboard_);
}

}  // namespace accumbens
