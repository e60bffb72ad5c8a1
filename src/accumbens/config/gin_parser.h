#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accumbens/config/value.h"

namespace accumbens {

/// `scope/module.Name.parameter = value`, or a macro, `NAME = value`, whose parameter is empty.
struct BindingStatement {
  std::string scope;                  // "" or "a" or "a/b"
  std::string name;                   // "Name", "module.Name"; of a macro its name
  std::string parameter;              // "" for a macro
  Value value;                        // not resolved yet
  SourceLocation location;            // of the scope or name
  SourceLocation parameter_location;  // of the name for a macro
  SourceLocation value_location;      // of its first character
  bool implied = false;               // not written: an import stands for it
};

/// `import module` (also `import module as name`, `from module import name`): "module.name".
struct ImportStatement {
  std::string module;       // with dots
  SourceLocation location;  // of the module
};

/// `include 'file'`
struct IncludeStatement {
  std::string file;         // as written
  SourceLocation location;  // of the file name
};

/// One statement of a Gin text.
using Statement = std::variant<BindingStatement, ImportStatement, IncludeStatement>;

/// Parses a Gin text (UTF-8) into its statements, in order; the language is gin-config 0.5's:
///   - statements as above, and blocks: `Name:` with indented lines `parameter = value`;
///   - values are Python literals: None, True, False, integers (decimal, 0x, 0o, 0b) and floats
///   with
///     `_` between digits, strings ('', "", triple, prefix r or u, adjacent ones joined), tuples,
///     lists, dicts, over several lines inside brackets; @reference, @scope/reference(), %constant;
///   - `#` starts a comment, a backslash at the end of a line continues it.
/// Integers outside 64 bits, floats outside a double, bytes and complex numbers are refused.
/// Throws ConfigError "file:line:column: what was expected", with the line and a caret.
std::vector<Statement> parse_gin(std::string_view text, const std::string& file_name);

}  // namespace accumbens
