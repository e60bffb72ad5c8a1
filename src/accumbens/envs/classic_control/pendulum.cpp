#include "accumbens/envs/classic_control/pendulum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace accumbens {
namespace {

constexpr float kMaxTorque = 2.0F;
constexpr double kMaxSpeed = 8.0;
constexpr double kGravity = 10.0;
constexpr double kTimeStep = 0.05;  // seconds; mass and length are 1

// the same angle in [-pi, pi)
double normalized(double angle) {
  constexpr double kTurn = 2 * std::numbers::pi;
  const double rest = std::fmod(angle + std::numbers::pi, kTurn);
  return (rest < 0 ? rest + kTurn : rest) - std::numbers::pi;
}

}  // namespace

Pendulum::Pendulum(int64_t max_episode_steps, uint64_t seed)
    : ClassicControl({.name = "Pendulum",
                      .observation_shape = {3},
                      .action_low = {-kMaxTorque},
                      .action_high = {kMaxTorque}},
                     max_episode_steps, seed) {}

std::array<double, 4> Pendulum::draw_initial_variables(RandomStream& random) {
  const double angle = random.uniform(-std::numbers::pi, std::numbers::pi);
  return {angle, random.uniform(-1.0, 1.0), 0.0, 0.0};
}

Pendulum::Outcome Pendulum::advance(double action, std::array<double, 4>& variables) {
  double& angle = variables[0];
  double& velocity = variables[1];

  // numpy keeps what involves the torque alone in float32
  const float torque = std::clamp(static_cast<float>(action), -kMaxTorque, kMaxTorque);
  const double distance = normalized(angle);
  const double cost =
      distance * distance + 0.1 * (velocity * velocity) + double{0.001F * (torque * torque)};

  velocity += (3 * kGravity / 2 * std::sin(angle) + double{3.0F * torque}) * kTimeStep;
  velocity = std::clamp(velocity, -kMaxSpeed, kMaxSpeed);
  angle += velocity * kTimeStep;
  return {.reward = static_cast<float>(-cost), .terminated = false};
}

void Pendulum::observe(const std::array<double, 4>& variables, float* observation) const {
  observation[0] = static_cast<float>(std::cos(variables[0]));
  observation[1] = static_cast<float>(std::sin(variables[0]));
  observation[2] = static_cast<float>(variables[1]);
}

}  // namespace accumbens
