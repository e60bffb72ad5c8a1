#pragma once

#include <filesystem>

namespace accumbens {

/// Keeps other processes from writing into a directory, as long as they ask in the same way; ends
/// with the process at the latest. Where the file system knows no locks it does nothing.
class DirectoryLock {
 public:
  /// Throws Error where another lock holds the directory, which must exist.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();

  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace accumbens
