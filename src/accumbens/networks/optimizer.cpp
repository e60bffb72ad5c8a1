#include "accumbens/networks/optimizer.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adam.h>
#include <torch/utils.h>

#include <cmath>

#include "accumbens/core/error.h"
#include "accumbens/networks/rmsprop.h"

namespace accumbens {

void OptimizerOptions::check() const {
  const std::string& scoped = learning_rate_schedule.name;
  const std::string schedule = scoped.substr(scoped.rfind('/') + 1);
  if (!anneal_learning_rate || schedule == "constant_schedule" || schedule == "linear_schedule") {
    return;
  }
  throw ConfigError(
      "anneal_learning_rate = True means @linear_schedule, learning_rate_schedule "
      "is @" +
      schedule + "; bind one of the two");
}

Optimizer::Optimizer(const std::string& name, const OptimizerOptions& options,
                     std::vector<torch::Tensor> parameters, OptimizerParts parts)
    : options_(options), parts_(std::move(parts)), parameters_(std::move(parameters)) {
  if (options.anneal_learning_rate) parts_.learning_rate = linear_decay(options.anneal_steps);
  if (name == "adam") {
    rule_ = Rule::kAdam;
  } else if (name == "rmsprop") {
    rule_ = Rule::kRmsProp;
  } else if (name == "sgd") {
    rule_ = Rule::kSgd;
  } else {
    throw ConfigError("unknown optimizer '" + name + "'; known are adam, rmsprop and sgd");
  }

  if (rule_ == Rule::kSgd) return;
  for (const torch::Tensor& parameter : parameters_) {
    mean_.push_back(torch::zeros_like(parameter).detach());
    mean_square_.push_back(torch::zeros_like(parameter).detach());
    if (rule_ == Rule::kRmsProp && options_.momentum > 0.0) {
      move_.push_back(torch::zeros_like(parameter).detach());
    }
  }
  if (rule_ == Rule::kAdam && !parameters_.empty()) {
    const auto options = parameters_.front().options().requires_grad(false);
    adam_steps_.assign(parameters_.size(), torch::zeros({}, options));
  }
}

double Optimizer::learning_rate() const {
  const double share = parts_.learning_rate ? parts_.learning_rate(updates_) : 1.0;
  return options_.learning_rate * share;
}

void Optimizer::minimize(const torch::Tensor& loss) {
  for (torch::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
  loss.backward();

  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients;
  gradients.reserve(parameters_.size());
  for (torch::Tensor& parameter : parameters_) {
    if (!parameter.grad().defined()) parameter.mutable_grad() = torch::zeros_like(parameter);
    gradients.push_back(parameter.grad());
  }
  if (options_.max_gradient_norm || !parts_.transforms.empty()) {
    original_norm_ = global_norm(gradients);
  }
  if (options_.max_gradient_norm) shorten(gradients, original_norm_, *options_.max_gradient_norm);
  for (const GradientTransform& transform : parts_.transforms) transform(gradients, parameters_);
  const double rate = learning_rate();
  ++updates_;

  switch (rule_) {
    case Rule::kAdam: {
      const double correction = std::sqrt(1.0 - std::pow(options_.beta2, updates_));
      adam_steps_.front() += 1;
      at::_fused_adam_(parameters_, gradients, mean_, mean_square_, /*max_exp_avg_sqs=*/{},
                       adam_steps_, rate, options_.beta1, options_.beta2, /*weight_decay=*/0.0,
                       options_.eps_hat ? options_.eps / correction : options_.eps,
                       /*amsgrad=*/false, /*maximize=*/false);
      break;
    }

    case Rule::kRmsProp:
      for (size_t i = 0; i < parameters_.size(); ++i) rmsprop(i, gradients[i], rate);
      break;

    case Rule::kSgd:
      for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i].add_(gradients[i], -rate);
      break;
  }
}

void Optimizer::rmsprop(size_t i, const torch::Tensor& gradient, double rate) {
  torch::Tensor& parameter = parameters_[i];
  const torch::Tensor no_mean, no_move;
  const torch::Tensor& mean = options_.centered ? mean_[i] : no_mean;
  const torch::Tensor& move = move_.empty() ? no_move : move_[i];

  // where the memory of all of them is laid out alike, one pass over it does
  const auto alike = [&](const torch::Tensor& other) {
    return !other.defined() ||
           (other.scalar_type() == torch::kFloat32 && other.strides() == parameter.strides());
  };
  if (parameter.is_cpu() && parameter.scalar_type() == torch::kFloat32 &&
      parameter.is_non_overlapping_and_dense() && alike(gradient) && alike(mean_square_[i]) &&
      alike(mean) && alike(move)) {
    const RmsPropStep step{.rate = static_cast<float>(rate),
                           .decay = static_cast<float>(options_.beta2),
                           .eps = static_cast<float>(options_.eps),
                           .momentum = static_cast<float>(options_.momentum)};
    const auto data = [](const torch::Tensor& tensor) {
      return tensor.defined() ? tensor.mutable_data_ptr<float>() : nullptr;
    };
    const auto* g = gradient.const_data_ptr<float>();
    float *square = data(mean_square_[i]), *m = data(mean), *v = data(move), *p = data(parameter);
    at::parallel_for(0, parameter.numel(), /*grain_size=*/32'768, [&](int64_t begin, int64_t end) {
      step.apply(end - begin, g + begin, square + begin, m == nullptr ? m : m + begin,
                 v == nullptr ? v : v + begin, p + begin);
    });
    return;
  }

  mean_square_[i].mul_(options_.beta2).addcmul_(gradient, gradient, 1.0 - options_.beta2);
  torch::Tensor variance = mean_square_[i];
  if (mean.defined()) {
    mean_[i].mul_(options_.beta2).add_(gradient, 1.0 - options_.beta2);

    // rounding can push a tiny variance below zero
    variance = variance.addcmul(mean, mean, -1.0).clamp_min_(0.0);
  }
  const torch::Tensor scale = variance.add(options_.eps).rsqrt_();
  if (move.defined()) {
    move_[i].mul_(options_.momentum).addcmul_(gradient, scale, -rate);
    parameter.add_(move);
  } else {
    parameter.addcmul_(gradient, scale, -rate);
  }
}

double Optimizer::gradient_norm() const {
  if (original_norm_.defined()) return original_norm_.item<double>();
  if (parameters_.empty() || !parameters_.front().grad().defined()) return loaded_gradient_norm_;
  double squares = 0.0;
  for (const torch::Tensor& parameter : parameters_) {
    const double norm = parameter.grad().norm().item<double>();
    squares += norm * norm;
  }
  return std::sqrt(squares);
}

void Optimizer::state(StateTree& tree) {
  double norm = tree.saving() ? gradient_norm() : 0.0;
  tree("updates", updates_)("gradient_norm", norm);
  if (tree.loading()) {
    loaded_gradient_norm_ = norm;
    original_norm_.reset();
    for (torch::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
  }
  for (size_t i = 0; i < mean_.size(); ++i) {
    tree("mean_" + std::to_string(i), mean_[i]);
    tree("mean_square_" + std::to_string(i), mean_square_[i]);
  }
  for (size_t i = 0; i < move_.size(); ++i) tree("move_" + std::to_string(i), move_[i]);
  if (!adam_steps_.empty()) adam_steps_.front().fill_(static_cast<double>(updates_));
}

}  // namespace accumbens
