#include "accumbens/networks/continuous.h"

#include <ATen/ops/_foreach_lerp.h>
#include <torch/utils.h>

#include <string>

namespace accumbens {
namespace {

std::vector<torch::Tensor> parameters_of(const torch::nn::Module& a, const torch::nn::Module& b) {
  std::vector<torch::Tensor> parameters = a.parameters();
  for (const torch::Tensor& parameter : b.parameters()) parameters.push_back(parameter);
  return parameters;
}

}  // namespace

Critics::Critics(int64_t count, int64_t inputs, const std::vector<int64_t>& hidden_sizes,
                 Initialization initialization, RandomStream& random) {
  std::vector<int64_t> sizes{inputs};
  sizes.insert(sizes.end(), hidden_sizes.begin(), hidden_sizes.end());
  sizes.push_back(1);
  const DenseNetwork::Shape shape{.sizes = sizes, .count = count, .spec = {.one_output = true}};
  network =
      register_module("network", std::make_shared<DenseNetwork>(shape, initialization, random));
}

StateEncoder::StateEncoder(const std::vector<int64_t>& image_shape, int64_t state_size,
                           Initialization initialization, RandomStream& random)
    : features_(state_size) {
  if (image_shape.empty()) return;
  convolutions_.emplace(*this, "VALID", image_shape[0], image_shape[1], image_shape[2],
                        [&](torch::Tensor& weight, torch::Tensor& bias) {
                          initialize_layer(weight, bias, initialization, random);
                        });
  features_ = convolutions_->features();
}

torch::Tensor StateEncoder::forward(const torch::Tensor& s) {
  if (!convolutions_) return s.to(torch::kFloat32).flatten(1);

  // stacked frames may have channels of their own
  return (*convolutions_)(s.flatten(1, s.dim() - 3));
}

ContinuousActorCritic::ContinuousActorCritic(const Shape& shape, Initialization initialization,
                                             RandomStream& random) {
  encoder = register_module(
      "encoder",
      std::make_shared<StateEncoder>(shape.image_shape, shape.state_size, initialization, random));
  std::vector<int64_t> sizes{encoder->features()};
  sizes.insert(sizes.end(), shape.hidden_sizes.begin(), shape.hidden_sizes.end());
  sizes.push_back(shape.action_size * shape.policy_outputs);
  actor = register_module(
      "actor",
      std::make_shared<DenseNetwork>(DenseNetwork::Shape{.sizes = sizes}, initialization, random));
  critics = register_module(
      "critics",
      std::make_shared<Critics>(shape.num_critics, encoder->features() + shape.action_size,
                                shape.hidden_sizes, initialization, random));
}

std::vector<torch::Tensor> ContinuousActorCritic::acting_parameters() const {
  return parameters_of(*encoder, *actor);
}

std::vector<torch::Tensor> ContinuousActorCritic::critic_parameters() const {
  return parameters_of(*encoder, *critics);
}

void move_parameters(const std::vector<torch::Tensor>& sources,
                     const std::vector<torch::Tensor>& targets, double tau) {
  const torch::NoGradGuard no_grad;
  at::_foreach_lerp_(targets, sources, tau);
}

}  // namespace accumbens
