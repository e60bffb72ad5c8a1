#pragma once

#include "accumbens/envs/classic_control/classic_control.h"

namespace accumbens {

/// A pendulum to be swung up and held there by a motor too weak to lift it at once, as in Gymnasium
/// 1.x.
///
/// Observation: [3] float32, cosine and sine of the angle from upright, then the angular velocity.
/// Action: the torque in [-2, 2]. Reward -(angle^2 + velocity^2 / 10 + torque^2 / 1000), between
/// -16.3 and 0. Never ends; the time limit is 200 steps (v1). Of the four variables (angle,
/// velocity) the last two are 0.
class Pendulum final : public ClassicControl {
 public:
  /// max_episode_steps: agent steps; seed: of the initial states.
  Pendulum(int64_t max_episode_steps, uint64_t seed);

 protected:
  std::array<double, 4> draw_initial_variables(RandomStream& random) override;
  Outcome advance(double action, std::array<double, 4>& variables) override;
  void observe(const std::array<double, 4>& variables, float* observation) const override;
};

}  // namespace accumbens
