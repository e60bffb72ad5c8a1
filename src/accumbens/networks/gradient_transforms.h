#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

namespace accumbens {

/// Changes the gradients of an update in place. gradients: like parameters, whose values it may
/// look at.
using GradientTransform = std::function<void(std::vector<torch::Tensor>& gradients,
                                             const std::vector<torch::Tensor>& parameters)>;

/// Shortens gradients whose global norm is above max_norm to it (Pascanu et al., 2013).
GradientTransform clip_by_global_norm(double max_norm);

/// Cuts each number of the gradients off at -max_value and max_value.
GradientTransform clip_by_value(double max_value);

/// Adds `decay` times the parameters to their gradients, as for a loss with decay / 2 times their
/// squares.
GradientTransform add_weight_decay(double decay);

/// The Euclidean norm of all numbers of all tensors, a scalar.
torch::Tensor global_norm(const std::vector<torch::Tensor>& tensors);

/// Shortens gradients of that global norm to max_norm, unless they are shorter; in place.
void shorten(std::vector<torch::Tensor>& gradients, const torch::Tensor& norm, double max_norm);

}  // namespace accumbens
