#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace accumbens {

/// Bytes that this process can still use without swapping: MemAvailable of /proc/meminfo, or what
/// the memory limits of its control groups (v1 or v2) leave, whichever is less. The largest number
/// where nothing can be read. `root` holds proc/ and sys/.
int64_t available_memory(const std::filesystem::path& root = "/");

/// Throws ConfigError unless `bytes` are available:
///   "<what> needs 7.2 GB of memory, but 3.1 GB are free: <fix>"
void require_memory(int64_t bytes, int64_t available, const std::string& what,
                    const std::string& fix);

}  // namespace accumbens
