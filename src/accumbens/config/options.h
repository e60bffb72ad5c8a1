#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace accumbens {

// Options are declared once. A struct lists its fields in one function template,
//
//   template <class Visitor>
//   void fields(Visitor& field) {
//     field("gamma", gamma, "discount per agent step", in_closed(0, 1));
//   }
//
// and parsing, range checks, `explain`, the operative configuration and the manual come from it.
// Fields are bool, int64_t, double, std::string, Reference, a std::vector of int64_t, double or
// Reference, or std::optional of one of these (None in Gin).

/// A reference to another configurable: @name in Gin; the name without '@'.
struct Reference {
  std::string name;  // "Name", or "scope/Name"
  bool operator==(const Reference&) const = default;
};

/// A visitor that passes over one field: one of the base that a derived struct does not read.
template <class Visitor>
class Without {
 public:
  /// field: the visitor, which must outlive it; name: of the field that it shall not see.
  Without(Visitor& field, std::string name) : field_(field), name_(std::move(name)) {}

  /// Any other field.
  template <class T, class... More>
  void operator()(const std::string& name, T& member, const More&... more) {
    if (name != name_) field_(name, member, more...);
  }

 private:
  Visitor& field_;
  std::string name_;
};

/// The values a field accepts; the default accepts all of its type.
struct Range {
  double low = -std::numeric_limits<double>::infinity();  // the least number
  double high = std::numeric_limits<double>::infinity();  // the greatest, itself accepted
  bool low_open = false;                                  // low itself is refused
  bool high_open = false;                                 // high itself is refused
  std::vector<std::string> one_of{};                      // for strings and references
  std::string part_of{};                                  // for references: see part()
};

/// All of the type.
inline Range any_value() {
  return {};
}
/// low, high and all between.
inline Range in_closed(double low, double high) {
  return {.low = low, .high = high};
}
/// low and all between it and high.
inline Range in_half_open(double low, double high) {
  return {.low = low, .high = high, .high_open = true};
}
/// low and all above; of whole numbers, up to 1e15.
inline Range at_least(double low) {
  return {.low = low};
}
/// All above low.
inline Range above(double low) {
  return {.low = low, .low_open = true};
}
/// These strings, or references to these names.
inline Range one_of(std::initializer_list<std::string> names) {
  return {.one_of = names};
}

/// References to parts of a kind, which a program can add to: `accumbens list KIND` names them.
inline Range part(const std::string& kind) {
  return {.part_of = kind};
}

}  // namespace accumbens
