#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "accumbens/run/appended_file.h"

namespace accumbens {

/// Scalars for TensorBoard: one file events.out.tfevents.<unix time>.<host>.accumbens of
/// length-delimited, checksummed Event messages (TensorFlow's TFRecord and event.proto).
///
/// A resumed run continues its file. A run that does not resume starts anew with its first write,
/// and removes the event files of this name that an earlier, lost run left in the directory.
class TensorboardWriter {
 public:
  /// clock: seconds since 1970, for the file's name and the events' wall time.
  explicit TensorboardWriter(std::filesystem::path directory,
                             std::function<double()> clock = &TensorboardWriter::system_seconds);

  /// One event with a value per tag, as 32-bit floats. step: agent steps or iterations.
  void write(int64_t step, const std::map<std::string, double>& values);

  /// See AppendedFile.
  void state(StateTree& tree);

  /// The time now, in seconds since 1970.
  static double system_seconds();

 private:
  void append_record(const std::string& event);

  std::filesystem::path directory_;
  std::function<double()> clock_;
  std::string name_;  // empty until the first write
  std::unique_ptr<AppendedFile> file_;
};

/// CRC-32C (Castagnoli), as in RFC 3720.
uint32_t crc32c(std::string_view data);

}  // namespace accumbens
