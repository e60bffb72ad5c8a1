#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace accumbens {

/// Memory that a process can still have without swapping.
struct FreeMemory {
  int64_t bytes;      ///< how much
  std::string place;  ///< what sets the bound, such as "on this machine"
};

/// MemAvailable of /proc/meminfo, or what the memory limits of this process's control groups (v1 or
/// v2) leave beside what cannot be given back, whichever is less. The largest number where nothing
/// can be read. `root` holds proc/ and sys/.
FreeMemory free_memory(const std::filesystem::path& root = "/");

/// Throws ConfigError unless `bytes` are free:
///   "<what> needs 7.2 GB of memory, but 3.1 GB are free on this machine: <fix>"
void require_memory(int64_t bytes, const FreeMemory& free, const std::string& what,
                    const std::string& fix);

}  // namespace accumbens
