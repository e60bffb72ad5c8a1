#include "accumbens/envs/classic_control/cart_pole.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace accumbens {
namespace {

constexpr double kGravity = 9.8;
constexpr double kMassPole = 0.1;
constexpr double kTotalMass = kMassPole + 1.0;
constexpr double kLength = 0.5;  // half the pole's
constexpr double kPoleMassLength = kMassPole * kLength;
constexpr double kForce = 10.0;
constexpr double kTau = 0.02;  // seconds per step
constexpr double kAngleLimit = 12 * 2 * std::numbers::pi / 360;
constexpr double kPositionLimit = 2.4;

}  // namespace

CartPole::CartPole(int64_t max_episode_steps, uint64_t seed)
    : ClassicControl({.name = "CartPole", .observation_shape = {4}, .num_actions = 2},
                     max_episode_steps, seed) {}

std::array<double, 4> CartPole::draw_initial_variables(RandomStream& random) {
  std::array<double, 4> variables{};
  for (double& variable : variables) variable = random.uniform(-0.05, 0.05);
  return variables;
}

CartPole::Outcome CartPole::advance(double action, std::array<double, 4>& variables) {
  auto& [x, x_dot, theta, theta_dot] = variables;

  // the accelerations, in Gymnasium's order of operations
  const double force = action == 1 ? kForce : -kForce;
  const double cos_theta = std::cos(theta);
  const double sin_theta = std::sin(theta);
  const double temp = (force + kPoleMassLength * (theta_dot * theta_dot) * sin_theta) / kTotalMass;
  const double theta_acc =
      (kGravity * sin_theta - cos_theta * temp) /
      (kLength * (4.0 / 3.0 - kMassPole * (cos_theta * cos_theta) / kTotalMass));
  const double x_acc = temp - kPoleMassLength * theta_acc * cos_theta / kTotalMass;

  // one step of Euler's method
  x += kTau * x_dot;
  x_dot += kTau * x_acc;
  theta += kTau * theta_dot;
  theta_dot += kTau * theta_acc;

  return {.reward = 1,
          .terminated = x < -kPositionLimit || x > kPositionLimit || theta < -kAngleLimit ||
                        theta > kAngleLimit};
}

void CartPole::observe(const std::array<double, 4>& variables, float* observation) const {
  std::ranges::copy(variables, observation);
}

}  // namespace accumbens
