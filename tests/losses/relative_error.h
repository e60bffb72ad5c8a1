#pragma once

#include <torch/types.h>

#include <limits>

namespace accumbens {

/// The greatest difference from golden numbers, as a part of each; infinite where the shapes
/// differ. Those that are less than `least` of the greatest are measured against that: our peers
/// compute in float32, in which a gradient that nearly cancels is not known any better.
inline double relative_error(const torch::Tensor& actual, const torch::Tensor& golden,
                             double least = 0) {
  if (actual.sizes() != golden.sizes()) return std::numeric_limits<double>::infinity();
  const torch::Tensor right = golden.to(torch::kFloat64);
  const torch::Tensor difference = (actual.to(torch::kFloat64) - right).abs();
  const torch::Tensor size = right.abs().clamp_min(least * right.abs().max().item<double>());
  const torch::Tensor parts = torch::where(difference == 0, difference, difference / size);
  return parts.max().item<double>();
}

}  // namespace accumbens
