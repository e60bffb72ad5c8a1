#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accumbens/config/gin_parser.h"
#include "accumbens/config/value.h"

namespace accumbens::gin {

/// What the parser's actions build while its grammar matches: positions become lines and columns,
/// values grow inside their brackets, and what is complete becomes a statement.
class Builder {
 public:
  /// Both must outlive the builder; at of the functions below points into the text.
  Builder(std::string_view text, const std::string& file);

  /// The line and the column, in characters.
  SourceLocation locate(const char* at) const;

  /// Throws ConfigError "file:line:column: message".
  [[noreturn]] void fail(const char* at, const std::string& message) const;

  /// fail() with "expected this, found 'that'".
  [[noreturn]] void fail_expecting(const char* at, const std::string& expected) const;

  /// Whether a bracket is open, where a line end is but a space.
  bool in_brackets() const { return !open_.empty(); }

  /// bracket is '(', '[' or '{'; fails where they are nested too deep.
  void open_bracket(const char* at, char bracket);

  /// A comma inside the innermost bracket: (1) is 1, (1,) a tuple.
  void comma() { open_.back().comma = true; }

  /// Finishes the tuple, list or dict of the innermost bracket.
  void close_bracket();

  /// Fails unless the value that was just finished can be the key of a dict.
  void check_key(const char* at) const;

  /// Fails where a name has too many scopes before it.
  void check_scopes(const char* at, std::string_view name) const;

  /// A value is complete: an item of the innermost bracket, else the value of the statement.
  void finish(Value value);

  /// The value of a binding is complete, and with it the statement.
  void add_binding(const char* value_at);

  // scratch of the statement and the token being read
  std::string key;                          ///< as written: scope, module, name and parameter
  const char* key_at = nullptr;             ///< where it begins
  std::string parameter;                    ///< of a line in a block
  const char* parameter_at = nullptr;       ///< null outside of blocks
  size_t header_indentation = 0;            ///< of the block, in characters
  std::optional<size_t> block_indentation;  ///< of its lines, set by the first
  std::string module;                       ///< of an import, with dots
  std::string string;                       ///< adjacent strings, joined so far
  std::string reference;                    ///< the name after @
  bool called = false;                      ///< whether () follows it
  bool negative = false;                    ///< whether a minus came before the number
  std::vector<Statement> statements;        ///< those that are complete, in order

 private:
  struct Open {
    char bracket;
    bool comma;
    std::vector<Value> items;
  };

  std::string_view text_;
  const std::string& file_;
  std::vector<size_t> line_starts_{0};
  std::vector<Open> open_;  // brackets not yet closed, outermost first
  Value value_;             // finished, outside all brackets
};

}  // namespace accumbens::gin
