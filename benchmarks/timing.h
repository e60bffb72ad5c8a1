#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

namespace accumbens {

inline double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The best of several repetitions, each of `count` runs: what the machine can do undisturbed.
inline double best_seconds(int repetitions, int count, const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < repetitions; ++i) {
    const double seconds = seconds_of([&] {
      for (int j = 0; j < count; ++j) work();
    });
    best = std::min(best, seconds / count);
  }
  return best;
}

}  // namespace accumbens
