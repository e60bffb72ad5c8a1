#include "accumbens/networks/continuous.h"

#include <ATen/ops/_foreach_lerp.h>
#include <torch/utils.h>

#include <string>

namespace accumbens {

DenseNetwork::DenseNetwork(const std::vector<int64_t>& sizes, Initialization initialization,
                           RandomStream& random) {
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    auto layer =
        register_module("layer" + std::to_string(i), torch::nn::Linear(sizes[i], sizes[i + 1]));
    initialize_layer(layer->weight, layer->bias, initialization, random);
    layers_.push_back(layer);
  }
}

torch::Tensor DenseNetwork::forward(torch::Tensor x) {
  for (size_t i = 0; i + 1 < layers_.size(); ++i) x = layers_[i]->forward(x).relu_();
  return layers_.back()->forward(x);
}

Critics::Critics(int64_t count, int64_t inputs, const std::vector<int64_t>& hidden_sizes,
                 Initialization initialization, RandomStream& random) {
  std::vector<int64_t> outputs = hidden_sizes;
  outputs.push_back(1);
  for (const int64_t size : outputs) {
    const std::string layer = std::to_string(weights_.size());
    torch::Tensor weight = torch::empty({count, size, inputs});
    torch::Tensor bias = torch::empty({count, 1, size});
    for (int64_t c = 0; c < count; ++c) {
      torch::Tensor one_weight = weight[c], one_bias = bias[c][0];
      initialize_layer(one_weight, one_bias, initialization, random);
    }
    weights_.push_back(register_parameter("weight" + layer, weight));
    biases_.push_back(register_parameter("bias" + layer, bias));
    inputs = size;
  }
}

torch::Tensor Critics::forward(const torch::Tensor& s, const torch::Tensor& a, bool frozen) {
  const int64_t count = weights_.front().size(0);
  torch::Tensor x = torch::cat({s.to(torch::kFloat32).flatten(1), a}, 1);  // [B, inputs]
  x = x.unsqueeze(0).expand({count, -1, -1});                              // [C, B, inputs]
  for (size_t i = 0; i < weights_.size(); ++i) {
    const torch::Tensor weight = frozen ? weights_[i].detach() : weights_[i];
    const torch::Tensor bias = frozen ? biases_[i].detach() : biases_[i];
    if (i > 0) x = x.relu_();
    x = torch::baddbmm(bias, x, weight.transpose(1, 2));
  }
  return x.squeeze(2);
}

ContinuousActorCritic::ContinuousActorCritic(const Shape& shape, Initialization initialization,
                                             RandomStream& random) {
  std::vector<int64_t> sizes{shape.state_size};
  sizes.insert(sizes.end(), shape.hidden_sizes.begin(), shape.hidden_sizes.end());
  sizes.push_back(shape.action_size * shape.policy_outputs);
  actor = register_module("actor", std::make_shared<DenseNetwork>(sizes, initialization, random));
  critics = register_module(
      "critics", std::make_shared<Critics>(shape.num_critics, shape.state_size + shape.action_size,
                                           shape.hidden_sizes, initialization, random));
}

void move_parameters(const torch::nn::Module& source, torch::nn::Module& target, double tau) {
  const torch::NoGradGuard no_grad;
  at::_foreach_lerp_(target.parameters(), source.parameters(), tau);
}

}  // namespace accumbens
