#include "accumbens/run/runner.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// of an environment that somebody else keeps
std::shared_ptr<Environment> not_owned(Environment& environment) {
  return {std::shared_ptr<void>(), &environment};
}

void episodes_state(std::vector<Episode>& episodes, StateTree& tree) {
  for (size_t b = 0; b < episodes.size(); ++b) {
    tree.scope("episode_" + std::to_string(b), [&](StateTree& t) {
      t("phase", episodes[b].phase)("return", episodes[b].episode_return)("length",
                                                                          episodes[b].length);
    });
  }
}

}  // namespace

double PhaseStatistics::average_return() const {
  if (num_episodes == 0) return std::numeric_limits<double>::quiet_NaN();
  return sum_of_returns / static_cast<double>(num_episodes);
}

double PhaseStatistics::steps_per_second() const {
  return seconds > 0.0 ? static_cast<double>(agent_steps) / seconds : 0.0;
}

void PhaseStatistics::state(StateTree& tree) {
  tree("sum_of_returns", sum_of_returns)("num_episodes", num_episodes)("agent_steps", agent_steps)(
      "seconds", seconds);
}

void Position::state(StateTree& tree) {
  tree("iteration", iteration)("phase", phase)("agent_steps", agent_steps)("frames", frames)(
      "total_steps", total_steps)("train", train)("eval", eval);
  episodes_state(episodes, tree);
}

void cut_long_episode(Environment& environment, TimeStep& time_step, int64_t stream, int64_t length,
                      std::optional<int64_t> limit) {
  const bool over = time_step.last(stream) && !time_step.lost_life[stream];
  if (over || !limit || length < *limit) return;
  environment.end_episode(stream);
  time_step.step_type[stream] = StepType::kLast;
  time_step.lost_life[stream] = 0;
}

Runner::Streams::Streams(std::shared_ptr<Environment> in)
    : environment(std::move(in)),
      action(zero_actions(environment->spec())),
      between_episodes(environment->spec().batch_size, 1),
      between_lives(environment->spec().batch_size, 0) {}

Runner::Runner(const RunnerOptions& options, bool evaluate, Environment& environment, Agent& agent,
               std::vector<Observer*> observers, NewEnvironment new_environment,
               std::shared_ptr<Environment> of_evaluation)
    : options_(options),
      evaluate_(evaluate),
      streams_(not_owned(environment)),
      waiting_(environment.spec().batch_size),
      agent_(agent),
      observers_(std::move(observers)),
      new_environment_(std::move(new_environment)),
      episodes_left_(environment.spec().batch_size, -1) {
  position_.episodes.resize(environment.spec().batch_size);
  if (of_evaluation) others_.emplace(std::move(of_evaluation));
}

Runner::Outcome Runner::run(const std::atomic<bool>& stop,
                            const std::function<void()>& checkpoint) {
  // who watches the loop hears that it is left, whatever the reason
  const auto leave = [this] {
    for (Observer* observer : observers_) observer->on_leave(position_);
  };
  Outcome outcome{};
  try {
    outcome = loop(stop, checkpoint);
  } catch (...) {
    leave();
    throw;
  }
  leave();
  return outcome;
}

Runner::Outcome Runner::loop(const std::atomic<bool>& stop,
                             const std::function<void()>& checkpoint) {
  Clock::time_point last_checkpoint = Clock::now();

  while (position_.iteration < options_.total_iterations()) {
    agent_.set_eval_mode(position_.phase == Phase::kEval);
    while (!phase_done()) {
      if (stop) return Outcome::kStopped;
      const Clock::time_point start = Clock::now();
      step();
      position_.phase_statistics().seconds += seconds_since(start);

      // checkpoints fall between two steps and change nothing
      if (seconds_since(last_checkpoint) > 60.0 * options_.checkpoint_minutes) {
        checkpoint();
        last_checkpoint = Clock::now();
      }
    }

    const int64_t iteration = position_.iteration;
    finish_phase();
    if (position_.iteration != iteration) {
      checkpoint();
      last_checkpoint = Clock::now();
    }
  }
  return Outcome::kDone;
}

void Runner::evaluate(int64_t num_episodes, const std::atomic<bool>& stop) {
  enter(Phase::kEval);

  // as many of each stream: the first to end would be the short ones
  const auto streams = static_cast<int64_t>(episodes_left_.size());
  for (int64_t b = 0; b < streams; ++b) {
    episodes_left_[b] = (num_episodes + streams - 1 - b) / streams;
  }
  while (position_.eval.num_episodes < num_episodes && !stop) step();
}

void Runner::step() {
  TimeStep time_step = step_environment();
  const int64_t streams = time_step.batch_size();
  for (int64_t b = 0; b < streams; ++b) begin_or_count(time_step, b);

  // the agent learns from clipped rewards, the logs hold the raw ones
  TimeStep seen = time_step;
  if (options_.clip_rewards) {
    for (float& reward : seen.reward) reward = std::clamp(reward, -1.0F, 1.0F);
  }
  streams_.action = agent_.step(seen);

  for (int64_t b = 0; b < streams; ++b) {
    if (time_step.last(b) && !time_step.lost_life[b]) end_episode(b);
  }
  for (Observer* observer : observers_) observer->on_step(position_, time_step, agent_);
}

TimeStep Runner::step_environment() {
  environment_failed_ = false;
  try {
    TimeStep time_step = streams_.environment->step(streams_.action);
    for (const float reward : time_step.reward) {
      if (std::isfinite(reward)) continue;
      throw Error("the environment " + streams_.environment->spec().name + " gave the reward " +
                  std::to_string(reward) + ", of which nothing can be learned; mend it there");
    }
    return time_step;
  } catch (const Diverged&) {  // of a free-running worker
    throw;
  } catch (...) {
    environment_failed_ = true;
    throw;
  }
}

void Runner::begin_or_count(TimeStep& time_step, int64_t stream) {
  Episode& episode = position_.episodes[stream];
  if (time_step.first(stream)) {
    if (!time_step.lost_life[stream]) {
      // the game ended while its next life began
      if (streams_.between_lives[stream]) end_episode(stream);
      episode = {.phase = position_.phase};
    }
    streams_.between_episodes[stream] = 0;
    streams_.between_lives[stream] = 0;
    return;
  }

  // count the step, and cut the episode where it has lasted too long
  ++episode.length;
  episode.episode_return += time_step.reward[stream];
  if (episodes_left_[stream] != 0) {
    ++position_.phase_statistics().agent_steps;
    ++position_.total_steps;
    if (position_.phase == Phase::kTrain) {
      ++position_.agent_steps;
      position_.frames += streams_.environment->spec().frames_per_step;
    }
  }
  cut_long_episode(*streams_.environment, time_step, stream, episode.length,
                   options_.max_steps_per_episode);
  streams_.between_lives[stream] = time_step.last(stream) && time_step.lost_life[stream];
}

void Runner::end_episode(int64_t stream) {
  streams_.between_episodes[stream] = 1;
  if (episodes_left_[stream] == 0) return;

  PhaseStatistics& statistics = position_.phase_statistics();
  const Episode& episode = position_.episodes[stream];
  statistics.sum_of_returns += episode.episode_return;
  ++statistics.num_episodes;
  for (Observer* observer : observers_) observer->on_episode(position_, episode);

  // a stream that is ready to end the phase waits for the others
  if (episodes_left_[stream] > 0) {
    --episodes_left_[stream];
  } else if (waits_for_episodes() && enough_steps()) {
    episodes_left_[stream] = 0;
  }
}

bool Runner::enough_steps() const {
  const bool before_training = options_.evaluate_before_training && position_.iteration == 0;
  const int64_t steps = position_.phase == Phase::kEval ? options_.evaluation_steps
                        : before_training               ? 0
                                                        : options_.training_steps;
  return position_.phase_statistics().agent_steps >= steps;
}

bool Runner::waits_for_episodes() const {
  const bool alone = episodes_left_.size() == 1;
  return options_.max_steps_per_episode && (alone || position_.phase == Phase::kEval);
}

bool Runner::phase_done() const {
  if (!enough_steps()) return false;
  if (!waits_for_episodes()) return true;
  for (size_t b = 0; b < episodes_left_.size(); ++b) {
    if (!streams_.between_episodes[b] && episodes_left_[b] != 0) return false;
  }
  return true;
}

void Runner::finish_phase() {
  for (Observer* observer : observers_) observer->on_phase(position_, agent_);

  // an episode does not cross from training to evaluation or back, but may wait for its end
  const bool goes_on = position_.phase == Phase::kTrain && (!evaluate_ || others_);
  const auto streams = static_cast<int64_t>(episodes_left_.size());
  for (int64_t b = 0; b < streams && !goes_on; ++b) {
    if (!streams_.between_episodes[b]) streams_.environment->end_episode(b);
    streams_.between_episodes[b] = 1;
    streams_.between_lives[b] = 0;
  }
  std::ranges::fill(episodes_left_, -1);

  if (evaluate_ && position_.phase == Phase::kTrain) {
    enter(Phase::kEval);
    return;
  }
  for (Observer* observer : observers_) observer->on_iteration(position_);
  ++position_.iteration;
  enter(Phase::kTrain);
  position_.train = {};
  position_.eval = {};

  // an environment's state is saved with the run, so that only a new iteration needs a new one
  if (!options_.new_environment_per_iteration) return;
  try {
    replace_environment(streams_, "iteration/" + std::to_string(position_.iteration));
  } catch (...) {
    environment_failed_ = true;
    throw;
  }
}

void Runner::enter(Phase phase) {
  if (position_.phase == phase) return;
  position_.phase = phase;
  agent_.set_eval_mode(phase == Phase::kEval);
  if (!others_) return;
  std::swap(streams_, *others_);
  std::swap(position_.episodes, waiting_);
}

void Runner::replace_environment(Streams& streams, const std::string& name) {
  std::shared_ptr<Environment> made = new_environment_ ? new_environment_(name) : nullptr;
  if (made) streams = Streams(std::move(made));
}

// of an environment in the place of one that is gone
std::string Runner::name_after(Phase phase) const {
  return (phase == Phase::kTrain ? "after/" : "evaluation/after/") +
         std::to_string(position_.total_steps);
}

void Runner::streams_state(StateTree& tree, Streams& streams, Phase phase) {
  tree("action", streams.action)("between_episodes", streams.between_episodes);

  // checkpoints of older versions lack it
  if (tree.saving() || tree.contains("between_lives")) tree("between_lives", streams.between_lives);
  const bool failed = environment_failed_ && &streams == &streams_;
  if (!failed && (tree.saving() || tree.contains("environment"))) {
    tree.scope("environment", [&](StateTree& t) { streams.environment->state(t); });
  } else if (tree.loading()) {
    // all episodes begin anew; with the seed of the one that is gone they would be the same again
    streams = Streams(streams.environment);
    replace_environment(streams, name_after(phase));
  }
}

void Runner::state(StateTree& tree) {
  // which streams are the present ones follows from the phase
  Position position = position_;
  if (tree.loading()) {
    tree("position", position);
    enter(position.phase);
  }
  tree("position", position_)("episodes_left", episodes_left_);

  // another game's state would fit or not by chance
  const std::string& here = streams_.environment->spec().name;
  std::string name = here;
  if (tree.saving() || tree.contains("environment_name")) tree("environment_name", name);
  if (name != here) {
    throw StateMismatch("the saved run is in " + name + ", this one in " + here);
  }

  streams_state(tree, streams_, position_.phase);
  if (others_) {
    // checkpoints of older versions lack the streams that wait
    const Phase phase = position_.phase == Phase::kTrain ? Phase::kEval : Phase::kTrain;
    tree.scope("waiting", [&](StateTree& t) {
      if (t.saving() || t.contains("action")) {
        episodes_state(waiting_, t);
        streams_state(t, *others_, phase);
      } else {
        replace_environment(*others_, name_after(phase));
      }
    });
  }

  tree.scope("agent", [&](StateTree& t) { agent_.state(t); });
  for (size_t i = 0; i < observers_.size(); ++i) {
    tree.scope("observer_" + std::to_string(i), [&](StateTree& t) { observers_[i]->state(t); });
  }
}

}  // namespace accumbens
