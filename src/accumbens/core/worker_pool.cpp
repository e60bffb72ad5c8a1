#include "accumbens/core/worker_pool.h"

namespace accumbens {

WorkerPool::WorkerPool(int64_t num_workers) : failures_(num_workers) {
  for (int64_t worker = 1; worker < num_workers; ++worker) {
    threads_.emplace_back([this, worker] { serve(worker); });
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  begin_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::run(const std::function<void(int64_t)>& work) {
  // let all begin, and work along
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work_ = &work;
    at_work_ = static_cast<int64_t>(threads_.size());
    ++round_;
  }
  begin_.notify_all();
  attempt(0);

  // wait for the others
  std::unique_lock<std::mutex> lock(mutex_);
  end_.wait(lock, [this] { return at_work_ == 0; });
  std::exception_ptr first;
  for (std::exception_ptr& failure : failures_) {
    if (failure && !first) first = failure;
    failure = nullptr;
  }
  if (first) std::rethrow_exception(first);
}

void WorkerPool::serve(int64_t worker) {
  int64_t seen = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    begin_.wait(lock, [&] { return stop_ || round_ != seen; });
    if (stop_) return;
    seen = round_;
    lock.unlock();
    attempt(worker);
    lock.lock();
    if (--at_work_ == 0) end_.notify_one();
  }
}

void WorkerPool::attempt(int64_t worker) {
  try {
    (*work_)(worker);
  } catch (...) {
    failures_[worker] = std::current_exception();
  }
}

}  // namespace accumbens
