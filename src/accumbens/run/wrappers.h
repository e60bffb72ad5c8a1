#pragma once

#include "accumbens/run/catalogue.h"

namespace accumbens {

/// Enters the wrappers of agents and their options.
void add_wrappers(Catalogue& catalogue);

}  // namespace accumbens
