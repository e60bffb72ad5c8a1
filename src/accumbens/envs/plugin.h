#pragma once

#include <exception>
#include <string>
#include <utility>

#include "accumbens/core/error.h"

namespace accumbens {

/// The symbol of a plug-in, a shared library that is loaded when it is first asked for and kept
/// until the program ends, so that what it needs (Python, MuJoCo) is needed by its users alone.
///
/// Looked for in $ACCUMBENS_PLUGIN_DIR if set, else beside the running program, one folder above
/// it, in ../lib/accumbens, and where the program's run path says, as programs that link the
/// installed library have it.
/// file: without ".so", e.g. "accumbens_python", which is also the name of its target.
/// purpose: what needs it, the beginning of an error's sentence, e.g. "Atari games".
/// Throws Error if it is not there or does not load; then the next call tries again.
void* plugin_symbol(const std::string& file, const std::string& symbol, const std::string& purpose);

/// Whether a plug-in, which not every build has, is where plugin_symbol() looks; loads it. Throws
/// Error if it is there but does not load.
bool has_plugin(const std::string& file);

/// What a plug-in gives: the Library that its function `symbol` answers with. Parameters and errors
/// are plugin_symbol's.
template <class Library>
Library& plugin_library(const std::string& file, const std::string& symbol,
                        const std::string& purpose) {
  return *reinterpret_cast<Library* (*)()>(plugin_symbol(file, symbol, purpose))();
}

/// Runs body, in which a plug-in works; what it throws becomes the user's Error.
template <class F>
auto with_plugin(F&& body) {
  try {
    return std::forward<F>(body)();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(error.what());
  }
}

}  // namespace accumbens
