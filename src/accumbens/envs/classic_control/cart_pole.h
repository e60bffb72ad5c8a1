#pragma once

#include "accumbens/envs/classic_control/classic_control.h"

namespace accumbens {

/// A pole on a cart, to be kept upright (Barto, Sutton & Anderson, 1983), as in Gymnasium 1.x.
///
/// Observation: [4] float32, cart position (m), its velocity, pole angle (rad), its velocity.
/// Actions: 0 pushes left, 1 right. Reward 1 per step, the last included. Ends when the cart is
/// beyond 2.4 m or the pole beyond 12 degrees; the time limit is 200 steps (v0) or 500 (v1).
class CartPole final : public ClassicControl {
 public:
  /// max_episode_steps: agent steps; seed: of the initial states.
  CartPole(int64_t max_episode_steps, uint64_t seed);

 protected:
  std::array<double, 4> draw_initial_variables(RandomStream& random) override;
  Outcome advance(double action, std::array<double, 4>& variables) override;
  void observe(const std::array<double, 4>& variables, float* observation) const override;
};

}  // namespace accumbens
