#pragma once

#include <string>

#include "accumbens/run/catalogue.h"

namespace accumbens {

/// Prints the known agents, environments, networks or configs (the program's own configuration
/// files), one a line. Returns the exit code.
int list(const Catalogue& catalogue, const std::string& what);

}  // namespace accumbens
