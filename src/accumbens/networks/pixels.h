#pragma once

#include <torch/types.h>

namespace accumbens {

/// Pixels divided by 255, in the channels-last layout that CPUs and GPUs convolve fastest.
/// s: [B, stack, height, width], uint8 or float32; returns the same shape, float32.
torch::Tensor scale_pixels(const torch::Tensor& s);

}  // namespace accumbens
