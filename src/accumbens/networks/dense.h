#pragma once

#include <torch/nn/modules/linear.h>

#include <optional>
#include <vector>

#include "accumbens/core/random.h"
#include "accumbens/networks/q_network.h"

namespace accumbens {

/// What dense layers have between them.
enum class Activation { kRelu, kTanh };

/// What comes after each of several dense layers.
struct DenseSpec {
  Activation activation = Activation::kRelu;  ///< after every layer but the last
  bool activated_output = false;              ///< and after that too
  bool one_output = false;                    ///< the last layer's only one: y has no dimension out
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

/// Throws ConfigError where an option says that there are no hidden layers.
void require_layers(const std::vector<int64_t>& layer_sizes);

/// Dense layers with all their weights and biases in one parameter, which makes one node of the
/// graph, one tensor for an optimizer, and one for a target network that follows. One network, or
/// several of one shape side by side, with nothing in common.
class DenseNetwork final : public torch::nn::Module {
 public:
  /// What a DenseNetwork is.
  struct Shape {
    std::vector<int64_t> sizes;      ///< of inputs, hidden layers and outputs
    std::optional<int64_t> count{};  ///< C, of networks side by side; none: one alone
    DenseSpec spec{};                ///< of the layers
  };

  /// random: draws all weights.
  DenseNetwork(Shape shape, Initialization initialization, RandomStream& random);

  /// x: [B, inputs]; returns [B, outputs], or [C, B, outputs] of networks side by side. Throws
  /// c10::Error in backward where the weights were changed in between.
  torch::Tensor forward(const torch::Tensor& x);

  /// The weights of layer i, [out, in] or [C, out, in]: a view into the parameter.
  torch::Tensor weight(size_t i) { return views().weights.at(i); }

  /// Its biases, [out] or [C, 1, out].
  torch::Tensor bias(size_t i) { return views().biases.at(i); }

 private:
  struct Views {
    std::vector<torch::Tensor> weights, biases;
  };

  // of the layers in the parameter
  const Views& views();

  Shape shape_;
  torch::Tensor parameter_;  // each layer's weights, then its biases
  Views views_;              // of the parameter's memory when they were made
};

}  // namespace accumbens
