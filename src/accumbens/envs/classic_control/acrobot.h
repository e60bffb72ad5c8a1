#pragma once

#include "accumbens/envs/classic_control/classic_control.h"

namespace accumbens {

/// A two-link robot to be swung up (Sutton, 1996), with the book's dynamics, as in Gymnasium 1.x
/// (equal in float32; in float64 numpy's scalar squares may round otherwise in the last bit).
///
/// Observation: [6] float32, cosine and sine of both joint angles, then both angular velocities.
/// Actions: torque -1, 0, +1 at the joint between the links. Reward -1 per step, 0 at the goal.
/// Ends when the tip is one link's length above the base; the time limit is 500 steps (v1).
class Acrobot final : public ClassicControl {
 public:
  /// max_episode_steps: agent steps; seed: of the initial states.
  Acrobot(int64_t max_episode_steps, uint64_t seed);

  void state(StateTree& tree) override;

 protected:
  std::array<double, 4> draw_initial_variables(RandomStream& random) override;
  Outcome advance(double action, std::array<double, 4>& variables) override;
  void observe(const std::array<double, 4>& variables, float* observation) const override;
};

}  // namespace accumbens
