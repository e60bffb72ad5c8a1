#include "accumbens/run/changed_bindings.h"

#include <map>
#include <sstream>

namespace accumbens {
namespace {

// the bindings of an operative configuration by name
std::map<std::string, std::string> bindings_of(const std::string& operative) {
  std::map<std::string, std::string> bindings;
  std::istringstream lines(operative);
  for (std::string line; std::getline(lines, line);) {
    const size_t equals = line.find(" = ");
    if (line.starts_with('#') || equals == std::string::npos) continue;
    bindings[line.substr(0, equals)] = line.substr(0, line.rfind("  # "));
  }
  return bindings;
}

// "DQNAgent." of "DQNAgent.gamma"
std::string owner_of(const std::string& name) {
  return name.substr(0, name.rfind('.') + 1);
}

bool names_any_of(const std::map<std::string, std::string>& bindings, const std::string& owner) {
  const auto first = bindings.lower_bound(owner);
  return first != bindings.end() && first->first.starts_with(owner);
}

}  // namespace

std::string changed_bindings(const std::string& saved, const std::string& present) {
  const auto before = bindings_of(saved);
  const auto now = bindings_of(present);
  if (before.empty()) return {};

  // an option that came or went with a version of the program is no change
  std::string changes;
  for (const auto& [name, binding] : before) {
    if (!now.contains(name) && !names_any_of(now, owner_of(name))) changes += "\n- " + binding;
  }
  for (const auto& [name, binding] : now) {
    const auto old = before.find(name);
    if (old == before.end() && names_any_of(before, owner_of(name))) continue;
    if (old != before.end() && old->second == binding) continue;
    if (old != before.end()) changes += "\n- " + old->second;
    changes += "\n+ " + binding;
  }
  return changes;
}

}  // namespace accumbens
