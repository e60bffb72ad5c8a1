#include "accumbens/networks/noisy_linear.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/nn/functional/linear.h>
#include <torch/utils.h>

#include <cmath>
#include <numbers>

namespace accumbens {
namespace {

// millions of numbers: torch draws them ten times as fast as a stream, which seeds it
torch::Tensor draws(torch::IntArrayRef shape, NoiseSpec::Distribution distribution,
                    RandomStream& random) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(random.bits());
  torch::Tensor values = torch::empty(shape, torch::kFloat32);
  if (distribution == NoiseSpec::Distribution::kNormal) return values.normal_(0.0, 1.0, generator);

  // the inverse of the distribution function, which is (1 + erf(x / sqrt(2))) / 2
  const double mass = std::erf(std::numbers::sqrt2);
  values.uniform_(-mass, mass, generator);
  return values.erfinv_().mul_(std::numbers::sqrt2).clamp_(-2.0, 2.0);
}

}  // namespace

NoisyLinear::NoisyLinear(int64_t inputs, int64_t outputs, Initialization initialization,
                         const std::optional<NoiseSpec>& noise, RandomStream& random, Bias bias)
    : noise_(noise) {
  weight_ = register_parameter("weight", torch::empty({outputs, inputs}));
  if (bias == Bias::kPerOutput || bias == Bias::kShared) {
    bias_ = register_parameter("bias", torch::empty({bias == Bias::kShared ? 1 : outputs}));
  }
  if (!noise_) {
    initialize_layer(weight_, bias_, initialization, random);
    return;
  }
  initialize_layer(weight_, bias_, Initialization::kFanInUniform, random);
  const double sigma = noise_->sigma / std::sqrt(static_cast<double>(inputs));
  weight_sigma_ = register_parameter("weight_sigma", torch::full({outputs, inputs}, sigma));
  if (bias != Bias::kNone) {
    bias_sigma_ = register_parameter("bias_sigma", torch::full({outputs}, sigma));
  }
}

torch::Tensor NoisyLinear::forward(const torch::Tensor& x) const {
  const bool noisy = weight_noise_.defined();
  torch::Tensor bias;  // [outputs], or undefined
  if (bias_.defined()) bias = bias_.expand({weight_.size(0)});
  if (noisy && bias_sigma_.defined()) {
    const torch::Tensor noise = bias_sigma_ * bias_noise_;
    bias = bias.defined() ? bias + noise : noise;
  }
  return torch::nn::functional::linear(x, noisy ? weight_ + weight_sigma_ * weight_noise_ : weight_,
                                       bias);
}

void NoisyLinear::sample_noise(RandomStream& random) {
  if (!noise_) return;
  const torch::NoGradGuard no_grad;
  const int64_t outputs = weight_.size(0);
  const int64_t inputs = weight_.size(1);
  const auto noise = [&](torch::IntArrayRef shape) {
    return draws(shape, noise_->distribution, random).to(weight_.device());
  };
  if (noise_->kind == NoiseSpec::Kind::kIndependent) {
    weight_noise_ = noise({outputs, inputs});
    bias_noise_ = noise({outputs});
    return;
  }

  // one number per input and one per output make up all weights
  const auto root = [](const torch::Tensor& x) { return x.sign() * x.abs().sqrt(); };
  const torch::Tensor in = root(noise({inputs}));
  const torch::Tensor out = root(noise({outputs}));
  weight_noise_ = torch::outer(out, in);
  bias_noise_ = out;
}

void NoisyLinear::clear_noise() {
  weight_noise_.reset();
  bias_noise_.reset();
}

}  // namespace accumbens
