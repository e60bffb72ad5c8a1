#include "accumbens/networks/noisy_linear.h"

#include <torch/nn/functional/linear.h>
#include <torch/utils.h>

#include <cmath>

namespace accumbens {
namespace {

torch::Tensor normals(torch::IntArrayRef shape, RandomStream& random) {
  torch::Tensor values = torch::empty(shape, torch::kFloat32);
  float* data = values.mutable_data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) data[i] = static_cast<float>(random.normal());
  return values;
}

}  // namespace

NoisyLinear::NoisyLinear(int64_t inputs, int64_t outputs, Initialization initialization,
                         const std::optional<NoiseSpec>& noise, RandomStream& random, Bias bias)
    : noise_(noise) {
  weight_ = register_parameter("weight", torch::empty({outputs, inputs}));
  if (bias != Bias::kNone) {
    bias_ = register_parameter("bias", torch::empty({bias == Bias::kShared ? 1 : outputs}));
  }
  if (!noise_) {
    initialize_layer(weight_, bias_, initialization, random);
    return;
  }
  initialize_layer(weight_, bias_, Initialization::kFanInUniform, random);
  const double sigma = noise_->sigma / std::sqrt(static_cast<double>(inputs));
  weight_sigma_ = register_parameter("weight_sigma", torch::full({outputs, inputs}, sigma));
  if (bias_.defined()) {
    bias_sigma_ = register_parameter("bias_sigma", torch::full({outputs}, sigma));
  }
}

torch::Tensor NoisyLinear::forward(const torch::Tensor& x) const {
  const bool noisy = weight_noise_.defined();
  torch::Tensor bias;  // [outputs], or undefined
  if (bias_.defined()) {
    bias = noisy ? bias_ + bias_sigma_ * bias_noise_ : bias_.expand({weight_.size(0)});
  }
  return torch::nn::functional::linear(x, noisy ? weight_ + weight_sigma_ * weight_noise_ : weight_,
                                       bias);
}

void NoisyLinear::sample_noise(RandomStream& random) {
  if (!noise_) return;
  const torch::NoGradGuard no_grad;
  const int64_t outputs = weight_.size(0);
  const int64_t inputs = weight_.size(1);
  if (noise_->kind == NoiseSpec::Kind::kIndependent) {
    weight_noise_ = normals({outputs, inputs}, random).to(weight_.device());
    bias_noise_ = normals({outputs}, random).to(weight_.device());
    return;
  }

  // one number per input and one per output make up all weights
  const auto root = [](const torch::Tensor& x) { return x.sign() * x.abs().sqrt(); };
  const torch::Tensor in = root(normals({inputs}, random)).to(weight_.device());
  const torch::Tensor out = root(normals({outputs}, random)).to(weight_.device());
  weight_noise_ = torch::outer(out, in);
  bias_noise_ = out;
}

void NoisyLinear::clear_noise() {
  weight_noise_.reset();
  bias_noise_.reset();
}

}  // namespace accumbens
