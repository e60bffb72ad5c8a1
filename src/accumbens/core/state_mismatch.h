#pragma once

#include <string>

#include "accumbens/core/error.h"

namespace accumbens {

/// A saved state that is not of what loads it, as of a run with another configuration.
class StateMismatch : public Error {
 public:
  /// what: "the saved replay holds other observations". Says how to go on, too.
  explicit StateMismatch(const std::string& what)
      : Error(what + "; resume with the configuration that wrote it, or use a new --base_dir") {}
};

}  // namespace accumbens
