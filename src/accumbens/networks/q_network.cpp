#include "accumbens/networks/q_network.h"

#include <torch/utils.h>

#include <cmath>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

void fill_uniform(torch::Tensor& tensor, double limit, RandomStream& random) {
  torch::Tensor values = torch::empty(tensor.sizes(), torch::kFloat32);
  float* data = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    data[i] = static_cast<float>(random.uniform(-limit, limit));
  }
  const torch::NoGradGuard no_grad;
  tensor.copy_(values);
}

}  // namespace

QOutput QNetwork::forward_at(const torch::Tensor&, const torch::Tensor&) {
  throw ConfigError(
      "the network has no quantile function; bind one that has, for instance "
      "@ImplicitQuantileNetwork");
}

Initialization initialization_named(const std::string& name) {
  if (name == "xavier_uniform") return Initialization::kXavierUniform;
  if (name == "variance_scaling") return Initialization::kVarianceScaling;
  return Initialization::kFanInUniform;
}

void initialize_layer(torch::Tensor& weight, torch::Tensor& bias, Initialization initialization,
                      RandomStream& random) {
  const int64_t receptive_field = weight.dim() == 4 ? weight.size(2) * weight.size(3) : 1;
  const auto fan_in = static_cast<double>(weight.size(1) * receptive_field);
  const auto fan_out = static_cast<double>(weight.size(0) * receptive_field);

  switch (initialization) {
    case Initialization::kXavierUniform: {
      fill_uniform(weight, std::sqrt(6.0 / (fan_in + fan_out)), random);
      const torch::NoGradGuard no_grad;
      bias.zero_();
      break;
    }
    case Initialization::kVarianceScaling: {
      fill_uniform(weight, std::sqrt(std::sqrt(3.0) / fan_in), random);
      const torch::NoGradGuard no_grad;
      bias.zero_();
      break;
    }
    case Initialization::kFanInUniform:
      fill_uniform(weight, 1.0 / std::sqrt(fan_in), random);
      fill_uniform(bias, 1.0 / std::sqrt(fan_in), random);
      break;
  }
}

void copy_parameters(const torch::nn::Module& source, torch::nn::Module& target) {
  const torch::NoGradGuard no_grad;
  auto to = target.named_parameters();
  for (const auto& from : source.named_parameters()) to[from.key()].copy_(from.value());
}

void parameters_state(torch::nn::Module& module, StateTree& tree) {
  for (auto& parameter : module.named_parameters()) tree(parameter.key(), parameter.value());
}

}  // namespace accumbens
