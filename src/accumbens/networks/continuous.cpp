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
  const torch::Tensor x = torch::cat({s.to(torch::kFloat32).flatten(1), a}, 1);  // [B, inputs]
  const auto constant = [](std::vector<torch::Tensor> tensors) {
    for (torch::Tensor& tensor : tensors) tensor = tensor.detach();
    return tensors;
  };
  const torch::Tensor q = frozen ? dense_layers(x, constant(weights_), constant(biases_))
                                 : dense_layers(x, weights_, biases_);  // [C, B, 1]
  return q.squeeze(2);
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
