#pragma once

#include <string>
#include <utility>
#include <vector>

#include "accumbens/run/catalogue.h"

namespace accumbens {

/// Adds a part without options to its kind. make: what builds it, called with what parts of its
/// kind are built for, such as a NetworkContext and a RandomStream.
template <class Make, class F>
void add_part(Registry& registry, Catalogue::Parts<Make>& parts, const std::string& name,
              const std::string& summary, F make, std::vector<std::string> modules = {}) {
  registry.add_reference(name, {.modules = std::move(modules), .summary = summary});
  parts[name] = {summary,
                 [=](const Configuration&, auto&&... context) { return make(context...); }};
}

/// The same of a part with options, which `make` gets before all else.
template <class Options, class Make, class F>
void add_part_with(Registry& registry, Catalogue::Parts<Make>& parts, const std::string& name,
                   const ConfigurableNames& names, F make) {
  registry.add<Options>(name, names);
  parts[name] = {names.summary, [=](const Configuration& configuration, auto&&... context) {
                   return make(configuration.get<Options>(name), context...);
                 }};
}

/// Adds the small parts of agents to a catalogue: epsilon and action functions, exploration noises,
/// advantage estimators, learning-rate schedules and gradient transforms.
void add_parts(Catalogue& catalogue);

}  // namespace accumbens
