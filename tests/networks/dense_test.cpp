#include "accumbens/networks/dense.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/nn/functional/linear.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "accumbens/networks/autocast.h"

namespace accumbens {
namespace {

using torch::Tensor;

// networks of three layers, in double precision so that finite differences tell
struct Layers {
  explicit Layers(int64_t count) {
    torch::manual_seed(1);
    int64_t inputs = 4;
    for (const int64_t outputs : {6, 5, 3}) {
      weights.push_back(leaf({count, outputs, inputs}));
      biases.push_back(leaf({count, 1, outputs}));
      inputs = outputs;
    }
    x = leaf({7, 4});
  }

  static Tensor leaf(torch::IntArrayRef shape) {
    return torch::randn(shape, torch::kFloat64).requires_grad_();
  }

  // of one network, as it is given alone
  std::vector<Tensor> one(const std::vector<Tensor>& tensors, int64_t c) const {
    std::vector<Tensor> parts;
    for (const Tensor& tensor : tensors) {
      parts.push_back(&tensors == &biases ? tensor[c][0] : tensor[c]);
    }
    return parts;
  }

  std::vector<Tensor> leaves() const {
    std::vector<Tensor> all{x};
    all.insert(all.end(), weights.begin(), weights.end());
    all.insert(all.end(), biases.begin(), biases.end());
    return all;
  }

  std::vector<Tensor> weights, biases;
  Tensor x;
};

// layer by layer, with torch's own gradients
Tensor plainly(Tensor x, const std::vector<Tensor>& weights, const std::vector<Tensor>& biases,
               DenseSpec spec) {
  for (size_t i = 0; i < weights.size(); ++i) {
    x = torch::nn::functional::linear(x, weights[i], biases[i]);
    if (i + 1 == weights.size() && !spec.activated_output) break;
    x = spec.activation == Activation::kRelu ? x.relu() : x.tanh();
  }
  return x;
}

// in value, and in the gradients of all that went in
void expect_equal_with_gradients(const Tensor& y, const Tensor& expected, const Layers& layers) {
  ASSERT_TRUE(torch::allclose(y, expected, 1e-12, 1e-12));

  const Tensor above = torch::randn_like(y);
  const auto wanted = torch::autograd::grad({expected}, layers.leaves(), {above});
  const auto gradients = torch::autograd::grad({y}, layers.leaves(), {above});
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_TRUE(torch::allclose(gradients[i], wanted[i], 1e-12, 1e-12)) << i;
  }
}

class DenseLayersOf : public testing::TestWithParam<std::tuple<Activation, bool>> {
 protected:
  DenseSpec spec() const { return {std::get<0>(GetParam()), std::get<1>(GetParam())}; }
};

// oracle: torch::nn::functional::linear, relu and tanh with torch's own gradients
TEST_P(DenseLayersOf, ValuesAndGradientsAreTorchs) {
  const Layers layers(/*count=*/1);
  const std::vector<Tensor> weights = layers.one(layers.weights, 0);
  const std::vector<Tensor> biases = layers.one(layers.biases, 0);
  const Tensor expected = plainly(layers.x, weights, biases, spec());
  const Tensor y = dense_layers(layers.x, weights, biases, spec());
  expect_equal_with_gradients(y, expected, layers);
}

// oracle: each network on its own, as above
TEST_P(DenseLayersOf, NetworksSideBySideAreEachOnItsOwn) {
  constexpr int64_t kCount = 2;
  const Layers layers(kCount);
  std::vector<Tensor> alone;
  for (int64_t c = 0; c < kCount; ++c) {
    alone.push_back(
        plainly(layers.x, layers.one(layers.weights, c), layers.one(layers.biases, c), spec()));
  }
  const Tensor expected = torch::stack(alone);  // [C, B, out]
  const Tensor y = dense_layers(layers.x, layers.weights, layers.biases, spec());
  expect_equal_with_gradients(y, expected, layers);
}

// oracle: central differences
TEST_P(DenseLayersOf, GradientsAreFiniteDifferences) {
  const Layers layers(/*count=*/2);
  const auto loss = [&] {
    return dense_layers(layers.x, layers.weights, layers.biases, spec()).square().sum();
  };
  const auto gradients = torch::autograd::grad({loss()}, layers.leaves());

  constexpr double kStep = 1e-6;
  const torch::NoGradGuard no_grad;
  const std::vector<Tensor> leaves = layers.leaves();
  for (size_t i = 0; i < leaves.size(); ++i) {
    double& number = leaves[i].mutable_data_ptr<double>()[1];
    const double before = number;
    number = before + kStep;
    const double above = loss().item<double>();
    number = before - kStep;
    const double below = loss().item<double>();
    number = before;
    EXPECT_NEAR(gradients[i].flatten()[1].item<double>(), (above - below) / (2.0 * kStep), 1e-5)
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Specs, DenseLayersOf,
                         testing::Combine(testing::Values(Activation::kRelu, Activation::kTanh),
                                          testing::Bool()));

// oracle: what asks for a gradient and what does not
TEST(DenseLayers, GradientsFlowOnlyWhereTheyAreAskedFor) {
  const Layers layers(/*count=*/2);
  std::vector<Tensor> constant_weights, constant_biases;
  for (const Tensor& weight : layers.weights) constant_weights.push_back(weight.detach());
  for (const Tensor& bias : layers.biases) constant_biases.push_back(bias.detach());

  dense_layers(layers.x, constant_weights, constant_biases).sum().backward();
  EXPECT_TRUE(layers.x.grad().defined());
  for (const Tensor& weight : constant_weights) EXPECT_FALSE(weight.grad().defined());

  layers.x.mutable_grad().reset();
  dense_layers(layers.x.detach(), layers.weights, layers.biases).sum().backward();
  EXPECT_FALSE(layers.x.grad().defined());
  for (const Tensor& weight : layers.weights) EXPECT_TRUE(weight.grad().defined());

  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(dense_layers(layers.x, layers.weights, layers.biases).requires_grad());
}

// oracle: autograd's own rule that what it saved must not change before backward
TEST(DenseLayers, WeightsChangedBeforeTheGradientAreNoticed) {
  const Layers layers(/*count=*/1);
  const Tensor loss = dense_layers(layers.x, layers.weights, layers.biases).sum();
  {
    const torch::NoGradGuard no_grad;
    layers.weights.back().mul_(2.0);
  }
  EXPECT_THROW(loss.backward(), c10::Error);
}

// a DenseNetwork with random biases, and the same weights as leaves, layer by layer
struct Twins {
  Twins(std::optional<int64_t> count, bool one_output)
      : network({.sizes = {4, 40, 36, one_output ? 1 : 3},
                 .count = count,
                 .spec = {.one_output = one_output}},
                Initialization::kFanInUniform, random) {
    torch::manual_seed(1);
    for (size_t i = 0; i < 3; ++i) {
      weights.push_back(network.weight(i).clone().requires_grad_());
      biases.push_back(network.bias(i).clone().requires_grad_());
    }
  }

  RandomStream random{1, "initialization"};
  DenseNetwork network;
  std::vector<Tensor> weights, biases;
};

// oracle: torch::nn::functional::linear and relu with torch's own gradients, in single precision,
// where the products are BLAS's own
TEST(DenseNetwork, ValuesAndGradientsAreThoseOfLayersApart) {
  for (const bool one_output : {false, true}) {
    for (const std::optional<int64_t> count :
         {std::optional<int64_t>(), std::optional<int64_t>(3)}) {
      Twins twins(count, one_output);
      const Tensor x = torch::randn({50, 4}).requires_grad_();
      const Tensor y = twins.network.forward(x);

      std::vector<Tensor> outputs;
      for (int64_t c = 0; c < count.value_or(1); ++c) {
        std::vector<Tensor> weights, biases;
        for (size_t i = 0; i < 3; ++i) {
          weights.push_back(count ? twins.weights[i][c] : twins.weights[i]);
          biases.push_back(count ? twins.biases[i][c][0] : twins.biases[i]);
        }
        outputs.push_back(plainly(x, weights, biases, {}));
      }
      Tensor expected = count ? torch::stack(outputs) : outputs.front();
      if (one_output) expected = expected.squeeze(-1);
      ASSERT_EQ(y.sizes(), expected.sizes());
      EXPECT_TRUE(torch::allclose(y, expected, 1e-5, 1e-6));

      const Tensor above = torch::randn_like(y);
      std::vector<Tensor> leaves{x};
      for (size_t i = 0; i < 3; ++i) {
        leaves.push_back(twins.weights[i]);
        leaves.push_back(twins.biases[i]);
      }
      const auto wanted = torch::autograd::grad({expected}, leaves, {above});
      const auto gradients =
          torch::autograd::grad({y}, {x, twins.network.parameters().front()}, {above});
      EXPECT_TRUE(torch::allclose(gradients[0], wanted[0], 1e-4, 1e-5));
      std::vector<Tensor> flat;
      for (size_t i = 1; i < wanted.size(); ++i) flat.push_back(wanted[i].flatten());
      EXPECT_TRUE(torch::allclose(gradients[1], torch::cat(flat), 1e-4, 1e-5));
    }
  }
}

// oracle: the same numbers in float32, forward and backward
TEST(DenseNetwork, TakesWhatConvolutionsSayInBfloat16) {
  Twins twins(std::nullopt, /*one_output=*/false);
  const Tensor x = torch::randn({5, 4}).to(torch::kBFloat16).requires_grad_();
  const Tensor same = x.detach().to(torch::kFloat32).requires_grad_();
  const Autocast products(torch::kCPU, torch::kBFloat16);
  const Tensor y = twins.network.forward(x), expected = twins.network.forward(same);
  EXPECT_TRUE(torch::equal(y, expected));
  y.sum().backward();
  expected.sum().backward();
  EXPECT_TRUE(torch::equal(x.grad(), same.grad().to(torch::kBFloat16)));

  // and layers that are given one by one
  const torch::nn::Linear layer(4, 3);
  const Tensor z = dense_layers(x, {layer}, {}), wanted = dense_layers(same, {layer}, {});
  EXPECT_EQ(z.scalar_type(), torch::kFloat32);
  EXPECT_TRUE(torch::equal(z, wanted));
}

// oracle: autograd's own rule, and what asks for a gradient
TEST(DenseNetwork, IsOneParameter) {
  Twins twins(2, /*one_output=*/true);
  ASSERT_EQ(twins.network.parameters().size(), 1U);
  const Tensor parameter = twins.network.parameters().front();
  const Tensor loss = twins.network.forward(torch::randn({5, 4})).sum();
  {
    const torch::NoGradGuard no_grad;
    parameter.mul_(2.0);
  }
  EXPECT_THROW(loss.backward(), c10::Error);
}

// oracle: the values of the same weights in double precision
TEST(DenseNetwork, LayersFollowWhereTheParameterMoves) {
  Twins twins(std::nullopt, /*one_output=*/false);
  const Tensor x = torch::randn({5, 4});
  const Tensor before = twins.network.forward(x);
  twins.network.to(torch::kFloat64);
  EXPECT_EQ(twins.network.weight(0).scalar_type(), torch::kFloat64);
  EXPECT_TRUE(torch::allclose(twins.network.forward(x.to(torch::kFloat64)),
                              before.to(torch::kFloat64), 1e-5, 1e-6));
}

}  // namespace
}  // namespace accumbens
