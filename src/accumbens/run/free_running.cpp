#include "accumbens/run/free_running.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <algorithm>
#include <utility>

#include "accumbens/run/runner.h"

namespace accumbens {
namespace {

torch::Tensor joined(const std::vector<torch::Tensor>& parts) {
  return parts.size() == 1 ? parts.front() : torch::cat(parts);
}

template <class T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

FreeRunningWorkers::FreeRunningWorkers(const FreeRunningOptions& options, EnvironmentSpec spec,
                                       MakeWorker make_worker)
    : options_(options), spec_(std::move(spec)), make_worker_(std::move(make_worker)) {}

FreeRunningWorkers::~FreeRunningWorkers() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  may_act_.notify_all();
  for (const auto& running : workers_) {
    if (running->thread.joinable()) running->thread.join();
  }
}

void FreeRunningWorkers::start(const ActorLearner& learner) {
  if (!workers_.empty()) return;
  learner.publish(policy_);
  published_ = policy_;

  std::vector<std::unique_ptr<Running>> workers;
  for (int64_t w = 0; w < options_.num_workers; ++w) {
    workers.push_back(std::make_unique<Running>());
    workers.back()->worker = make_worker_(w, policy_.training_steps);
  }
  workers_ = std::move(workers);
  for (const auto& running : workers_) {
    running->thread = std::thread([this, &running = *running] { run(running); });
  }
}

void FreeRunningWorkers::run(Running& running) {
  at::init_num_threads();  // Runner.num_threads, which a new thread does not know
  try {
    work(running);
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    row_done_.notify_one();
  }
}

void FreeRunningWorkers::work(Running& running) {
  Environment& environment = *running.worker.environment;
  ActorLearner& actor = *running.worker.actor;
  torch::Tensor actions = zero_actions(environment.spec());
  std::vector<int64_t> length(environment.spec().batch_size);  // [B], agent steps of the episodes

  for (int64_t row = 0;; ++row) {
    TimeStep time_step = environment.step(actions);
    for (int64_t b = 0; b < time_step.batch_size(); ++b) {
      length[b] = time_step.first(b) ? (time_step.lost_life[b] ? length[b] : 0) : length[b] + 1;
      cut_long_episode(environment, time_step, b, length[b], options_.max_steps_per_episode);
    }

    // act by the newest policy, which may not be too old
    ActorLearner::Policy policy;
    int64_t lag = 0;
    {
      std::unique_lock lock(mutex_);
      may_act_.wait(lock, [&] { return stop_ || row + 1 - rows_learned_ <= options_.max_lag; });
      if (stop_) return;
      policy = published_;
      lag = row + 1 - rows_learned_;
    }
    actor.follow(policy);
    ActorLearner::Answer answer = actor.act(time_step);
    actions = answer.action;

    const std::scoped_lock lock(mutex_);
    running.rows.push_back(
        {.time_step = std::move(time_step), .answer = std::move(answer), .lag = lag});
    row_done_.notify_one();
  }
}

TimeStep FreeRunningWorkers::step(const torch::Tensor&) {
  // the next row of each worker
  std::vector<Row> rows;
  {
    std::unique_lock lock(mutex_);
    row_done_.wait(lock, [&] {
      return failure_ || std::ranges::none_of(
                             workers_, [](const auto& running) { return running->rows.empty(); });
    });
    if (failure_) std::rethrow_exception(failure_);
    for (const auto& running : workers_) {
      rows.push_back(std::move(running->rows.front()));
      running->rows.pop_front();
    }
  }

  // side by side
  TimeStep all;
  std::vector<torch::Tensor> observations, chosen;
  std::vector<std::vector<torch::Tensor>> notes(rows.front().answer.notes.size());
  lag_ = 0;
  for (Row& row : rows) {
    append(all.step_type, row.time_step.step_type);
    append(all.reward, row.time_step.reward);
    append(all.discount, row.time_step.discount);
    append(all.lost_life, row.time_step.lost_life);
    observations.push_back(row.time_step.observation);
    chosen.push_back(row.answer.action);
    for (size_t i = 0; i < notes.size(); ++i) notes[i].push_back(row.answer.notes[i]);
    lag_ = std::max(lag_, row.lag);
  }
  greatest_lag_ = std::max(greatest_lag_, lag_);
  all.observation = joined(observations);
  answer_ = {.action = joined(chosen)};
  for (const auto& parts : notes) answer_.notes.push_back(joined(parts));
  return all;
}

void FreeRunningWorkers::publish(const ActorLearner& learner) {
  learner.publish(policy_);
  const std::scoped_lock lock(mutex_);
  published_ = policy_;
  ++rows_learned_;
  may_act_.notify_all();
}

FreeRunningAgent::FreeRunningAgent(std::unique_ptr<ActorLearner> learner,
                                   FreeRunningWorkers& workers)
    : learner_(std::move(learner)), workers_(workers) {}

void FreeRunningAgent::set_eval_mode(bool eval) {
  eval_mode_ = eval;
  learner_->set_eval_mode(eval);
  if (!eval) workers_.start(*learner_);
}

torch::Tensor FreeRunningAgent::step(const TimeStep& time_step) {
  if (eval_mode_) return learner_->step(time_step);
  learner_->learn(time_step, workers_.answer());
  workers_.publish(*learner_);
  return workers_.answer().action;
}

double FreeRunningAgent::state_value() const {
  return eval_mode_ ? learner_->state_value() : Agent::state_value();
}

std::map<std::string, double> FreeRunningAgent::statistics() const {
  std::map<std::string, double> figures = learner_->statistics();
  figures["lag"] = static_cast<double>(workers_.lag());
  figures["greatest_lag"] = static_cast<double>(workers_.greatest_lag());
  return figures;
}

void FreeRunningAgent::state(StateTree& tree) {
  learner_->state(tree);
}

}  // namespace accumbens
