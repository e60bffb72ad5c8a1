#pragma once

#include <torch/nn/module.h>

#include <optional>
#include <string>

#include "accumbens/networks/q_network.h"

namespace accumbens {

/// How noisy layers explore (Fortunato et al., 2018, "Noisy networks for exploration").
struct NoiseSpec {
  /// What is drawn.
  enum class Kind {
    kFactorised,   // one number per input and output, f(x) = sign(x) sqrt(|x|) of draws
    kIndependent,  // one draw per weight
  };
  /// Where draws come from.
  enum class Distribution {
    kNormal,           // N(0, 1)
    kTruncatedNormal,  // N(0, 1) within [-2, 2], neither shifted nor scaled (DQN Zoo)
  };
  Kind kind = Kind::kFactorised;                      // what is drawn
  Distribution distribution = Distribution::kNormal;  // where from
  double sigma = 0.1;  // sigma_0: deviations begin as sigma_0 / sqrt(inputs)
};

/// The biases of a linear layer.
enum class Bias {
  kPerOutput,  // one for each
  kShared,     // one for all outputs (van Hasselt et al., 2016); not for noisy layers
  kNoiseOnly,  // for noisy layers: sigma_b * eps_b alone (the outputs of DQN Zoo's Rainbow)
  kNone,       // none
};

/// A linear layer, whose weights are noisy where a NoiseSpec is given:
///   y = (W + sigma_W * eps_W) x + b + sigma_b * eps_b
/// Without noise drawn it is y = W x + b. Noise is shared by the whole batch.
class NoisyLinear : public torch::nn::Module {
 public:
  /// A noisy layer draws its means from U(+-1 / sqrt(inputs)), whatever the initialization.
  NoisyLinear(int64_t inputs, int64_t outputs, Initialization initialization,
              const std::optional<NoiseSpec>& noise, RandomStream& random,
              Bias bias = Bias::kPerOutput);

  /// x: [..., inputs]; returns [..., outputs].
  torch::Tensor forward(const torch::Tensor& x) const;

  void sample_noise(RandomStream& random);
  void clear_noise();

 private:
  std::optional<NoiseSpec> noise_;
  torch::Tensor weight_;        // [outputs, inputs]
  torch::Tensor bias_;          // [outputs], [1] if shared, or undefined
  torch::Tensor weight_sigma_;  // [outputs, inputs]
  torch::Tensor bias_sigma_;    // [outputs], undefined without biases

  // what was drawn last; undefined without noise, and where the kind of noise has none
  torch::Tensor weight_noise_;  // [outputs, inputs]; factorised: output_noise_ input_noise_^T
  torch::Tensor input_noise_;   // [inputs]
  torch::Tensor output_noise_;  // [outputs], of the biases too
};

}  // namespace accumbens
