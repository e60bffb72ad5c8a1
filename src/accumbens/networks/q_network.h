#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/core/random.h"
#include "accumbens/core/state_tree.h"

namespace accumbens {

/// What a network says of states; what its kind does not have is undefined.
struct QOutput {
  torch::Tensor q_values{};       // [B, A], expected returns
  torch::Tensor logits{};         // [B, A, atoms], of a categorical distribution
  torch::Tensor probabilities{};  // [B, A, atoms], their softmax
  torch::Tensor quantiles{};      // [B, A, N], of returns
};

/// A network from stacked observations to action values.
class QNetwork : public torch::nn::Module {
 public:
  /// s: [B, stack, ...] in the environment's dtype. What it says is float32, also under an
  /// Autocast: one to float32 belongs around the last layer.
  virtual QOutput forward(const torch::Tensor& s) = 0;

  /// Implicit quantile networks: the quantiles at taus [B, N] in [0, 1], and their mean as
  /// q_values. Throws ConfigError for other networks.
  virtual QOutput forward_at(const torch::Tensor& s, const torch::Tensor& taus);

  /// Noisy networks draw the noise of the following forward passes; others do nothing.
  virtual void sample_noise(RandomStream&) {}

  /// Noisy networks go on without noise; others do nothing.
  virtual void clear_noise() {}
};

/// How weights begin.
enum class Initialization {
  kXavierUniform,    // weights U(+-sqrt(6 / (fan_in + fan_out))), biases 0; Dopamine's DQN
  kFanInUniform,     // weights and biases U(+-1 / sqrt(fan_in)); DQN Zoo, as in Torch7
  kVarianceScaling,  // weights U(+-sqrt(sqrt(3) / fan_in)), biases 0; Dopamine's Rainbow
  kLecunNormal,      // weights of variance 1 / fan_in, cut at two deviations, biases 0; flax
};

/// "xavier_uniform", "fan_in_uniform" or "variance_scaling".
Initialization initialization_named(const std::string& name);

/// Draws weights and biases of a linear or convolutional layer from the given stream.
/// weight: [out, in] or [out, in, height, width]; bias: [out], or undefined for a layer without.
void initialize_layer(torch::Tensor& weight, torch::Tensor& bias, Initialization initialization,
                      RandomStream& random);

/// Registers a buffer that nothing learns and that follows from the configuration: what was saved
/// with another value is refused, since weights mean nothing with it.
torch::Tensor register_constant(torch::nn::Module& module, const std::string& name,
                                torch::Tensor value);

/// One behind the other.
template <class T>
std::vector<T> joined(std::vector<T> first, const std::vector<T>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

/// All that a network computes with where these are its parameters, in an order of its own.
std::vector<torch::Tensor> with_buffers(std::vector<torch::Tensor> parameters,
                                        const torch::nn::Module& module);

/// Copies every parameter and buffer: `target` never shares memory with `source`.
void copy_parameters(const torch::nn::Module& source, torch::nn::Module& target);

/// Saves or loads all parameters and buffers by name. Throws Diverged instead of saving a parameter
/// that is not finite, and StateMismatch where a constant has another value.
void parameters_state(torch::nn::Module& module, StateTree& tree);

}  // namespace accumbens
