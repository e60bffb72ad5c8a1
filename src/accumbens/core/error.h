#pragma once

#include <stdexcept>
#include <string>

namespace accumbens {

/// A failure the user can act on. The message is one sentence: what, where and how to fix it.
/// The program prints it and exits with exit_code().
class Error : public std::runtime_error {
 public:
  /// exit_code: 1 or 2, see exit_code().
  explicit Error(const std::string& message, int exit_code = 1)
      : std::runtime_error(message), exit_code_(exit_code) {}

  /// 1: failure at run time, 2: wrong usage or configuration.
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

/// Wrong usage or configuration; names file:line where there is one.
class ConfigError : public Error {
 public:
  /// Its exit code is 2.
  explicit ConfigError(const std::string& message) : Error(message, /*exit_code=*/2) {}
};

/// A saved state that is not of what loads it, as of a run with another configuration.
class StateMismatch : public Error {
 public:
  /// what: "the saved replay holds other observations". Says how to go on, too.
  explicit StateMismatch(const std::string& what)
      : Error(what + "; resume with the configuration that wrote it, or use a new --base_dir") {}
};

/// What an agent learns is not finite any more; nothing of it is worth saving.
class Diverged : public Error {
 public:
  /// what: "the loss is nan at agent step 100".
  explicit Diverged(const std::string& what)
      : Error(what +
              "; lower create_optimizer.learning_rate or look for rewards that are not finite") {}
};

}  // namespace accumbens
