#include "accumbens/core/memory.h"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <limits>
#include <optional>
#include <sstream>
#include <vector>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

// the number that a file holds; v2 writes "max" for no limit
std::optional<int64_t> read_number(const std::filesystem::path& file) {
  int64_t number = 0;
  if (std::ifstream stream(file); stream >> number) return number;
  return std::nullopt;
}

// the number after a name, in files of lines such as "MemAvailable:  1234 kB" or "cache 1234"
int64_t read_field(const std::filesystem::path& file, const std::string& name, int64_t otherwise) {
  std::ifstream stream(file);
  std::string line;
  while (std::getline(stream, line)) {
    std::istringstream words(line);
    std::string word;
    int64_t number = 0;
    if (words >> word >> number && word == name) return number;
  }
  return otherwise;
}

std::string gigabytes(int64_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(bytes < 100'000'000 ? 3 : 1)
       << static_cast<double>(bytes) / 1e9 << " GB";
  return text.str();
}

// how a version of control groups names its limit, and in memory.stat what cannot be given back:
// all but cached files and the kernel's own caches
struct GroupFiles {
  const char* limit;
  std::vector<const char*> kept;
};
const GroupFiles kVersion1{"memory.limit_in_bytes", {"total_rss", "total_shmem"}};
const GroupFiles kVersion2{"memory.max",
                           {"anon", "shmem", "slab_unreclaimable", "kernel_stack", "pagetables"}};

// lowers `free` to what the limits of a control group and of those above it leave
void heed_groups(const std::filesystem::path& mount, std::filesystem::path group,
                 const GroupFiles& files, FreeMemory& free) {
  while (true) {
    const auto directory = mount / group.relative_path();
    if (const auto limit = read_number(directory / files.limit)) {
      int64_t bytes = *limit;
      for (const char* kept : files.kept) bytes -= read_field(directory / "memory.stat", kept, 0);
      bytes = std::max<int64_t>(bytes, 0);
      if (bytes < free.bytes) {
        free = {bytes, "under the limit of " + gigabytes(*limit) + " of control group " +
                           ("/" / group.relative_path()).string()};
      }
    }
    if (group.relative_path().empty()) return;
    group = group.parent_path();
  }
}

}  // namespace

FreeMemory free_memory(const std::filesystem::path& root) {
  const int64_t kilobytes = read_field(root / "proc/meminfo", "MemAvailable:", -1);
  FreeMemory free{kilobytes < 0 ? std::numeric_limits<int64_t>::max() : kilobytes * 1024,
                  "on this machine"};

  // lines are hierarchy:controllers:group; version 2 has no controllers
  std::ifstream groups(root / "proc/self/cgroup");
  std::string line;
  while (std::getline(groups, line)) {
    std::istringstream fields(line);
    std::string hierarchy, controllers, group;
    std::getline(fields, hierarchy, ':');
    std::getline(fields, controllers, ':');
    std::getline(fields, group);
    if (controllers.empty()) heed_groups(root / "sys/fs/cgroup", group, kVersion2, free);
    if (controllers == "memory") heed_groups(root / "sys/fs/cgroup/memory", group, kVersion1, free);
  }
  return free;
}

void require_memory(int64_t bytes, const FreeMemory& free, const std::string& what,
                    const std::string& fix) {
  if (bytes <= free.bytes) return;
  throw ConfigError(what + " needs " + gigabytes(bytes) + " of memory, but " +
                    gigabytes(free.bytes) + " are free " + free.place + ": " + fix);
}

}  // namespace accumbens
