#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace accumbens {

/// A file, or a device, written from front to back, without a buffer of its own. Every failure, a
/// full disk included, throws Error that names the file.
class OutputFile {
 public:
  /// Creates the file, or keeps the first `kept` bytes of one that exists.
  explicit OutputFile(std::filesystem::path path, int64_t kept = 0);

  /// Closes without a check: call close() where the content matters.
  ~OutputFile();

  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Appends `size` bytes.
  void write(const void* data, size_t size);

  /// Appends a text.
  void write(std::string_view text) { write(text.data(), text.size()); }

  /// Returns when what was written would survive a loss of power.
  void sync();

  /// Syncs and closes.
  void close();

 private:
  std::filesystem::path path_;
  int descriptor_;
};

/// Throws Error that names the file if there is one, or something else, that OutputFile could not
/// write. Changes nothing.
void require_writable(const std::filesystem::path& path);

/// Makes a directory's entries (new, renamed, removed) survive a loss of power.
void sync_directory(const std::filesystem::path& path);

/// Creates a directory and those above it. Throws Error that names it.
void make_directories(const std::filesystem::path& path);

}  // namespace accumbens
