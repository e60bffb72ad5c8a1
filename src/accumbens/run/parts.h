#pragma once

#include "accumbens/run/catalogue.h"

namespace accumbens {

/// Adds the small parts of agents to a catalogue: epsilon and action functions, exploration noises,
/// advantage estimators, learning-rate schedules and gradient transforms.
void add_parts(Catalogue& catalogue);

}  // namespace accumbens
