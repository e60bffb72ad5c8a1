#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "accumbens/run/appended_file.h"

namespace accumbens {

/// Rows of comma-separated values (RFC 4180, with bare newlines), each on disk when row() returns.
/// Floating-point numbers are the shortest that read back as the same number; infinities and NaN
/// are "inf", "-inf" and "nan", as pandas reads them.
class CsvWriter {
 public:
  /// What a cell holds.
  using Value = std::variant<int64_t, double, std::string>;

  /// The header is written before the first row.
  CsvWriter(std::filesystem::path path, std::vector<std::string> columns);

  /// One value per column, else std::invalid_argument.
  void row(const std::vector<Value>& values);

  /// See AppendedFile. Throws Error if the file that is continued has other columns.
  void state(StateTree& tree);

 private:
  std::filesystem::path path_;
  AppendedFile file_;
  size_t num_columns_;
  std::string header_;
};

}  // namespace accumbens
