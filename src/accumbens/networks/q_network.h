#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>

#include "accumbens/core/random.h"
#include "accumbens/core/state_tree.h"

namespace accumbens {

/// What a QNetwork answers.
struct QOutput {
  torch::Tensor q_values;  // [B, A]
};

/// A network from stacked observations to action values.
class QNetwork : public torch::nn::Module {
 public:
  /// s: [B, stack, ...] in the environment's dtype.
  virtual QOutput forward(const torch::Tensor& s) = 0;
};

/// How weights begin.
enum class Initialization {
  kXavierUniform,  // weights U(+-sqrt(6 / (fan_in + fan_out))), biases 0; Dopamine's DQN
  kFanInUniform,   // weights and biases U(+-1 / sqrt(fan_in)); DQN Zoo, as in Torch7
};

/// Draws weights and biases of a linear or convolutional layer from the given stream.
/// weight: [out, in] or [out, in, height, width]; bias: [out].
void initialize_layer(torch::Tensor& weight, torch::Tensor& bias, Initialization initialization,
                      RandomStream& random);

/// Copies every parameter: `target` never shares memory with `source`.
void copy_parameters(const torch::nn::Module& source, torch::nn::Module& target);

/// Saves or loads all parameters by name.
void parameters_state(torch::nn::Module& module, StateTree& tree);

}  // namespace accumbens
