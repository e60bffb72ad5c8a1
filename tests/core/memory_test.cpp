#include "accumbens/core/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

// a small /proc and /sys, written out by hand after proc(5) and the kernel's cgroup documentation
class AvailableMemory : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(ACCUMBENS_BINARY_DIR) / "tests" / "memory_root" /
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

  fs::path root_;
};

TEST_F(AvailableMemory, IsWhatTheKernelSays) {
  write("proc/meminfo", "MemTotal:  16000000 kB\nMemFree: 1 kB\nMemAvailable:    8000000 kB\n");
  EXPECT_EQ(available_memory(root_), 8'000'000LL * 1024);
}

TEST_F(AvailableMemory, IsUnlimitedWhereNothingCanBeRead) {
  EXPECT_EQ(available_memory(root_), std::numeric_limits<int64_t>::max());
}

TEST_F(AvailableMemory, HeedsTheStrictestGroupOfVersion2) {
  write("proc/meminfo", "MemAvailable: 8000000 kB\n");
  write("proc/self/cgroup", "0::/user/job\n");
  write("sys/fs/cgroup/user/job/memory.max", "max\n");
  write("sys/fs/cgroup/user/job/memory.current", "1000\n");
  EXPECT_EQ(available_memory(root_), 8'000'000LL * 1024);
  write("sys/fs/cgroup/user/memory.max", "5000000\n");
  write("sys/fs/cgroup/user/memory.current", "4000000\n");
  EXPECT_EQ(available_memory(root_), 1'000'000);

  // cached files give way
  write("sys/fs/cgroup/user/memory.stat", "anon 1\ninactive_file 200000\nactive_file 30000\n");
  EXPECT_EQ(available_memory(root_), 1'230'000);
}

TEST_F(AvailableMemory, HeedsTheGroupOfVersion1) {
  write("proc/meminfo", "MemAvailable: 8000000 kB\n");
  write("proc/self/cgroup", "9:name=systemd:/\n4:memory:/outside/the/container\n0::/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000000\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "4000000\n");
  write("sys/fs/cgroup/memory/memory.stat",
        "inactive_file 7\ntotal_inactive_file 200000\ntotal_active_file 30000\n");
  EXPECT_EQ(available_memory(root_), 1'230'000);
}

TEST(RequireMemory, SaysWhatNeedsHowMuchAndWhatToDo) {
  EXPECT_NO_THROW(require_memory(100, 100, "a replay", "lower it"));
  EXPECT_THAT([] { require_memory(7'200'000'000, 3'100'000'000, "a replay", "lower it"); },
              testing::ThrowsMessage<ConfigError>(
                  "a replay needs 7.2 GB of memory, but 3.1 GB are free: lower it"));
}

}  // namespace
}  // namespace accumbens
