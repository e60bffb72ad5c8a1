#pragma once

#include "accumbens/run/catalogue.h"

namespace accumbens {

/// Adds PPO, A2C, the vanilla policy gradient and their networks to a catalogue.
void add_policy_agents(Catalogue& catalogue);

}  // namespace accumbens
