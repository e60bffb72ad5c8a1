#pragma once

#include <memory>
#include <string>
#include <utility>

#include "accumbens/agents/dqn.h"
#include "accumbens/run/catalogue.h"

namespace accumbens {

// The value-based family in the catalogue: which names it has, and how it is wired.

/// Adds the networks of value-based agents to a catalogue.
void add_value_networks(Catalogue& catalogue);

/// Adds DQN and the agents derived from it to a catalogue.
void add_value_agents(Catalogue& catalogue);

/// The parts of a DqnAgent, from the configurables ReplayBuffer, PrioritizedSamplingDistribution
/// and create_optimizer and the network that `options` names. Throws ConfigError for an unknown
/// network or one without the head, and where the replay does not fit into memory.
DqnAgent::Parts make_dqn_parts(const Catalogue& catalogue, const Configuration& configuration,
                               const AgentContext& context, const DqnOptions& options,
                               const HeadSpec& head);

/// An entry of Catalogue::agents that builds DqnAgent, or a class derived from it whose constructor
/// differs in the type of its options only. name: of the options in the registry.
template <class DerivedAgent, class Options>
Catalogue::MakeAgent dqn_maker(std::string name) {
  return [name = std::move(name)](const Catalogue& catalogue, const Configuration& configuration,
                                  const AgentContext& context) {
    require_actions(context.environment, /*continuous=*/false, name);
    const auto options = configuration.get<Options>(name);
    return std::make_unique<DerivedAgent>(
        options, configuration.get<ReplayOptions>("ReplayBuffer").batch_size,
        context.environment.num_actions, context.device,
        make_dqn_parts(catalogue, configuration, context, options,
                       options.head(context.environment.num_actions)));
  };
}

}  // namespace accumbens
