#include "accumbens/core/memory.h"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <limits>
#include <optional>
#include <sstream>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

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

// what the limits of a control group and of those above it leave
int64_t available_in_groups(const std::filesystem::path& mount, std::filesystem::path group,
                            const char* limit_file, const char* usage_file, const char* prefix) {
  int64_t available = kUnlimited;
  while (true) {
    const auto directory = mount / group.relative_path();
    const auto limit = read_number(directory / limit_file);
    const auto usage = read_number(directory / usage_file);
    if (limit && usage) {
      // cached files count as used, but give way
      const auto statistics = directory / "memory.stat";
      const int64_t cached = read_field(statistics, prefix + std::string("active_file"), 0) +
                             read_field(statistics, prefix + std::string("inactive_file"), 0);
      available = std::min(available, std::max<int64_t>(0, *limit - *usage + cached));
    }
    if (group.relative_path().empty()) return available;
    group = group.parent_path();
  }
}

std::string gigabytes(int64_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(bytes < 100'000'000 ? 3 : 1)
       << static_cast<double>(bytes) / 1e9 << " GB";
  return text.str();
}

}  // namespace

int64_t available_memory(const std::filesystem::path& root) {
  const int64_t kilobytes = read_field(root / "proc/meminfo", "MemAvailable:", -1);
  int64_t available = kilobytes < 0 ? kUnlimited : kilobytes * 1024;

  // lines are hierarchy:controllers:group; version 2 has no controllers
  std::ifstream groups(root / "proc/self/cgroup");
  std::string line;
  while (std::getline(groups, line)) {
    std::istringstream fields(line);
    std::string hierarchy, controllers, group;
    std::getline(fields, hierarchy, ':');
    std::getline(fields, controllers, ':');
    std::getline(fields, group);
    if (controllers.empty()) {
      available = std::min(available, available_in_groups(root / "sys/fs/cgroup", group,
                                                          "memory.max", "memory.current", ""));
    } else if (controllers == "memory") {
      available = std::min(available, available_in_groups(root / "sys/fs/cgroup/memory", group,
                                                          "memory.limit_in_bytes",
                                                          "memory.usage_in_bytes", "total_"));
    }
  }
  return available;
}

void require_memory(int64_t bytes, int64_t available, const std::string& what,
                    const std::string& fix) {
  if (bytes <= available) return;
  throw ConfigError(what + " needs " + gigabytes(bytes) + " of memory, but " +
                    gigabytes(available) + " are free: " + fix);
}

}  // namespace accumbens
