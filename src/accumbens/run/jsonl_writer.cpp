#include "accumbens/run/jsonl_writer.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace accumbens {

void JsonlWriter::write(int64_t agent_steps, const std::map<std::string, double>& values) {
  std::string lines;
  for (const auto& [tag, value] : values) {
    nlohmann::ordered_json line = {{"agent_steps", agent_steps}, {"tag", tag}};
    if (std::isfinite(value)) {
      line["value"] = value;
    } else {
      line["value"] = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    }
    lines += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  }
  file_.append(lines);
}

}  // namespace accumbens
