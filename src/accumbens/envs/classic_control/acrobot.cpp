#include "accumbens/envs/classic_control/acrobot.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace accumbens {
namespace {

using Variables = std::array<double, 4>;

constexpr double kPi = std::numbers::pi;
constexpr double kTimeStep = 0.2;  // seconds
constexpr double kMaxVelocity1 = 4 * kPi;
constexpr double kMaxVelocity2 = 9 * kPi;

// masses 1 kg, links 1 m with their centres in the middle, moments of inertia 1
constexpr double kCentre = 0.5;
constexpr double kGravity = 9.8;

// the time derivative of (theta1, theta2, dtheta1, dtheta2) under a torque, in Gymnasium's order of
// operations
Variables derivative(const Variables& variables, double torque) {
  const auto [theta1, theta2, dtheta1, dtheta2] = variables;
  const double d1 =
      kCentre * kCentre + (1.0 + kCentre * kCentre + 2 * kCentre * std::cos(theta2)) + 1.0 + 1.0;
  const double d2 = (kCentre * kCentre + kCentre * std::cos(theta2)) + 1.0;
  const double phi2 = kCentre * kGravity * std::cos(theta1 + theta2 - kPi / 2.0);
  const double phi1 = -kCentre * (dtheta2 * dtheta2) * std::sin(theta2) -
                      2 * kCentre * dtheta2 * dtheta1 * std::sin(theta2) +
                      (kCentre + 1.0) * kGravity * std::cos(theta1 - kPi / 2) + phi2;
  const double ddtheta2 =
      (torque + d2 / d1 * phi1 - kCentre * (dtheta1 * dtheta1) * std::sin(theta2) - phi2) /
      (kCentre * kCentre + 1.0 - d2 * d2 / d1);
  const double ddtheta1 = -(d2 * ddtheta2 + phi1) / d1;
  return {dtheta1, dtheta2, ddtheta1, ddtheta2};
}

Variables moved(const Variables& variables, double time, const Variables& slope) {
  Variables result{};
  for (size_t i = 0; i < result.size(); ++i) result[i] = variables[i] + time * slope[i];
  return result;
}

// an angle brought into [-pi, pi] by whole turns
double wrap(double angle) {
  while (angle > kPi) angle -= 2 * kPi;
  while (angle < -kPi) angle += 2 * kPi;
  return angle;
}

}  // namespace

Acrobot::Acrobot(int64_t max_episode_steps, uint64_t seed)
    : ClassicControl({.name = "Acrobot", .observation_shape = {6}, .num_actions = 3},
                     max_episode_steps, seed) {}

void Acrobot::state(StateTree& tree) {
  ClassicControl::state(tree);

  // from beyond them a step may lead so far away that wrap() would not come to an end
  constexpr Variables kBounds{kPi, kPi, kMaxVelocity1, kMaxVelocity2};
  for (size_t i = 0; i < kBounds.size(); ++i) {
    tree.require("variables", std::abs(variables()[i]) <= kBounds[i]);
  }
}

Variables Acrobot::draw_initial_variables(RandomStream& random) {
  // Gymnasium rounds the initial state to float32
  Variables variables{};
  for (double& variable : variables) variable = static_cast<float>(random.uniform(-0.1, 0.1));
  return variables;
}

Acrobot::Outcome Acrobot::advance(double action, Variables& variables) {
  const auto torque = static_cast<double>(action - 1);

  // one step of the classical Runge-Kutta method
  const Variables k1 = derivative(variables, torque);
  const Variables k2 = derivative(moved(variables, kTimeStep / 2, k1), torque);
  const Variables k3 = derivative(moved(variables, kTimeStep / 2, k2), torque);
  const Variables k4 = derivative(moved(variables, kTimeStep, k3), torque);
  for (size_t i = 0; i < variables.size(); ++i) {
    variables[i] += kTimeStep / 6.0 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  }

  variables[0] = wrap(variables[0]);
  variables[1] = wrap(variables[1]);
  variables[2] = std::clamp(variables[2], -kMaxVelocity1, kMaxVelocity1);
  variables[3] = std::clamp(variables[3], -kMaxVelocity2, kMaxVelocity2);

  const bool at_goal = -std::cos(variables[0]) - std::cos(variables[1] + variables[0]) > 1.0;
  return {.reward = at_goal ? 0.0F : -1.0F, .terminated = at_goal};
}

void Acrobot::observe(const Variables& variables, float* observation) const {
  observation[0] = static_cast<float>(std::cos(variables[0]));
  observation[1] = static_cast<float>(std::sin(variables[0]));
  observation[2] = static_cast<float>(std::cos(variables[1]));
  observation[3] = static_cast<float>(std::sin(variables[1]));
  observation[4] = static_cast<float>(variables[2]);
  observation[5] = static_cast<float>(variables[3]);
}

}  // namespace accumbens
