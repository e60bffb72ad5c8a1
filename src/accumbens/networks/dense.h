#pragma once

#include <torch/nn/modules/linear.h>

#include <vector>

namespace accumbens {

/// What dense layers have between them.
enum class Activation { kRelu, kTanh };

/// What comes after each of several dense layers.
struct DenseSpec {
  Activation activation = Activation::kRelu;  ///< after every layer but the last
  bool activated_output = false;              ///< and after that too
};

/// The outputs of dense layers, for small networks above all: one node of the graph stands for all
/// of them, so that an update makes a third of torch's calls. Gradients can be taken once.
/// x: [B, in]; weights: each [out, in]; biases: each [out]; returns [B, out]. Or C networks side by
/// side: weights [C, out, in], biases [C, 1, out], returns [C, B, out].
torch::Tensor dense_layers(const torch::Tensor& x, const std::vector<torch::Tensor>& weights,
                           const std::vector<torch::Tensor>& biases, DenseSpec spec = {});

/// The same of layers with a bias.
torch::Tensor dense_layers(const torch::Tensor& x, const std::vector<torch::nn::Linear>& layers,
                           DenseSpec spec = {});

}  // namespace accumbens
