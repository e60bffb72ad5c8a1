#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accumbens/config/configuration.h"

namespace accumbens {

struct FuzzedOptions {
  double gamma = 0.99;
  int64_t period = 4;
  bool flag = false;
  std::string loss = "mse";
  std::vector<int64_t> shape{84, 84};
  std::optional<std::vector<double>> range;
  std::optional<Reference> network;

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "discount", in_closed(0, 1));
    field("period", period, "steps", at_least(1));
    field("flag", flag, "whether");
    field("loss", loss, "which", one_of({"mse", "huber", "@Net"}));
    field("shape", shape, "of a frame");
    field("range", range, "of values");
    field("network", network, "network");
  }
};

inline const Registry& fuzzed_registry() {
  static const Registry& registry = []() -> Registry& {
    static Registry registry;
    registry.add<FuzzedOptions>("A", {.aliases = {"JaxA"},
                                      .modules = {"lib.one"},
                                      .renamed = {{"gama", "gamma"}},
                                      .unused = {{"seed", "it is elsewhere"}}});
    registry.add<FuzzedOptions>("B", {.modules = {"lib.one"}, .base = "A"});
    registry.add<FuzzedOptions>("C", {.modules = {"lib.two"}});
    registry.add<FuzzedOptions>("C", {.modules = {"lib.one"}});
    registry.add_reference("Net", {.modules = {"lib.nets"}});
    registry.add_absent("Gone", {"x"}, {.modules = {"lib.gone"}});
    registry.add_constant("lib.SIZE", 4);
    registry.add_constant("lib.SHAPE", tuple_of({4, 1}));
    registry.add_module("lib.three", "A.loss = 'huber'\n");
    return registry;
  }();
  return registry;
}

/// What must hold for any text: it is refused with ConfigError, or its values print as texts that
/// read back equal and its operative configuration gives the same configuration again.
inline bool gin_properties_hold(std::string_view text) {
  try {
    bool includes = false;
    for (const Statement& statement : parse_gin(text, "fuzz.gin")) {
      if (const auto* binding = std::get_if<BindingStatement>(&statement)) {
        const auto again = parse_gin("x = " + gin_text(binding->value), "again.gin");
        if (!(std::get<BindingStatement>(again.at(0)).value == binding->value)) return false;
      }
      includes |= std::holds_alternative<IncludeStatement>(statement);
    }
    // files of this machine are not part of the text
    if (includes) return true;

    const Configuration configuration(fuzzed_registry(), {}, {std::string(text)});
    for (const char* name : {"A", "s/B", "two.C"}) {
      configuration.get<FuzzedOptions>(name);
    }
    configuration.explain();
    const Configuration again(fuzzed_registry(), {}, {configuration.operative()});
    for (const char* name : {"A", "s/B", "two.C"}) {
      again.get<FuzzedOptions>(name);
    }
    return again.operative() == configuration.operative() && again.diff(again).empty();
  } catch (const ConfigError&) {
    return true;
  }
}

}  // namespace accumbens
