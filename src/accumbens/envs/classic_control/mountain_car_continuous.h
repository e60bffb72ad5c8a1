#pragma once

#include "accumbens/envs/classic_control/classic_control.h"

namespace accumbens {

/// MountainCar with a motor that can be run at part of its power, as in Gymnasium 1.x; computed in
/// float32, as there, from initial states rounded to it.
///
/// Observation: [2] float32, position and velocity. Action: the force in [-1, 1]. Reward 100 at the
/// goal, less action^2 / 10 per step. Ends when the car is at 0.45 or beyond; the time limit is 999
/// steps (v0). Of the four variables the last two are 0.
class MountainCarContinuous final : public ClassicControl {
 public:
  /// max_episode_steps: agent steps; seed: of the initial states.
  MountainCarContinuous(int64_t max_episode_steps, uint64_t seed);

 protected:
  std::array<double, 4> draw_initial_variables(RandomStream& random) override;
  Outcome advance(double action, std::array<double, 4>& variables) override;
  void observe(const std::array<double, 4>& variables, float* observation) const override;
};

}  // namespace accumbens
