#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace accumbens {

/// Threads that wait for work and do it together with whoever calls.
class WorkerPool {
 public:
  /// num_workers: the calling thread included, at least 1.
  explicit WorkerPool(int64_t num_workers);

  /// Waits for nobody: no work is under way outside of run().
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// The calling thread included.
  int64_t size() const { return static_cast<int64_t>(threads_.size()) + 1; }

  /// Calls work(0) ... work(size() - 1), each on a thread of its own, and returns when all are
  /// done. Where several throw, the exception of the first of them is thrown on.
  void run(const std::function<void(int64_t)>& work);

 private:
  void serve(int64_t worker);
  void attempt(int64_t worker);

  std::vector<std::exception_ptr> failures_;  // [size()]
  std::mutex mutex_;
  std::condition_variable begin_;
  std::condition_variable end_;
  const std::function<void(int64_t)>* work_ = nullptr;
  int64_t round_ = 0;    // counts calls of run()
  int64_t at_work_ = 0;  // threads that are not done with this round
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace accumbens
