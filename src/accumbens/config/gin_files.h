#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accumbens/config/gin_parser.h"
#include "accumbens/config/registry.h"

namespace accumbens {

/// Gin files with what they include and import, as one list of bindings. What an import stands for
/// comes first, the rest in the order of reading.
class GinFiles {
 public:
  /// registry: of imports; must outlive it.
  explicit GinFiles(const Registry& registry) : registry_(registry) {}

  /// Reads a file, and what it includes (relative to itself). Throws ConfigError for one that
  /// cannot be read or includes itself, and for what is no Gin.
  void read(const std::string& file);

  /// The same with a text; errors are in the file `name`.
  void add(const std::string& text, const std::string& name);

  /// All that were read.
  const std::vector<BindingStatement>& bindings() const { return bindings_; }

  /// Imports of unknown modules, with file:line.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void read(const std::string& file, const SourceLocation* named_at);
  void collect(std::vector<Statement> statements, const std::string& directory);

  const Registry& registry_;
  std::vector<BindingStatement> bindings_;
  std::vector<std::string> warnings_;
  std::vector<std::string> including_;  // files that are being read
  int64_t num_files_ = 0;               // read so far
};

}  // namespace accumbens
