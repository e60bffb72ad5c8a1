#include "accumbens/envs/classic_control/mountain_car_continuous.h"

#include <algorithm>
#include <cmath>

namespace accumbens {
namespace {

constexpr float kMinPosition = -1.2F;
constexpr float kMaxPosition = 0.6F;
constexpr float kMaxSpeed = 0.07F;
constexpr float kGoal = 0.45F;
constexpr double kPower = 0.0015;
constexpr double kGravity = 0.0025;

}  // namespace

MountainCarContinuous::MountainCarContinuous(int64_t max_episode_steps, uint64_t seed)
    : ClassicControl({.name = "MountainCarContinuous",
                      .observation_shape = {2},
                      .action_low = {-1.0F},
                      .action_high = {1.0F}},
                     max_episode_steps, seed) {}

std::array<double, 4> MountainCarContinuous::draw_initial_variables(RandomStream& random) {
  return {static_cast<float>(random.uniform(-0.6, -0.4)), 0.0, 0.0, 0.0};
}

MountainCarContinuous::Outcome MountainCarContinuous::advance(double action,
                                                              std::array<double, 4>& variables) {
  auto position = static_cast<float>(variables[0]);
  auto velocity = static_cast<float>(variables[1]);

  // numpy computes with float32, but for a force out of bounds, which becomes Python's number
  const double gravity = kGravity * std::cos(static_cast<double>(3 * position));
  velocity += std::abs(action) <= 1.0 ? static_cast<float>(action) * static_cast<float>(kPower) -
                                            static_cast<float>(gravity)
                                      : static_cast<float>(std::copysign(kPower, action) - gravity);
  velocity = std::clamp(velocity, -kMaxSpeed, kMaxSpeed);
  position = std::clamp(position + velocity, kMinPosition, kMaxPosition);

  // the left wall stops the car
  if (position == kMinPosition && velocity < 0) velocity = 0;
  variables = {position, velocity, 0.0, 0.0};
  const bool arrived = position >= kGoal && velocity >= 0;
  return {.reward = static_cast<float>((arrived ? 100.0 : 0.0) - action * action * 0.1),
          .terminated = arrived};
}

void MountainCarContinuous::observe(const std::array<double, 4>& variables,
                                    float* observation) const {
  observation[0] = static_cast<float>(variables[0]);
  observation[1] = static_cast<float>(variables[1]);
}

}  // namespace accumbens
