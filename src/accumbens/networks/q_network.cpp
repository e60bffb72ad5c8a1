#include "accumbens/networks/q_network.h"

#include <torch/utils.h>

#include <cmath>
#include <string_view>
#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/core/random_tensor.h"

namespace accumbens {
namespace {

const std::string kConstantPrefix = "constant_";

// key: of a buffer, behind the names of the modules that it is in
bool is_constant(const std::string& key) {
  return std::string_view(key).substr(key.rfind('.') + 1).starts_with(kConstantPrefix);
}

template <class Draw>
void fill(torch::Tensor& tensor, const Draw& draw) {
  const torch::NoGradGuard no_grad;
  tensor.copy_(drawn_tensor(tensor.sizes(), draw));
}

void fill_uniform(torch::Tensor& tensor, double limit, RandomStream& random) {
  fill(tensor, [&] { return random.uniform(-limit, limit); });
}

// truncated at two deviations, which leaves a normal kKept of its own
void fill_truncated_normal(torch::Tensor& tensor, double deviation, RandomStream& random) {
  constexpr double kKept = 0.87962566103423978;
  fill(tensor, [&] {
    double value = random.normal();
    while (std::abs(value) > 2.0) value = random.normal();
    return value * deviation / kKept;
  });
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

  const torch::NoGradGuard no_grad;
  if (bias.defined()) bias.zero_();
  switch (initialization) {
    case Initialization::kXavierUniform:
      fill_uniform(weight, std::sqrt(6.0 / (fan_in + fan_out)), random);
      break;
    case Initialization::kVarianceScaling:
      fill_uniform(weight, std::sqrt(std::sqrt(3.0) / fan_in), random);
      break;
    case Initialization::kFanInUniform:
      fill_uniform(weight, 1.0 / std::sqrt(fan_in), random);
      if (bias.defined()) fill_uniform(bias, 1.0 / std::sqrt(fan_in), random);
      break;
    case Initialization::kLecunNormal:
      fill_truncated_normal(weight, 1.0 / std::sqrt(fan_in), random);
      break;
  }
}

torch::Tensor register_constant(torch::nn::Module& module, const std::string& name,
                                torch::Tensor value) {
  return module.register_buffer(kConstantPrefix + name, std::move(value));
}

std::vector<torch::Tensor> with_buffers(std::vector<torch::Tensor> parameters,
                                        const torch::nn::Module& module) {
  return joined(std::move(parameters), module.buffers());
}

void copy_parameters(const torch::nn::Module& source, torch::nn::Module& target) {
  const torch::NoGradGuard no_grad;
  auto to = target.named_parameters();
  for (const auto& from : source.named_parameters()) to[from.key()].copy_(from.value());
  auto buffers = target.named_buffers();
  for (const auto& from : source.named_buffers()) buffers[from.key()].copy_(from.value());
}

void parameters_state(torch::nn::Module& module, StateTree& tree) {
  for (auto& parameter : module.named_parameters()) {
    if (tree.saving() && !parameter.value().isfinite().all().item<bool>()) {
      throw Diverged("the parameter " + parameter.key() + " is not finite, and is not saved");
    }
    tree(parameter.key(), parameter.value());
  }

  // checkpoints of older versions lack them
  for (auto& buffer : module.named_buffers()) {
    if (tree.loading() && !tree.contains(buffer.key())) continue;
    torch::Tensor constant;
    if (tree.loading() && is_constant(buffer.key())) constant = buffer.value().clone();
    tree(buffer.key(), buffer.value());
    if (constant.defined() && !torch::equal(buffer.value(), constant)) {
      throw StateMismatch("the saved network has another " + buffer.key());
    }
  }
}

}  // namespace accumbens
