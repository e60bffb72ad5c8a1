#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "accumbens/config/gin_parser.h"
#include "accumbens/config/registry.h"

namespace accumbens {

/// A name in a scope, "a/b/Name", as {"a/b", "Name"}; the scope is "" where there is none.
std::pair<std::string, std::string> split_scope(const std::string& name);

/// Gin files and bindings, resolved and checked against a registry, which must outlive it.
///
/// A later binding of a parameter wins, bindings given as strings come last. A binding on a base
/// reaches its derived configurables (`Runner.x` reaches `TrainRunner`) unless they are bound
/// themselves. A binding in a scope, `evaluation/Name.x`, reaches what is fetched in that scope,
/// get("evaluation/Name"), and in scopes inside it; the innermost scope wins.
class Configuration {
 public:
  /// While it lives, names without a scope are fetched in this one: what @scope/reference builds.
  /// The empty scope changes nothing.
  class Scope {
   public:
    /// scope: "a" or "a/b", in place of the one that holds already, which comes back afterwards.
    Scope(const Configuration& configuration, const std::string& scope);
    ~Scope() { configuration_.scope_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const Configuration& configuration_;
    std::string outer_;
  };

  /// Reads the files in order, with what they include (relative to the including file), then the
  /// bindings, e.g. "DQNAgent.gamma = 0.9". Throws ConfigError, with file:line:column and the
  /// nearest known name, for a file that cannot be read, an unknown configurable, parameter,
  /// reference, constant or macro, a value of the wrong type or outside its range, and
  /// contradictions between parameters. "--gin_bindings:2:1" is the second binding.
  Configuration(const Registry& registry, const std::vector<std::string>& gin_files,
                const std::vector<std::string>& gin_bindings);

  /// Defaults and bindings of a configurable, by any of its names, in a scope ("a/b/Name") or none;
  /// it counts as used from then on. References hold registered names ("a/b/Name" in a scope),
  /// which get() takes. Throws ConfigError where a parameter is bound to %gin.REQUIRED. Not to be
  /// called from several threads at once.
  template <class Options>
  Options get(const std::string& name) const {
    const FieldValues values = use(name, typeid(Options));
    try {
      return field_detail::fill<Options>(values);
    } catch (const ConfigError& error) {
      throw ConfigError(name + ": " + error.what());
    }
  }

  /// Whether a file or binding reaches the parameter.
  bool bound(const std::string& name, const std::string& parameter) const;

  /// Bindings that nothing has read so far.
  struct Unread {
    const Configurable* configurable;  ///< that they are of
    std::string label;                 ///< its name, with the scope
    std::string place;                 ///< "file:line" of one of them
  };

  /// All of them, other than those that warnings() are of or that an import stands for.
  std::vector<Unread> unread() const;

  /// "file:line" of a binding that names the configurable itself, in any scope; "" where none does.
  std::string bound_at(const std::string& name) const;

  /// A message about parameters, "Name.parameter must ...", behind "file:line" of each that is
  /// bound, in any scope; unchanged where none is, or where it begins so already.
  std::string with_places(const std::string& message) const;

  /// The value of a parameter, bound or default, which does not count as a use.
  Value value(const std::string& name, const std::string& parameter) const;

  /// A Gin text of all parameters of all configurables used so far, sorted, with their meanings; a
  /// configuration made of it alone gives the same values, doubles to the last bit.
  std::string operative() const;

  /// Every parameter of every configurable that was used or bound: "Name.parameter = value",
  /// aligned, with "# file:line" or "# default".
  std::string explain() const;

  /// What differs: each parameter that one of the two binds and whose values differ, with both
  /// values and where they come from; "" where nothing differs. Spellings do not count: 1 and 1.0
  /// for a float, lists and tuples. Both must be of one registry.
  std::string diff(const Configuration& other) const;

  /// Imports of unknown modules, bindings without effect and macros that nothing uses, with
  /// file:line.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // a configurable in a scope ("" is none)
  struct Target {
    std::string scope;
    const Configurable* configurable;
    auto operator<=>(const Target&) const = default;
  };
  struct Bound {
    Value value;
    SourceLocation location;
    bool implied;  // by an import
  };

  // a parameter as explain() shows it
  struct Line {
    const Field* field;  // nullptr: the parameter has no effect
    Value value;
    std::string origin;
  };

  void bind(const std::vector<BindingStatement>& bindings);
  void bind(const BindingStatement& binding, Value value);
  void bind_unused(const BindingStatement& binding, const Configurable& configurable, Value value);
  void warn_absent(const SourceLocation& location, const Configurable& configurable);
  void check_contradictions() const;

  Target target(const std::string& name) const;
  const Bound* find(const Target& target, const std::string& parameter) const;
  FieldValues values(const Target& target) const;
  std::map<std::string, Line> lines(const Target& target) const;
  FieldValues use(const std::string& name, std::type_index type) const;
  std::string label(const Target& target) const;
  std::vector<Target> sorted(const std::set<Target>& targets) const;

  const Registry* registry_;
  std::map<Target, std::map<std::string, Bound>> bound_;
  std::set<const Configurable*> warned_;  // absent ones
  mutable std::set<Target> used_;
  mutable std::string scope_;  // of names without one
  std::vector<std::string> warnings_;
};

}  // namespace accumbens
