#pragma once

#include "accumbens/run/catalogue.h"

namespace accumbens {

/// Adds PPO and its networks to a catalogue.
void add_policy_agents(Catalogue& catalogue);

}  // namespace accumbens
