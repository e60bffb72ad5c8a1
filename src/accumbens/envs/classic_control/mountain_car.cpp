#include "accumbens/envs/classic_control/mountain_car.h"

#include <algorithm>
#include <cmath>

namespace accumbens {
namespace {

constexpr double kMinPosition = -1.2;
constexpr double kMaxPosition = 0.6;
constexpr double kMaxSpeed = 0.07;
constexpr double kGoal = 0.5;
constexpr double kForce = 0.001;
constexpr double kGravity = 0.0025;

}  // namespace

MountainCar::MountainCar(int64_t max_episode_steps, uint64_t seed)
    : ClassicControl({.name = "MountainCar", .observation_shape = {2}, .num_actions = 3},
                     max_episode_steps, seed) {}

std::array<double, 4> MountainCar::draw_initial_variables(RandomStream& random) {
  return {random.uniform(-0.6, -0.4), 0.0, 0.0, 0.0};
}

MountainCar::Outcome MountainCar::advance(double action, std::array<double, 4>& variables) {
  double& position = variables[0];
  double& velocity = variables[1];
  velocity += (action - 1) * kForce + std::cos(3 * position) * (-kGravity);
  velocity = std::clamp(velocity, -kMaxSpeed, kMaxSpeed);
  position = std::clamp(position + velocity, kMinPosition, kMaxPosition);

  // the left wall stops the car
  if (position == kMinPosition && velocity < 0) velocity = 0;
  return {.reward = -1, .terminated = position >= kGoal && velocity >= 0};
}

void MountainCar::observe(const std::array<double, 4>& variables, float* observation) const {
  observation[0] = static_cast<float>(variables[0]);
  observation[1] = static_cast<float>(variables[1]);
}

}  // namespace accumbens
