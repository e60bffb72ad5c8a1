#include "accumbens/run/wrappers.h"

#include <memory>
#include <string>

namespace accumbens {
namespace {

// a wrapper that is made of its options, and of the environment where it needs that
template <class W, class Options>
void add(Catalogue& catalogue, const std::string& name, const std::string& summary) {
  catalogue.registry.add<Options>(name, {.summary = summary});
  catalogue.wrappers[name] = {
      summary,
      [name](const Configuration& configuration,
             const EnvironmentSpec& environment) -> std::unique_ptr<Wrapper> {
        const auto options = configuration.get<Options>(name);
        if constexpr (std::is_constructible_v<W, Options, EnvironmentSpec>) {
          return std::make_unique<W>(options, environment);
        } else {
          return std::make_unique<W>(options);
        }
      }};
}

}  // namespace

void add_wrappers(Catalogue& catalogue) {
  add<NormalizeObservation, NormalizeObservationOptions>(
      catalogue, "NormalizeObservation", "observations with mean 0 and deviation 1");
  add<NormalizeReward, NormalizeRewardOptions>(catalogue, "NormalizeReward",
                                               "rewards whose discounted sums have deviation 1");
  add<ClipObservation, ClipOptions>(catalogue, "ClipObservation",
                                    "observations between two bounds");
  add<ClipReward, ClipOptions>(catalogue, "ClipReward", "rewards between two bounds");
  add<RescaleAction, RescaleActionOptions>(catalogue, "RescaleAction",
                                           "continuous actions between the agent's own bounds");

  const std::string sign = "rewards of -1, 0 or 1";
  catalogue.registry.add_reference("SignReward", {.summary = sign});
  catalogue.wrappers["SignReward"] = {sign, [](const Configuration&, const EnvironmentSpec&) {
                                        return std::make_unique<SignReward>();
                                      }};
  const std::string mountain_car = "for-ai/rl's help for MountainCar: 10 to 100 near the flag";
  catalogue.registry.add_reference("MountainCarReward", {.summary = mountain_car});
  catalogue.wrappers["MountainCarReward"] = {
      mountain_car, [](const Configuration&, const EnvironmentSpec& environment) {
        return std::make_unique<MountainCarReward>(environment);
      }};
}

}  // namespace accumbens
