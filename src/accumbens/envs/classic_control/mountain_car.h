#pragma once

#include "accumbens/envs/classic_control/classic_control.h"

namespace accumbens {

/// A car in a valley that must swing itself up the hill (Moore, 1990), as in Gymnasium 1.x.
///
/// Observation: [2] float32, position and velocity. Actions: 0 accelerates left, 1 not, 2 right.
/// Reward -1 per step. Ends when the car is at 0.5 or beyond; the time limit is 200 steps (v0). Of
/// the four variables the last two are 0.
class MountainCar final : public ClassicControl {
 public:
  /// max_episode_steps: agent steps; seed: of the initial states.
  MountainCar(int64_t max_episode_steps, uint64_t seed);

 protected:
  std::array<double, 4> draw_initial_variables(RandomStream& random) override;
  Outcome advance(double action, std::array<double, 4>& variables) override;
  void observe(const std::array<double, 4>& variables, float* observation) const override;
};

}  // namespace accumbens
