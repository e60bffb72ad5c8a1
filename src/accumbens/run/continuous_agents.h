#pragma once

#include "accumbens/run/catalogue.h"

namespace accumbens {

/// Adds DDPG, TD3 and SAC to a catalogue.
void add_continuous_agents(Catalogue& catalogue);

}  // namespace accumbens
