#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "accumbens/core/output_file.h"
#include "accumbens/core/state_tree.h"

namespace accumbens {

/// A file that a run appends to. A checkpoint records its size, and a resumed run cuts off what
/// came after, so that its files equal those of a run that was never interrupted. A run that does
/// not resume starts the file anew with its first append.
class AppendedFile {
 public:
  /// Touches nothing until the first append.
  explicit AppendedFile(std::filesystem::path path) : path_(std::move(path)) {}

  /// Writes at once: a killed process loses nothing that was appended. Throws Error that names the
  /// file (unwritable directory, full disk).
  void append(std::string_view text);

  /// Whether nothing was appended yet, here or in the run that is continued.
  bool empty() const { return size_ == 0; }

  /// Saving makes the file durable; loading cuts it, to nothing if nothing was appended. Throws
  /// Error if the file is shorter than it was.
  void state(StateTree& tree);

 private:
  std::filesystem::path path_;
  std::optional<OutputFile> file_;
  int64_t size_ = 0;  // bytes
};

}  // namespace accumbens
