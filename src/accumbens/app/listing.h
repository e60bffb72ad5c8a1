#pragma once

#include <string>

#include "accumbens/run/catalogue.h"

namespace accumbens {

/// Prints the known agents, environments, networks, configs (the program's own configuration
/// files) or configurables, one a line. verbose or markdown: the configurables with all parameters,
/// as text or as docs/configuration.md. Returns the exit code.
int list(const Catalogue& catalogue, const std::string& what, bool verbose, bool markdown);

}  // namespace accumbens
