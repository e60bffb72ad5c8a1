#pragma once

#include <torch/types.h>

#include "accumbens/core/random.h"

namespace accumbens {

/// A float32 tensor on the CPU whose numbers, in row-major order, are what draw() returns.
template <class Draw>
torch::Tensor drawn_tensor(torch::IntArrayRef shape, const Draw& draw) {
  torch::Tensor values = torch::empty(shape, torch::kFloat32);
  float* data = values.template mutable_data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) data[i] = static_cast<float>(draw());
  return values;
}

/// Standard normals, float32, on the CPU.
inline torch::Tensor normals(torch::IntArrayRef shape, RandomStream& random) {
  return drawn_tensor(shape, [&] { return random.normal(); });
}

/// Uniform in [0, 1], float32: what rounds to 1 is 1. On the CPU.
inline torch::Tensor uniforms(torch::IntArrayRef shape, RandomStream& random) {
  return drawn_tensor(shape, [&] { return random.uniform(); });
}

}  // namespace accumbens
