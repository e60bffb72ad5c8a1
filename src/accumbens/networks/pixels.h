#pragma once

#include <torch/types.h>

namespace accumbens {

/// Bytes divided by 255, or floats as they are, in the channels-last layout that CPUs and GPUs
/// convolve fastest. s: [B, stack, height, width]; returns the same shape, float32.
torch::Tensor scale_pixels(const torch::Tensor& s);

}  // namespace accumbens
