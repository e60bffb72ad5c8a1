#pragma once

#include <string>

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

}  // namespace accumbens
