#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace accumbens {

/// Which environment of Gymnasium's, and how it is made.
struct GymnasiumOptions {
  std::string id;          // as gymnasium.make takes it: "LunarLander-v3", "my_module:MyEnv-v0"
  std::string kwargs{};    // of gymnasium.make, a JSON object; "" for none
  std::string wrappers{};  // "module:Class" or "module:Class{...}" with a JSON object of further
                           // arguments, the innermost first, with commas between; "" for none
};

/// What goes in and comes out, as agents take it.
struct GymnasiumSpaces {
  std::vector<int64_t> observation_shape;  // of one observation, e.g. {8} or {3, 96, 96}
  bool bytes = false;                      // observations are uint8, else float32
  int64_t num_actions = 0;                 // discrete ones; 0: continuous ones
  std::vector<float> action_low{};         // [D], of each number of a continuous action, finite
  std::vector<float> action_high{};        // [D], likewise
};

/// What a step led to.
struct GymnasiumOutcome {
  float reward;     // finite
  bool terminated;  // for good
  bool truncated;   // cut short, the observation is the episode's own last one
};

/// An environment in Python. This seam knows neither torch nor Python.
///
/// Functions may be called from any thread, by one at a time for each environment; those of
/// several take turns. What Python raises, and an observation or reward that breaks the
/// environment's own promises, is a std::runtime_error that names the environment.
class GymnasiumTask {
 public:
  virtual ~GymnasiumTask() = default;

  /// They never change.
  virtual const GymnasiumSpaces& spaces() const = 0;

  /// Starts an episode. seed: of the environment's own generator, below 2^31; without one it goes
  /// on as it is. observation: room for spaces().observation_shape.
  virtual void reset(std::optional<uint32_t> seed, void* observation) = 0;

  /// One step with a discrete action, 0 ... num_actions-1.
  virtual GymnasiumOutcome step(int64_t action, void* observation) = 0;

  /// One step with a continuous action, [D] finite numbers, which are clipped to the bounds.
  virtual GymnasiumOutcome step(const float* action, void* observation) = 0;
};

/// What a plug-in gives: environments by id.
class GymnasiumLibrary {
 public:
  virtual ~GymnasiumLibrary() = default;

  /// Throws std::invalid_argument for an id that Gymnasium refuses, for wrong options, and for
  /// spaces that agents cannot take; std::runtime_error for everything else.
  virtual std::unique_ptr<GymnasiumTask> create(const GymnasiumOptions& options) = 0;
};

/// An environment from the library in the plug-in accumbens_python (envs/plugin.h). Throws
/// ConfigError where GymnasiumLibrary::create has std::invalid_argument, and Error if the plug-in
/// is not there, does not load, or fails.
std::unique_ptr<GymnasiumTask> make_gymnasium_task(const GymnasiumOptions& options);

}  // namespace accumbens
