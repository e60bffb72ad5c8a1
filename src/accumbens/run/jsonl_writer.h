#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "accumbens/run/appended_file.h"

namespace accumbens {

/// Named figures, one JSON object a line: {"agent_steps":4000,"tag":"loss","value":0.25}.
/// What JSON has no number for is a string: "nan", "inf", "-inf".
class JsonlWriter {
 public:
  /// Touches nothing until the first write.
  explicit JsonlWriter(std::filesystem::path path) : file_(std::move(path)) {}

  /// agent_steps: training steps of the whole run.
  void write(int64_t agent_steps, const std::map<std::string, double>& values);

  void state(StateTree& tree) { tree("file", file_); }

 private:
  AppendedFile file_;
};

}  // namespace accumbens
