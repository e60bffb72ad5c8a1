#include "accumbens/core/worker_pool.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

namespace accumbens {
namespace {

// oracle: counted by hand
TEST(WorkerPool, EachWorkerWorksOnceInEachRoundOnAThreadOfItsOwn) {
  WorkerPool pool(4);
  std::vector<int> calls(4, 0);
  std::vector<std::thread::id> threads(4);
  for (int round = 0; round < 200; ++round) {
    pool.run([&](int64_t worker) {
      ++calls[worker];
      threads[worker] = std::this_thread::get_id();
    });
    ASSERT_EQ(calls, std::vector<int>(4, round + 1));
  }
  EXPECT_EQ(threads[0], std::this_thread::get_id());
  EXPECT_EQ(std::set<std::thread::id>(threads.begin(), threads.end()).size(), 4U);
}

// oracle: the first of the exceptions, and a pool that goes on
TEST(WorkerPool, ThrowsTheFirstExceptionWhenAllAreDone) {
  WorkerPool pool(3);
  std::vector<int> calls(3, 0);
  const auto failing = [&](int64_t worker) {
    ++calls[worker];
    if (worker > 0) throw std::runtime_error("worker " + std::to_string(worker));
  };
  for (int round = 1; round <= 50; ++round) {
    try {
      pool.run(failing);
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      ASSERT_STREQ(error.what(), "worker 1");
    }
    ASSERT_EQ(calls, std::vector<int>(3, round));
  }
  pool.run([&](int64_t worker) { calls[worker] = 0; });
  EXPECT_EQ(calls, std::vector<int>(3, 0));
}

}  // namespace
}  // namespace accumbens
