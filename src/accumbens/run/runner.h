#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/agents/agent.h"
#include "accumbens/config/options.h"
#include "accumbens/core/state_tree.h"
#include "accumbens/envs/environment.h"

namespace accumbens {

/// Options of the experiment; names and defaults are Dopamine's Runner.
struct RunnerOptions {
  Reference create_environment_fn{"create_atari_environment"};
  int64_t num_iterations = 200;
  int64_t training_steps = 250'000;
  int64_t evaluation_steps = 125'000;
  std::optional<int64_t> max_steps_per_episode = 27'000;
  bool clip_rewards = true;
  bool evaluate_before_training = false;
  bool new_environment_per_iteration = false;
  bool dqn_zoo_csv = false;
  int64_t summary_writing_frequency = 500;
  double checkpoint_minutes = 10.0;
  int64_t seed = 1;
  int64_t num_threads = 0;
  std::string device = "auto";
  int64_t num_environments = 1;
  int64_t num_workers = 1;
  std::string worker_mode = "lock_step";
  int64_t max_lag = 16;

  template <class Visitor>
  void fields(Visitor& field) {
    field("create_environment_fn", create_environment_fn, "the environment", part("environments"));
    field("num_iterations", num_iterations, "iterations of training (and evaluation)", at_least(1));
    field("training_steps", training_steps,
          "agent steps of training in an iteration, at least: episodes are whole", at_least(1));
    field("evaluation_steps", evaluation_steps,
          "agent steps of evaluation in an iteration, at least: episodes are whole", at_least(1));
    field("max_steps_per_episode", max_steps_per_episode,
          "agent steps after which an episode is cut; None: none is", at_least(1));
    field("clip_rewards", clip_rewards,
          "the agent learns from rewards clipped to [-1, 1]; logs hold the raw ones");
    field("evaluate_before_training", evaluate_before_training,
          "iteration 0 evaluates the agent as it begins, then num_iterations follow (DQN Zoo)");
    field("new_environment_per_iteration", new_environment_per_iteration,
          "each iteration has an environment of its own, with a seed of its own (DQN Zoo)");
    field("dqn_zoo_csv", dqn_zoo_csv,
          "dqn_zoo.csv is written too: DQN Zoo's columns, with human-normalised scores");
    field("summary_writing_frequency", summary_writing_frequency,
          "agent steps between entries in metrics.jsonl and TensorBoard", at_least(1));
    field("checkpoint_minutes", checkpoint_minutes,
          "minutes between checkpoints, which are also written after every iteration", above(0));
    field("seed", seed, "of all random streams", in_closed(0, 9e18));
    field("num_threads", num_threads,
          "CPU threads of LibTorch; 0: as many as cores; results are bit-exact for one number",
          in_closed(0, 1'024));
    field("device", device, "of the networks; auto: a GPU where there is one",
          one_of({"auto", "cpu", "cuda"}));
    field("num_environments", num_environments,
          "streams that the agent acts in at once; with several, training does not wait for the "
          "ends of episodes, which go on in the next iteration: evaluation has streams of its own, "
          "unless new_environment_per_iteration",
          in_closed(1, 100'000));
    field("num_workers", num_workers,
          "threads that step the environments, best 1 or num_threads; in lock_step results do not "
          "depend on it",
          in_closed(1, 1'024));
    field("worker_mode", worker_mode,
          "lock_step: workers wait for the agent, and it for them; free_running: they act and the "
          "agent learns at the same time, and what comes of it depends on what is faster",
          one_of({"lock_step", "free_running"}));
    field("max_lag", max_lag,
          "free_running: agent steps of a stream that its worker may be ahead of the parameters it "
          "acts by; the step under way counts as one",
          at_least(1));
  }

  /// Iterations of the run, the one before training included.
  int64_t total_iterations() const { return num_iterations + (evaluate_before_training ? 1 : 0); }
};

/// What the agent is doing.
enum class Phase : int8_t { kTrain, kEval };

/// One finished episode (game), with raw rewards.
struct Episode {
  Phase phase = Phase::kTrain;  // in which it began
  double episode_return = 0.0;  // sum of raw rewards
  int64_t length = 0;           // agent steps
};

/// What a phase of an iteration came to, in whole episodes.
struct PhaseStatistics {
  double sum_of_returns = 0.0;  // raw
  int64_t num_episodes = 0;     // whole ones
  int64_t agent_steps = 0;      // of this phase
  double seconds = 0.0;         // of wall time, the only figure that two equal runs do not share

  /// NaN without an episode.
  double average_return() const;

  /// Agent steps per second of wall time, 0 before the first.
  double steps_per_second() const;
  void state(StateTree& tree);
};

/// Where the experiment is.
struct Position {
  int64_t iteration = 0;          // counts from 0
  Phase phase = Phase::kTrain;    // of the iteration
  int64_t agent_steps = 0;        // of training, in all
  int64_t frames = 0;             // of training, in all
  int64_t total_steps = 0;        // agent steps of training and evaluation, in all
  PhaseStatistics train;          // of this iteration
  PhaseStatistics eval;           // of this iteration
  std::vector<Episode> episodes;  // [B], in progress

  /// Of the present phase.
  PhaseStatistics& phase_statistics() { return phase == Phase::kTrain ? train : eval; }

  /// Of the present phase.
  const PhaseStatistics& phase_statistics() const { return phase == Phase::kTrain ? train : eval; }
  void state(StateTree& tree);
};

/// Cuts the episode of a stream, in its environment and in the time step that it has just made,
/// where it has lasted `limit` agent steps.
void cut_long_episode(Environment& environment, TimeStep& time_step, int64_t stream, int64_t length,
                      std::optional<int64_t> limit);

/// Watches the loop: logs, progress, video.
class Observer {
 public:
  virtual ~Observer() = default;
  /// After every time step, with the raw reward; the agent has answered it.
  virtual void on_step(const Position&, const TimeStep&, const Agent&) {}

  /// After the last step of an episode, before its on_step().
  virtual void on_episode(const Position&, const Episode&) {}

  /// After the last step of a phase, which may have none.
  virtual void on_phase(const Position&, const Agent&) {}

  /// After the last phase of an iteration.
  virtual void on_iteration(const Position&) {}

  /// When the loop is left: the run is done, was stopped, or something threw.
  virtual void on_leave(const Position&) {}
  virtual void state(StateTree&) {}
};

/// Dopamine's experiment (Castro et al., 2018; protocol of Machado et al., 2018): iterations of a
/// training phase and, if asked for, an evaluation phase, each of whole episodes. With several
/// streams only evaluation waits for the ends of episodes, of one more in each stream; where it
/// has an environment of its own, episodes of training go on after it.
///
/// The loop alternates environment and agent; everything else watches. It can be stopped after
/// any step, saved through state(), and continued elsewhere bit for bit.
class Runner {
 public:
  /// How run() ended.
  enum class Outcome { kDone, kStopped };

  /// Makes another environment, with a seed of its own for each name; null: the one there is stays.
  using NewEnvironment = std::function<std::unique_ptr<Environment>(const std::string& name)>;

  /// evaluate: whether iterations have an evaluation phase. new_environment: if given, makes the
  /// one that follows on one that failed or was not saved ("after/N" in training and
  /// "evaluation/after/N", agent steps of both) and, with new_environment_per_iteration, those of
  /// the iterations after the first ("iteration/N").
  /// of_evaluation: for evaluation, with the spec of `environment`, which is for training only
  /// then; does not go with new_environment_per_iteration. All references must outlive it.
  Runner(const RunnerOptions& options, bool evaluate, Environment& environment, Agent& agent,
         std::vector<Observer*> observers, NewEnvironment new_environment = {},
         std::shared_ptr<Environment> of_evaluation = {});

  /// Runs until the last iteration is done, or `stop` becomes true. `checkpoint` is called between
  /// two steps when one is due.
  Outcome run(const std::atomic<bool>& stop, const std::function<void()>& checkpoint);

  /// Plays whole episodes in evaluation mode, outside of the iterations, until enough are done or
  /// `stop` becomes true. Observers see them as any others.
  void evaluate(int64_t num_episodes, const std::atomic<bool>& stop);

  /// Whether the environment threw in the last step, of which the agent knows nothing then, or that
  /// of the next iteration could not be made. What is saved after that has everything but the
  /// environment: another one takes its place.
  bool environment_failed() const { return environment_failed_; }

  /// Where the experiment is now.
  const Position& position() const { return position_; }

  /// Saves or loads the whole experiment: environment, agent, observers and the runner itself.
  void state(StateTree& tree);

 private:
  // an environment, and where the runner is in it
  struct Streams {
    explicit Streams(std::shared_ptr<Environment> in);

    std::shared_ptr<Environment> environment;
    torch::Tensor action;                   // [B] or [B, D], the agent's last answer
    std::vector<int64_t> between_episodes;  // [B], whether the next step begins one
    std::vector<int64_t> between_lives;     // [B], whether the last step lost a life, no more
  };

  Outcome loop(const std::atomic<bool>& stop, const std::function<void()>& checkpoint);
  void step();
  TimeStep step_environment();
  void begin_or_count(TimeStep& time_step, int64_t stream);
  void end_episode(int64_t stream);
  bool enough_steps() const;
  bool waits_for_episodes() const;
  bool phase_done() const;
  void finish_phase();
  void enter(Phase phase);
  std::string name_after(Phase phase) const;
  void streams_state(StateTree& tree, Streams& streams, Phase phase);
  void replace_environment(Streams& streams, const std::string& name);

  RunnerOptions options_;
  bool evaluate_;
  Streams streams_;                // of the present phase
  std::optional<Streams> others_;  // of the other phase, if it has its own
  std::vector<Episode> waiting_;   // [B], in progress in the others
  Agent& agent_;
  std::vector<Observer*> observers_;
  NewEnvironment new_environment_;

  bool environment_failed_ = false;
  Position position_;
  std::vector<int64_t> episodes_left_;  // [B], that count in this phase, -1 for any number
};

}  // namespace accumbens
