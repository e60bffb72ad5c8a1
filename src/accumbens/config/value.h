#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "accumbens/core/error.h"

namespace accumbens {

/// Where something stands in a Gin text: line and column count from 1, the column in characters.
struct SourceLocation {
  std::string file;    // as it was named
  int64_t line = 0;    // 0 for the whole file
  int64_t column = 0;  // in characters
  std::string text;    // of that line, without its end
};

/// "file:line".
std::string place(const SourceLocation& location);

/// "file:line:column: message", the line and a caret below the column.
ConfigError error_at(const SourceLocation& location, const std::string& message);

struct Value;

/// `[...]` and `(...)`: two spellings of one thing to every parameter.
struct ListValue {
  bool tuple = false;        // written in parentheses
  std::vector<Value> items;  // of any types
};

/// `{key: value}` in the order of the text; keys are unique.
struct DictValue {
  std::vector<std::pair<Value, Value>> items;  // keys and values
};

/// `@name`, `@scope/name` or, called, `@name()`; the name as written, with its scope.
struct ReferenceValue {
  std::string name;     // "name" or "scope/name"
  bool called = false;  // with parentheses behind it
};

/// `%name`: a macro or a registered constant.
struct ConstantReference {
  std::string name;  // without the sign
};

/// A Gin value: a Python literal, a reference or the name of a constant.
struct Value {
  /// Exactly one of these; std::monostate is None.
  std::variant<std::monostate, bool, int64_t, double, std::string, ListValue, DictValue,
               ReferenceValue, ConstantReference>
      data;

  Value() = default;  // None
  // from everything that it can hold
  Value(bool value) : data(value) {}
  Value(int value) : data(int64_t{value}) {}
  Value(int64_t value) : data(value) {}
  Value(double value) : data(value) {}
  Value(const char* value) : data(std::string(value)) {}
  Value(std::string value) : data(std::move(value)) {}
  Value(ListValue value) : data(std::move(value)) {}
  Value(DictValue value) : data(std::move(value)) {}
  Value(ReferenceValue value) : data(std::move(value)) {}
  Value(ConstantReference value) : data(std::move(value)) {}

  /// Whether it is None.
  bool is_none() const { return std::holds_alternative<std::monostate>(data); }

  /// What it holds if that is a T, nullptr otherwise.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
};

/// Same type and same content; the order of a dict does not count, 1 and 1.0 differ.
bool operator==(const Value& a, const Value& b);

/// `(items)`
Value tuple_of(std::initializer_list<Value> items);

/// The value as Gin text that parses to an equal value. Doubles take the fewest digits that round
/// trip; integers from 1_000 on are grouped by `_`.
std::string gin_text(const Value& value);

/// "the string 'x'", "the int 3": for messages.
std::string describe(const Value& value);

}  // namespace accumbens
