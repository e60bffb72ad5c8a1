#include "accumbens/run/csv_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace accumbens {
namespace {

std::string format(const CsvWriter::Value& value) {
  // numbers
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) {
    if (std::isnan(*number)) return "nan";
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), *number).ptr;
    return {text.data(), end};
  }

  // text, in quotes where it must be
  const auto& text = std::get<std::string>(value);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string format_row(const std::vector<CsvWriter::Value>& values) {
  std::string row;
  for (const auto& value : values) {
    if (&value != &values.front()) row += ',';
    row += format(value);
  }
  return row + '\n';
}

}  // namespace

CsvWriter::CsvWriter(std::filesystem::path path, std::vector<std::string> columns)
    : path_(std::move(path)),
      file_(path_),
      num_columns_(columns.size()),
      header_(format_row(std::vector<Value>(columns.begin(), columns.end()))) {}

void CsvWriter::row(const std::vector<Value>& values) {
  if (values.size() != num_columns_) {
    throw std::invalid_argument(path_.string() + " has " + std::to_string(num_columns_) +
                                " columns, a row of " + std::to_string(values.size()) +
                                " was given");
  }
  file_.append((file_.empty() ? header_ : "") + format_row(values));
}

void CsvWriter::state(StateTree& tree) {
  std::string header = header_;
  tree("header", header)("file", file_);
  if (header != header_) {
    throw Error("cannot continue " + path_.string() +
                ": it has other columns than this program writes; start anew in another "
                "--base_dir");
  }
}

}  // namespace accumbens
