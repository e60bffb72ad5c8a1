#include "accumbens/core/workers.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace accumbens {
namespace {

// oracle: counted by hand
TEST(RunWorkers, EachWorksOnceOnAThreadOfItsOwn) {
  std::vector<int> calls(4, 0);
  std::vector<std::thread::id> threads(4);
  for (int round = 0; round < 200; ++round) {
    run_workers(4, [&](int64_t worker) {
      ++calls[worker];
      threads[worker] = std::this_thread::get_id();
    });
    ASSERT_EQ(calls, std::vector<int>(4, round + 1));
  }
  EXPECT_EQ(threads[0], std::this_thread::get_id());
#ifdef _OPENMP
  EXPECT_EQ(std::set<std::thread::id>(threads.begin(), threads.end()).size(), 4U);
#endif
}

// oracle: the first of the exceptions, and threads that go on
TEST(RunWorkers, ThrowsTheFirstExceptionWhenAllAreDone) {
  std::vector<int> calls(3, 0);
  const auto failing = [&](int64_t worker) {
    ++calls[worker];
    if (worker > 0) throw std::runtime_error("worker " + std::to_string(worker));
  };
  for (int round = 1; round <= 50; ++round) {
    try {
      run_workers(3, failing);
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      ASSERT_STREQ(error.what(), "worker 1");
    }
    ASSERT_EQ(calls, std::vector<int>(3, round));
  }
  run_workers(3, [&](int64_t worker) { calls[worker] = 0; });
  EXPECT_EQ(calls, std::vector<int>(3, 0));
}

}  // namespace
}  // namespace accumbens
