#include "accumbens/networks/rmsprop.h"

#include <algorithm>
#include <cmath>

// without torch and with -fno-math-errno, so that the compiler makes vectors of it

namespace accumbens {
namespace {

template <bool kCentered, bool kMomentum>
void run(const RmsPropStep& step, int64_t n, const float* __restrict gradient,
         float* __restrict mean_square, float* __restrict mean, float* __restrict move,
         float* __restrict parameter) {
  const float decay = step.decay, fresh = 1.0F - step.decay;
  for (int64_t i = 0; i < n; ++i) {
    const float g = gradient[i];
    float variance = mean_square[i] = decay * mean_square[i] + fresh * g * g;
    if constexpr (kCentered) {
      mean[i] = decay * mean[i] + fresh * g;

      // rounding can push a tiny variance below zero
      variance = std::max(variance - mean[i] * mean[i], 0.0F);
    }
    const float stride = step.rate * g / std::sqrt(variance + step.eps);
    if constexpr (kMomentum) {
      move[i] = step.momentum * move[i] - stride;
      parameter[i] += move[i];
    } else {
      parameter[i] -= stride;
    }
  }
}

}  // namespace

void RmsPropStep::apply(int64_t n, const float* gradient, float* mean_square, float* mean,
                        float* move, float* parameter) const {
  const auto work = mean == nullptr ? (move == nullptr ? run<false, false> : run<false, true>)
                                    : (move == nullptr ? run<true, false> : run<true, true>);
  work(*this, n, gradient, mean_square, mean, move, parameter);
}

}  // namespace accumbens
