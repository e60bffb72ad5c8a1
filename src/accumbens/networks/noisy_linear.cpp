#include "accumbens/networks/noisy_linear.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/addmv.h>
#include <ATen/ops/mv.h>
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

// BLAS takes half as long again for a matrix of one row, as for an action, as for a vector
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight,
                     const torch::Tensor& bias) {
  const bool one_row = x.dim() == 2 && x.size(0) == 1;
  const bool autocast = at::autocast::is_autocast_enabled(x.device().type());  // not of vectors
  if (!one_row || autocast || torch::GradMode::is_enabled()) {
    return torch::nn::functional::linear(x, weight, bias);
  }
  const torch::Tensor y = bias.defined() ? at::addmv(bias, weight, x[0]) : at::mv(weight, x[0]);
  return y.unsqueeze(0);
}

// of those that are defined
torch::Tensor sum(const torch::Tensor& a, const torch::Tensor& b) {
  return a.defined() ? a + b : b;
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
  const int64_t outputs = weight_.size(0);
  const torch::Tensor bias = bias_.defined() ? bias_.expand({outputs}) : bias_;
  if (weight_noise_.defined()) {
    return linear(x, weight_ + weight_sigma_ * weight_noise_,
                  bias_sigma_.defined() ? sum(bias, bias_sigma_ * output_noise_) : bias);
  }
  const torch::Tensor y = linear(x, weight_, bias);
  if (!input_noise_.defined()) return y;

  // factorised noise needs no matrix of its own: sigma_W * (o i^T) x = o * (sigma_W (i * x))
  return y + output_noise_ * linear(x * input_noise_, weight_sigma_, bias_sigma_);
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
    output_noise_ = noise({outputs});
    return;
  }

  // one number per input and one per output make up all weights
  const auto root = [](const torch::Tensor& x) { return x.sign() * x.abs().sqrt(); };
  input_noise_ = root(noise({inputs}));
  output_noise_ = root(noise({outputs}));
}

void NoisyLinear::clear_noise() {
  weight_noise_.reset();
  input_noise_.reset();
  output_noise_.reset();
}

}  // namespace accumbens
