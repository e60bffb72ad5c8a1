#include "accumbens/networks/dense.h"

#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/threshold_backward.h>
#include <torch/csrc/autograd/custom_function.h>

namespace accumbens {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor transposed(const Tensor& matrices) {
  return matrices.transpose(-2, -1);
}

// of two matrices, or of C pairs of them
Tensor product(const Tensor& a, const Tensor& b) {
  return a.dim() == 2 ? a.mm(b) : a.bmm(b);
}

void activate(Tensor& x, Activation activation) {
  activation == Activation::kRelu ? x.relu_() : x.tanh_();
}

// the gradient of what went into an activation, from that of y, which came out
Tensor before_activation(const Tensor& gradient, const Tensor& y, Activation activation) {
  return activation == Activation::kRelu ? at::threshold_backward(gradient, y, 0.0)
                                         : at::tanh_backward(gradient, y);
}

// the inputs of each layer, then the output
variable_list run(const Tensor& x, at::TensorList weights, at::TensorList biases, DenseSpec spec) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const bool side_by_side = weights.front().dim() == 3;
  variable_list values;
  values.reserve(weights.size() + 1);
  values.push_back(side_by_side ? x.expand({weights.front().size(0), -1, -1}) : x);
  for (size_t i = 0; i < weights.size(); ++i) {
    Tensor y = side_by_side ? at::baddbmm(biases[i], values.back(), transposed(weights[i]))
                            : at::addmm(biases[i], values.back(), transposed(weights[i]));
    if (i + 1 < weights.size() || spec.activated_output) activate(y, spec.activation);
    values.push_back(std::move(y));
  }
  return values;
}

class DenseLayers final : public torch::autograd::Function<DenseLayers> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, at::TensorList weights,
                        at::TensorList biases, DenseSpec spec) {
    variable_list values = run(x, weights, biases, spec);
    Tensor y = values.back();
    values.insert(values.end(), weights.begin(), weights.end());
    context->save_for_backward(std::move(values));
    context->saved_data["tanh"] = spec.activation == Activation::kTanh;
    context->saved_data["activated_output"] = spec.activated_output;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const variable_list saved = context->get_saved_variables();
    const size_t layers = saved.size() / 2;
    const Tensor* values = saved.data();
    const Tensor* weights = values + layers + 1;
    const auto activation =
        context->saved_data["tanh"].toBool() ? Activation::kTanh : Activation::kRelu;

    // of x, the weights, the biases, and nothing of the spec
    variable_list results(1 + 2 * layers + 1);
    Tensor gradient = gradients.front();
    if (context->saved_data["activated_output"].toBool()) {
      gradient = before_activation(gradient, values[layers], activation);
    }
    for (size_t i = layers; i-- > 0;) {
      const bool side_by_side = gradient.dim() == 3;
      if (context->needs_input_grad(1 + i)) {
        results[1 + i] = product(transposed(gradient), values[i]);
      }
      if (context->needs_input_grad(1 + layers + i)) {
        results[1 + layers + i] = gradient.sum(-2, /*keepdim=*/side_by_side);
      }
      if (i > 0) {
        gradient = before_activation(product(gradient, weights[i]), values[i], activation);
      } else if (context->needs_input_grad(0)) {
        results[0] = product(gradient, weights[0]);
        if (side_by_side) results[0] = results[0].sum(0);
      }
    }
    return results;
  }
};

}  // namespace

Tensor dense_layers(const Tensor& x, const std::vector<Tensor>& weights,
                    const std::vector<Tensor>& biases, DenseSpec spec) {
  if (!torch::GradMode::is_enabled()) return run(x, weights, biases, spec).back();
  return DenseLayers::apply(x, at::TensorList(weights), at::TensorList(biases), spec);
}

Tensor dense_layers(const Tensor& x, const std::vector<torch::nn::Linear>& layers, DenseSpec spec) {
  std::vector<Tensor> weights, biases;
  for (const torch::nn::Linear& layer : layers) {
    weights.push_back(layer->weight);
    biases.push_back(layer->bias);
  }
  return dense_layers(x, weights, biases, spec);
}

}  // namespace accumbens
