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
  EXPECT_EQ(free_memory(root_).bytes, 8'000'000LL * 1024);
  EXPECT_EQ(free_memory(root_).place, "on this machine");
}

TEST_F(AvailableMemory, IsUnlimitedWhereNothingCanBeRead) {
  EXPECT_EQ(free_memory(root_).bytes, std::numeric_limits<int64_t>::max());
}

TEST_F(AvailableMemory, HeedsTheStrictestGroupOfVersion2) {
  write("proc/meminfo", "MemAvailable: 8000000 kB\n");
  write("proc/self/cgroup", "0::/user/job\n");
  write("sys/fs/cgroup/user/job/memory.max", "max\n");
  EXPECT_EQ(free_memory(root_).bytes, 8'000'000LL * 1024);
  write("sys/fs/cgroup/user/memory.max", "5000000\n");
  EXPECT_EQ(free_memory(root_).bytes, 5'000'000);

  // cached files and the kernel's caches give way
  write("sys/fs/cgroup/user/memory.stat",
        "anon 3000000\nfile 1200000\nkernel_stack 500\npagetables 2000\nshmem 200000\n"
        "inactive_file 700000\nactive_file 300000\n"
        "slab_reclaimable 600000\nslab_unreclaimable 70000\n");
  EXPECT_EQ(free_memory(root_).bytes, 5'000'000 - 3'000'000 - 200'000 - 70'000 - 500 - 2000);
  EXPECT_EQ(free_memory(root_).place, "under the limit of 0.005 GB of control group /user");
}

TEST_F(AvailableMemory, HeedsTheGroupOfVersion1) {
  write("proc/meminfo", "MemAvailable: 8000000 kB\n");
  write("proc/self/cgroup", "9:name=systemd:/\n4:memory:/outside/the/container\n0::/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000000\n");
  write("sys/fs/cgroup/memory/memory.stat",
        "rss 7\nshmem 7\ntotal_cache 3000000\ntotal_rss 1000000\ntotal_shmem 200000\n");
  EXPECT_EQ(free_memory(root_).bytes, 3'800'000);

  // more may be held than a limit that was lowered
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "600000\n");
  EXPECT_EQ(free_memory(root_).bytes, 0);
  EXPECT_EQ(free_memory(root_).place, "under the limit of 0.001 GB of control group /");
}

TEST(RequireMemory, SaysWhatNeedsHowMuchAndWhatToDo) {
  const auto require = [](int64_t free) {
    require_memory(7'200'000'000, {free, "on this machine"}, "a replay", "lower it");
  };
  EXPECT_NO_THROW(require(7'200'000'000));
  EXPECT_THAT([&] { require(3'100'000'000); },
              testing::ThrowsMessage<ConfigError>(
                  "a replay needs 7.2 GB of memory, but 3.1 GB are free on this machine: "
                  "lower it"));
}

}  // namespace
}  // namespace accumbens
