#include "accumbens/networks/dense.h"

#include <ATen/Parallel.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/threshold_backward.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include <algorithm>

#include "accumbens/core/error.h"
#include "accumbens/networks/autocast.h"
#include "accumbens/networks/matrices.h"

namespace accumbens {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// what a loop over so many numbers does alone
constexpr int64_t kGrain = 32'768;

// [.., m, n], of a product of x: [.., m, k]
Tensor empty_like_product(const Tensor& x, int64_t n) {
  return x.dim() == 2 ? at::empty({x.size(0), n}, x.options())
                      : at::empty({x.size(0), x.size(1), n}, x.options());
}

// activation(x w^T + b), or without an activation
Tensor layer_output(const Tensor& x, const Tensor& w, const Tensor& b,
                    std::optional<Activation> activation) {
  if (!within_reach_of_blas(x) || !within_reach_of_blas(w)) {
    Tensor y = x.dim() == 2 ? at::addmm(b, x, w.mT()) : at::baddbmm(b, x, w.mT());
    if (activation) *activation == Activation::kRelu ? y.relu_() : y.tanh_();
    return y;
  }
  Tensor y = empty_like_product(x, w.size(-2));
  multiply({x}, {w, /*transposed=*/true}, y);

  // one pass for the biases and the activation, where that is simple
  const int64_t width = w.size(-2), rows = x.size(-2);
  const bool relu = activation == Activation::kRelu;
  auto* of_y = y.mutable_data_ptr<float>();
  const auto* of_b = b.const_data_ptr<float>();
  at::parallel_for(0, y.numel() / width, kGrain / width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* __restrict numbers = of_y + row * width;
      const float* __restrict biases = of_b + row / rows * width;
      for (int64_t i = 0; i < width; ++i) {
        const float sum = numbers[i] + biases[i];

        // what is not a number stays so
        numbers[i] = relu && sum < 0.0F ? 0.0F : sum;
      }
    }
  });
  if (activation == Activation::kTanh) y.tanh_();
  return y;
}

// the gradient of what went into an activation, from that of y, which came out
Tensor before_activation(const Tensor& gradient, const Tensor& y, Activation activation) {
  return activation == Activation::kRelu ? at::threshold_backward(gradient, y, 0.0)
                                         : at::tanh_backward(gradient, y);
}

// the gradient of a layer's input
Tensor input_gradient(const Tensor& gradient, const Tensor& w) {
  Tensor result = empty_like_product(gradient, w.size(-1));
  multiply({gradient}, {w}, result);
  return result;
}

// of the biases of a layer, by that of its weights
std::vector<int64_t> bias_shape(torch::IntArrayRef weight) {
  if (weight.size() == 2) return {weight[0]};
  return {weight[0], 1, weight[1]};
}

using Shapes = std::vector<std::vector<int64_t>>;  // of each layer's weights

Shapes shapes_of(const DenseNetwork::Shape& network) {
  Shapes shapes;
  for (size_t i = 0; i + 1 < network.sizes.size(); ++i) {
    shapes.push_back({network.sizes[i + 1], network.sizes[i]});
    if (network.count) shapes.back().insert(shapes.back().begin(), *network.count);
  }
  return shapes;
}

// how many numbers layers have, biases included
int64_t numbers_in(const Shapes& shapes) {
  int64_t numbers = 0;
  for (const torch::IntArrayRef shape : shapes) {
    numbers += c10::multiply_integers(shape) + c10::multiply_integers(bias_shape(shape));
  }
  return numbers;
}

struct Layers {
  variable_list weights, biases;
};

// as they lie in one tensor: each layer's weights, then its biases
Layers views_of(const Tensor& whole, const Shapes& shapes) {
  Layers layers;
  int64_t taken = 0;
  const auto next = [&](torch::IntArrayRef shape) {
    const int64_t size = c10::multiply_integers(shape);
    taken += size;
    return whole.narrow(0, taken - size, size).view(shape);
  };
  for (const torch::IntArrayRef shape : shapes) {
    layers.weights.push_back(next(shape));
    layers.biases.push_back(next(bias_shape(shape)));
  }
  return layers;
}

// memory for gradients
struct Gradients {
  // one_leaf: of a parameter with all the layers, as in DenseNetwork
  Gradients(at::ArrayRef<Tensor> weights, bool one_leaf) {
    const auto empty = [&](torch::IntArrayRef shape) {
      return at::empty(shape, weights.front().options());
    };
    Shapes shapes;
    for (const Tensor& weight : weights) shapes.push_back(weight.sizes().vec());
    if (one_leaf) {
      leaves.push_back(empty({numbers_in(shapes)}));
      layers = views_of(leaves.front(), shapes);
    } else {
      for (const torch::IntArrayRef shape : shapes) {
        layers.weights.push_back(empty(shape));
        layers.biases.push_back(empty(bias_shape(shape)));
      }
      leaves = layers.weights;
      leaves.insert(leaves.end(), layers.biases.begin(), layers.biases.end());
    }
  }

  variable_list leaves;  // of what the graph knows
  Layers layers;         // in the same memory
};

// the inputs of each layer, then the output
variable_list run(const Tensor& x, at::TensorList weights, at::TensorList biases, DenseSpec spec) {
  // small products gain nothing from bfloat16
  const Autocast exact(x.device().type(), torch::kFloat32);
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const bool side_by_side = weights.front().dim() == 3;
  variable_list values;
  values.reserve(weights.size() + 1);
  const Tensor rows = x.contiguous();
  values.push_back(side_by_side ? rows.expand({weights.front().size(0), -1, -1}) : rows);
  for (size_t i = 0; i < weights.size(); ++i) {
    const bool activated = i + 1 < weights.size() || spec.activated_output;
    values.push_back(layer_output(values.back(), weights[i], biases[i],
                                  activated ? std::optional(spec.activation) : std::nullopt));
  }
  return values;
}

Tensor output_of(const variable_list& values, DenseSpec spec) {
  return spec.one_output ? values.back().squeeze(-1) : values.back();
}

// leaves: all weights and then all biases, or the one parameter that they are views into
class DenseLayers final : public torch::autograd::Function<DenseLayers> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, at::TensorList leaves,
                        const variable_list& weights, const variable_list& biases, DenseSpec spec) {
    variable_list values = run(x, weights, biases, spec);
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    Tensor y = output_of(values, spec);
    values.insert(values.end(), weights.begin(), weights.end());
    context->save_for_backward(std::move(values));
    context->saved_data["one_leaf"] = leaves.size() == 1;
    context->saved_data["tanh"] = spec.activation == Activation::kTanh;
    context->saved_data["activated_output"] = spec.activated_output;
    context->saved_data["one_output"] = spec.one_output;
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

    // of x, the leaves, and nothing of the other three arguments
    const bool one_leaf = context->saved_data["one_leaf"].toBool();
    const size_t leaves = one_leaf ? 1 : 2 * layers;
    variable_list results(1 + leaves + 3);
    std::optional<Gradients> trained;
    if (context->needs_input_grad({{1, 1 + leaves}})) {
      trained.emplace(at::ArrayRef<Tensor>(weights, layers), one_leaf);
      std::copy(trained->leaves.begin(), trained->leaves.end(), results.begin() + 1);
    }

    Tensor gradient = gradients.front().contiguous();
    if (context->saved_data["one_output"].toBool()) gradient = gradient.unsqueeze(-1);
    if (context->saved_data["activated_output"].toBool()) {
      gradient = before_activation(gradient, values[layers], activation);
    }
    for (size_t i = layers; i-- > 0;) {
      const bool side_by_side = gradient.dim() == 3;
      if (trained) {
        multiply({gradient, /*transposed=*/true}, {values[i]}, trained->layers.weights[i]);
        at::sum_out(trained->layers.biases[i], gradient, -2, /*keepdim=*/side_by_side);
      }
      if (i > 0) {
        gradient = before_activation(input_gradient(gradient, weights[i]), values[i], activation);
      } else if (context->needs_input_grad(0)) {
        results[0] = input_gradient(gradient, weights[0]);
        if (side_by_side) results[0] = results[0].sum(0);
      }
    }
    return results;
  }
};

}  // namespace

Tensor dense_layers(const Tensor& x, const std::vector<Tensor>& weights,
                    const std::vector<Tensor>& biases, DenseSpec spec) {
  // what comes before may have been computed in bfloat16
  const Tensor exact = x.to(weights.front().scalar_type());
  if (!torch::GradMode::is_enabled()) return output_of(run(exact, weights, biases, spec), spec);
  variable_list leaves = weights;
  leaves.insert(leaves.end(), biases.begin(), biases.end());
  return DenseLayers::apply(exact, at::TensorList(leaves), weights, biases, spec);
}

Tensor dense_layers(const Tensor& x, const std::vector<torch::nn::Linear>& layers, DenseSpec spec) {
  std::vector<Tensor> weights, biases;
  for (const torch::nn::Linear& layer : layers) {
    weights.push_back(layer->weight);
    biases.push_back(layer->bias);
  }
  return dense_layers(x, weights, biases, spec);
}

void require_layers(const std::vector<int64_t>& layer_sizes) {
  if (layer_sizes.empty()) throw ConfigError("layer_sizes needs one hidden layer at least");
}

DenseNetwork::DenseNetwork(Shape shape, Initialization initialization, RandomStream& random)
    : shape_(std::move(shape)) {
  parameter_ = register_parameter("layers", torch::empty({numbers_in(shapes_of(shape_))}));

  // layer by layer, and in each network by network
  for (size_t i = 0; i + 1 < shape_.sizes.size(); ++i) {
    torch::Tensor one_weight = weight(i), one_bias = bias(i);
    if (!shape_.count) initialize_layer(one_weight, one_bias, initialization, random);
    for (int64_t c = 0; c < shape_.count.value_or(0); ++c) {
      torch::Tensor weight_c = one_weight[c], bias_c = one_bias[c][0];
      initialize_layer(weight_c, bias_c, initialization, random);
    }
  }
}

Tensor DenseNetwork::forward(const Tensor& x) {
  const auto& [weights, biases] = views();
  const Tensor exact = x.to(parameter_.scalar_type());
  if (!torch::GradMode::is_enabled()) {
    return output_of(run(exact, weights, biases, shape_.spec), shape_.spec);
  }
  return DenseLayers::apply(exact, at::TensorList(parameter_), weights, biases, shape_.spec);
}

const DenseNetwork::Views& DenseNetwork::views() {
  // a parameter that was moved to another device has other memory
  if (!views_.weights.empty() && views_.weights.front().is_alias_of(parameter_)) return views_;

  const torch::NoGradGuard no_grad;
  Layers layers = views_of(parameter_.detach(), shapes_of(shape_));
  views_ = {std::move(layers.weights), std::move(layers.biases)};
  return views_;
}

}  // namespace accumbens
