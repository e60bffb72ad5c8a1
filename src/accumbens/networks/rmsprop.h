#pragma once

#include <cstdint>

namespace accumbens {

/// One update by RMSProp, as Optimizer says.
struct RmsPropStep {
  float rate;      // step size
  float decay;     // of the means
  float eps;       // inside of the root
  float momentum;  // what is left of the last move

  /// Of n numbers, in one pass over memory. gradient, mean_square, parameter: [n]; mean: [n] of
  /// gradients where RMSProp is centered, or null; move: [n] with momentum, or null.
  void apply(int64_t n, const float* gradient, float* mean_square, float* mean, float* move,
             float* parameter) const;
};

}  // namespace accumbens
