#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "accumbens/config/gin_parser.h"
#include "accumbens/config/registry.h"
#include "accumbens/config/value.h"

namespace accumbens {

/// Runs a check whose message lacks its place.
template <class Check>
decltype(auto) located(const SourceLocation& location, Check check) {
  try {
    return check();
  } catch (const ConfigError& error) {
    throw error_at(location, error.what());
  }
}

/// The name that a macro is used by, with its scope.
std::string macro_name(const BindingStatement& binding);

/// Replaces constants, macros and the names of references by what they stand for. Registry and
/// bindings must outlive it.
class Resolver {
 public:
  /// Of each macro in the bindings the last counts.
  Resolver(const Registry& registry, const std::vector<BindingStatement>& bindings);

  /// The value that a binding means. Throws ConfigError, with its place, for unknown names, macros
  /// that hold themselves, and what grows too large.
  Value resolve(const BindingStatement& binding);

  /// Whether a macro was needed so far.
  bool used(const std::string& macro) const { return used_.contains(macro); }

 private:
  Value resolve(const Value& value, int depth);
  Value resolve(const ConstantReference& reference, int depth);

  const Registry& registry_;
  std::map<std::string, const BindingStatement*> macros_;  // the last of each name
  std::set<std::string> used_;
  std::set<std::string> open_;  // being replaced right now
  size_t size_ = 0;
};

}  // namespace accumbens
