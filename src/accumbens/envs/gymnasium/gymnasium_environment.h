#pragma once

#include <memory>
#include <string>

#include "accumbens/core/random.h"
#include "accumbens/envs/gymnasium/gymnasium.h"
#include "accumbens/envs/single_environment.h"

namespace accumbens {

/// Any environment of Gymnasium, played in Python. B is 1.
///
/// What terminates is LAST with discount 0; what is truncated is LAST with discount 1 and the
/// episode's own last observation. Failures in Python are Error, with Python's traceback.
///
/// The environment's generator is seeded at its first reset, from the stream "gymnasium/0" of the
/// seed. What is inside a Python object cannot be saved: a loaded state drops the episode that was
/// in progress, and the next step is the FIRST of a new one, which is seeded from that stream anew.
class GymnasiumEnvironment final : public SingleEnvironment {
 public:
  /// name: for the agent and for messages.
  GymnasiumEnvironment(std::string name, std::unique_ptr<GymnasiumTask> task, uint64_t seed);

  const EnvironmentSpec& spec() const override { return spec_; }
  StreamStep step_stream(const StreamAction& action, void* observation) override;
  void state(StateTree& tree) override;

 private:
  EnvironmentSpec spec_;
  std::unique_ptr<GymnasiumTask> task_;
  RandomStream random_;
  bool seeded_ = false;  // the environment's generator
};

}  // namespace accumbens
