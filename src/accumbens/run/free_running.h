#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "accumbens/agents/actor_learner.h"
#include "accumbens/envs/environment.h"

namespace accumbens {

/// How workers that run freely are bounded.
struct FreeRunningOptions {
  int64_t num_workers = 1;                         ///< threads
  int64_t max_lag = 1;                             ///< see FreeRunningWorkers; at least 1
  std::optional<int64_t> max_steps_per_episode{};  ///< agent steps after which one is cut
};

/// Environments whose actors have threads of their own, and do not wait for the learner: each
/// worker steps its streams and answers them by the newest policy that was published, while the
/// learner learns from what came before.
///
/// A row is a time step of all streams; step() hands out the rows in order. The answer to row r is
/// made with what was learned from rows 0 ... s-1, where acting and learning in turn would have
/// used rows 0 ... r: its lag is r + 1 - s agent steps of each stream, at least 1, and never above
/// max_lag, for which a worker waits. With max_lag = 1 a run does not depend on what is faster;
/// otherwise it does.
/// They wait so too while the learner does something else, such as evaluate in an environment of
/// its own.
class FreeRunningWorkers final : public Environment {
 public:
  /// Some of the streams, and who answers them.
  struct Worker {
    std::unique_ptr<Environment> environment;  ///< of its streams
    std::unique_ptr<ActorLearner> actor;       ///< a replica of the learner
  };

  /// Makes the workers 0 ... num_workers-1, each with as many streams as the others; called when
  /// training starts. training_steps: of the learner so far, so that a resumed run draws other
  /// numbers than the one that it goes on from.
  using MakeWorker = std::function<Worker(int64_t worker, int64_t training_steps)>;

  /// spec: with all streams.
  FreeRunningWorkers(const FreeRunningOptions& options, EnvironmentSpec spec,
                     MakeWorker make_worker);
  ~FreeRunningWorkers() override;

  FreeRunningWorkers(const FreeRunningWorkers&) = delete;
  FreeRunningWorkers& operator=(const FreeRunningWorkers&) = delete;

  const EnvironmentSpec& spec() const override { return spec_; }

  /// The next row; `actions` are ignored. Throws what a worker threw. Workers must have started.
  TimeStep step(const torch::Tensor& actions) override;

  /// Does nothing: workers cut long episodes themselves.
  void end_episode(int64_t) override {}

  /// Saves nothing: a resumed run begins new episodes.
  void state(StateTree&) override {}

  /// Makes workers and lets them run, unless they do.
  void start(const ActorLearner& learner);

  /// What was answered to the last row.
  const ActorLearner::Answer& answer() const { return answer_; }

  /// Lets the workers act by what was learned, the last row included.
  void publish(const ActorLearner& learner);

  /// Of the last row, in agent steps of each stream; 0 before the first.
  int64_t lag() const { return lag_; }

  /// The greatest so far.
  int64_t greatest_lag() const { return greatest_lag_; }

 private:
  struct Row {
    TimeStep time_step;
    ActorLearner::Answer answer;
    int64_t lag;
  };

  // a worker, its rows that nobody took yet, and its thread
  struct Running {
    Worker worker;
    std::deque<Row> rows;
    std::thread thread;
  };

  void run(Running& running);
  void work(Running& running);

  FreeRunningOptions options_;
  EnvironmentSpec spec_;
  MakeWorker make_worker_;
  std::vector<std::unique_ptr<Running>> workers_;

  ActorLearner::Policy policy_;  // the learner's, at the last row
  ActorLearner::Answer answer_;
  int64_t lag_ = 0;
  int64_t greatest_lag_ = 0;

  // what the threads share, and the workers' rows
  std::mutex mutex_;
  std::condition_variable row_done_;
  std::condition_variable may_act_;
  ActorLearner::Policy published_;
  int64_t rows_learned_ = 0;  // since the workers started; `published_` is what came of them
  bool stop_ = false;
  std::exception_ptr failure_;  // the first that a worker met with
};

/// The learner of free-running workers, as the runner's agent.
class FreeRunningAgent final : public Agent {
 public:
  /// workers: the environment of the same runner for training; must outlive the agent.
  FreeRunningAgent(std::unique_ptr<ActorLearner> learner, FreeRunningWorkers& workers);

  torch::Tensor step(const TimeStep& time_step) override;
  void set_eval_mode(bool eval) override;

  /// The learner's, and the lag.
  std::map<std::string, double> statistics() const override;

  /// NaN in training, when the learner looks at no state to act.
  double state_value() const override;
  void state(StateTree& tree) override;

 private:
  std::unique_ptr<ActorLearner> learner_;
  FreeRunningWorkers& workers_;
  bool eval_mode_ = false;
};

}  // namespace accumbens
