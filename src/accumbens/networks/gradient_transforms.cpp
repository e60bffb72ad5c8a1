#include "accumbens/networks/gradient_transforms.h"

#include <ATen/ops/_foreach_mul.h>
#include <torch/utils.h>

namespace accumbens {

torch::Tensor global_norm(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> norms;
  norms.reserve(tensors.size());
  for (const torch::Tensor& tensor : tensors) norms.push_back(tensor.norm());
  return torch::stack(norms).norm();
}

void shorten(std::vector<torch::Tensor>& gradients, const torch::Tensor& norm, double max_norm) {
  at::_foreach_mul_(gradients, (max_norm / norm).clamp_max(1.0));
}

GradientTransform clip_by_global_norm(double max_norm) {
  return [=](std::vector<torch::Tensor>& gradients, const std::vector<torch::Tensor>&) {
    shorten(gradients, global_norm(gradients), max_norm);
  };
}

GradientTransform clip_by_value(double max_value) {
  return [=](std::vector<torch::Tensor>& gradients, const std::vector<torch::Tensor>&) {
    for (torch::Tensor& gradient : gradients) gradient.clamp_(-max_value, max_value);
  };
}

GradientTransform add_weight_decay(double decay) {
  return [=](std::vector<torch::Tensor>& gradients, const std::vector<torch::Tensor>& parameters) {
    for (size_t i = 0; i < gradients.size(); ++i) gradients[i].add_(parameters[i], decay);
  };
}

}  // namespace accumbens
