#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>

namespace accumbens {

/// A number that depends on the agent step, or on another count.
using Schedule = std::function<double(int64_t agent_step)>;

/// 1 while the replay warms up, then falls linearly to `epsilon` over `decay_period` agent steps
/// (Dopamine's linearly_decaying_epsilon; Mnih et al., 2015).
inline Schedule linearly_decaying_epsilon(int64_t decay_period, int64_t warmup_steps,
                                          double epsilon) {
  return [=](int64_t agent_step) {
    const auto steps_left = static_cast<double>(decay_period + warmup_steps - agent_step);
    const double bonus = (1.0 - epsilon) * steps_left / static_cast<double>(decay_period);
    return epsilon + std::clamp(bonus, 0.0, 1.0 - epsilon);
  };
}

/// 1 while the replay warms up, then e times smaller with every `decay_period` agent steps, until
/// it is `epsilon` (for-ai/rl's decay by a factor per update).
inline Schedule exponentially_decaying_epsilon(int64_t decay_period, int64_t warmup_steps,
                                               double epsilon) {
  return [=](int64_t agent_step) {
    const auto steps = static_cast<double>(std::max<int64_t>(agent_step - warmup_steps, 0));
    return std::max(epsilon, std::exp(-steps / static_cast<double>(decay_period)));
  };
}

/// Dopamine's identity_epsilon.
inline Schedule constant_epsilon(double epsilon) {
  return [=](int64_t) { return epsilon; };
}

/// `begin` until `first_step`, then on a line to `end`, which it reaches `steps` agent steps later.
inline Schedule linear_schedule(double begin, double end, int64_t first_step, int64_t steps) {
  return [=](int64_t agent_step) {
    const double share = static_cast<double>(agent_step - first_step) / static_cast<double>(steps);
    return begin + (end - begin) * std::clamp(share, 0.0, 1.0);
  };
}

/// On a line from 1 to 0, which it reaches after `steps`.
inline Schedule linear_decay(int64_t steps) {
  return linear_schedule(1.0, 0.0, /*first_step=*/0, steps);
}

/// Along half a cosine from 1 to 0, which it reaches after `steps` (Loshchilov & Hutter, 2017).
inline Schedule cosine_decay(int64_t steps) {
  return [=](int64_t step) {
    const double share = static_cast<double>(step) / static_cast<double>(steps);
    return (1.0 + std::cos(std::numbers::pi * std::min(share, 1.0))) / 2.0;
  };
}

/// From 1 on, `factor` times what it was with every `steps`.
inline Schedule exponential_decay(int64_t steps, double factor) {
  return [=](int64_t step) {
    return std::pow(factor, static_cast<double>(step) / static_cast<double>(steps));
  };
}

/// How many multiples of `period` there are in begin ... end-1.
inline int64_t multiples_within(int64_t begin, int64_t end, int64_t period) {
  const auto below = [&](int64_t n) { return (n + period - 1) / period; };
  return below(end) - below(begin);
}

}  // namespace accumbens
