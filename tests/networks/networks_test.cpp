#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/linalg_svdvals.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <numbers>
#include <string>

#include "accumbens/core/error.h"
#include "accumbens/networks/classic_control.h"
#include "accumbens/networks/fourier.h"
#include "accumbens/networks/impala.h"
#include "accumbens/networks/minatar.h"
#include "accumbens/networks/nature_dqn.h"
#include "accumbens/networks/optimizer.h"
#include "golden_tensors.h"

namespace accumbens {
namespace {

// the formula of tests/oracles/network_nature.py
uint32_t hash32(uint32_t tensor, uint32_t i) {
  uint32_t h = i + tensor * 0x9e3779b9U;
  h ^= h >> 16;
  h *= 0x85ebca6bU;
  h ^= h >> 13;
  h *= 0xc2b2ae35U;
  return h ^ (h >> 16);
}

torch::Tensor formula(uint32_t tensor, std::vector<int64_t> shape, double scale) {
  torch::Tensor values = torch::empty(shape, torch::kFloat32);
  float* data = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    const double unit = hash32(tensor, static_cast<uint32_t>(i)) / 4294967296.0 - 0.5;
    data[i] = static_cast<float>(unit * scale);
  }
  return values;
}

// fills layer after layer, from flax's layout to torch's
void fill_by_formula(torch::nn::Module& network) {
  const torch::NoGradGuard no_grad;
  uint32_t tensor = 0;
  for (auto& item : network.named_parameters()) {
    torch::Tensor& parameter = item.value();
    if (parameter.dim() == 1) {
      parameter.copy_(formula(tensor, {parameter.size(0)}, 0.2));
    } else if (parameter.dim() == 2) {  // [out, in] from [in, out]
      const double scale = 2.0 * std::sqrt(6.0 / static_cast<double>(parameter.size(1)));
      parameter.copy_(formula(tensor, {parameter.size(1), parameter.size(0)}, scale).t());
    } else {  // [out, in, height, width] from [height, width, in, out]
      const int64_t fan_in = parameter.size(1) * parameter.size(2) * parameter.size(3);
      const double scale = 2.0 * std::sqrt(6.0 / static_cast<double>(fan_in));
      parameter.copy_(
          formula(tensor,
                  {parameter.size(2), parameter.size(3), parameter.size(1), parameter.size(0)},
                  scale)
              .permute({3, 2, 0, 1}));
    }
    ++tensor;
  }
}

// oracle: Dopamine's NatureDQNNetwork (SAME) and numpy in float64 (both), network_nature.py
TEST(NatureDqnNetwork, EqualsDopaminesForBothPaddings) {
  const auto expected = golden_tensors("network_nature");

  // images come as [height, width, frame]
  torch::Tensor images = torch::empty({2, 84, 84, 4}, torch::kUInt8);
  uint8_t* pixels = images.data_ptr<uint8_t>();
  for (uint32_t n = 0; n < 2; ++n) {
    for (uint32_t i = 0; i < 84 * 84 * 4; ++i) *pixels++ = hash32(100 + n, i) >> 24;
  }
  const torch::Tensor s = images.permute({0, 3, 1, 2}).contiguous();

  for (const std::string padding : {"SAME", "VALID"}) {
    RandomStream random(1, "initialization");
    NatureDqnNetwork network({.padding = padding}, 4, 84, 84, {.num_actions = 6}, random);
    fill_by_formula(network);
    const torch::NoGradGuard no_grad;
    const torch::Tensor q_values = network.forward(s).q_values;
    const std::string name = padding == "SAME" ? "same" : "valid";
    EXPECT_TRUE(torch::allclose(q_values.to(torch::kFloat64),
                                expected.at(name + ".q_values.float64"), 1e-4, 1e-5))
        << padding << q_values << expected.at(name + ".q_values.float64");
  }
}

// oracle: Dopamine's networks of Rainbow, QR-DQN, IQN and (dueling) full Rainbow, network_heads.py
TEST(NatureDqnNetwork, EqualsDopaminesWithEveryHead) {
  const auto expected = golden_tensors("network_heads");
  torch::Tensor image = torch::empty({1, 84, 84, 4}, torch::kUInt8);
  auto* pixels = image.data_ptr<uint8_t>();
  for (uint32_t i = 0; i < 84 * 84 * 4; ++i) pixels[i] = hash32(100, i) >> 24;
  const torch::Tensor s = image.permute({0, 3, 1, 2}).contiguous();
  const torch::NoGradGuard no_grad;

  const auto network = [](const HeadSpec& head) {
    RandomStream random(1, "initialization");
    auto made = std::make_shared<NatureDqnNetwork>(NatureDqnOptions{}, 4, 84, 84, head, random);
    fill_by_formula(*made);
    return made;
  };
  const auto expect_close = [&](const torch::Tensor& actual, const std::string& name) {
    EXPECT_TRUE(torch::allclose(actual[0], expected.at(name), 1e-4, 1e-4)) << name;
  };

  HeadSpec head{.kind = HeadSpec::Kind::kCategorical,
                .num_actions = 6,
                .num_atoms = 51,
                .support = torch::linspace(-10, 10, 51)};
  const QOutput categorical = network(head)->forward(s);
  expect_close(categorical.logits, "categorical.logits");
  expect_close(categorical.probabilities, "categorical.probabilities");
  expect_close(categorical.q_values, "categorical.q_values");

  head.dueling = true;
  const QOutput dueling = network(head)->forward(s);
  expect_close(dueling.logits, "dueling.logits");
  expect_close(dueling.q_values, "dueling.q_values");

  const QOutput quantile =
      network({.kind = HeadSpec::Kind::kQuantile, .num_actions = 6, .num_atoms = 20})->forward(s);
  expect_close(quantile.quantiles, "quantile.quantiles");
  expect_close(quantile.q_values, "quantile.q_values");

  const QOutput implicit = network({.kind = HeadSpec::Kind::kImplicitQuantile, .num_actions = 6})
                               ->forward_at(s, expected.at("implicit.taus").unsqueeze(0));
  expect_close(implicit.quantiles.transpose(1, 2), "implicit.quantiles");
}

// oracle: the path without gradients, which Dopamine's numbers above test; the mean of the
// quantiles
TEST(NatureDqnNetwork, ImplicitQuantilesAreTheSameWithAndWithoutGradients) {
  RandomStream random(1, "initialization");
  NatureDqnNetwork network({}, 4, 84, 84,
                           {.kind = HeadSpec::Kind::kImplicitQuantile, .num_actions = 3}, random);
  fill_by_formula(network);
  const torch::Tensor s = (255 * formula(1, {2, 4, 84, 84}, 1.0).abs()).to(torch::kUInt8);
  const torch::Tensor taus = formula(2, {2, 5}, 1.9).abs();
  const QOutput with = network.forward_at(s, taus);
  const torch::NoGradGuard no_grad;
  const QOutput without = network.forward_at(s, taus);
  EXPECT_TRUE(with.quantiles.requires_grad());
  EXPECT_TRUE(torch::allclose(with.quantiles, without.quantiles, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(with.q_values, without.quantiles.mean(-1), 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(without.q_values, without.quantiles.mean(-1), 1e-5, 1e-6));
}

// equal within 1e-5 of the greatest number
void expect_close(const torch::Tensor& actual, const torch::Tensor& expected,
                  const std::string& name) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << name;
  const torch::Tensor right = expected.to(torch::kFloat64);
  EXPECT_LE((actual.to(torch::kFloat64) - right).abs().max().item<double>(),
            1e-5 * right.abs().max().item<double>())
      << name;
}

// a network's outputs with each head, against golden tensors whose names begin with `prefix`
void expect_every_head(const std::function<std::shared_ptr<QNetwork>(const HeadSpec&)>& make,
                       const torch::Tensor& s, int64_t actions,
                       const std::map<std::string, torch::Tensor>& expected,
                       const std::string& prefix) {
  const torch::NoGradGuard no_grad;
  const auto network = [&](HeadSpec head) {
    head.num_actions = actions;
    auto made = make(head);
    fill_by_formula(*made);
    return made;
  };
  const auto golden = [&](const std::string& key) {
    const torch::Tensor& tensor = expected.at(prefix + key);
    return s.size(0) == 1 ? tensor.unsqueeze(0) : tensor;  // one image comes without a batch
  };

  expect_close(network({})->forward(s).q_values, golden("q_values"), prefix + "q_values");

  const QOutput categorical = network({.kind = HeadSpec::Kind::kCategorical,
                                       .num_atoms = 11,
                                       .support = torch::linspace(-10, 10, 11)})
                                  ->forward(s);
  expect_close(categorical.logits, golden("logits"), prefix + "logits");
  expect_close(categorical.q_values, golden("categorical_q_values"), prefix + "categorical");

  const QOutput quantile =
      network({.kind = HeadSpec::Kind::kQuantile, .num_atoms = 11})->forward(s);
  expect_close(quantile.quantiles, golden("logits"), prefix + "quantiles");
  expect_close(quantile.q_values, golden("logits").mean(-1), prefix + "quantile q_values");

  const QOutput implicit =
      network({.kind = HeadSpec::Kind::kImplicitQuantile})
          ->forward_at(s, expected.at("taus").expand({s.size(0), -1}).contiguous());
  expect_close(implicit.quantiles.transpose(1, 2), golden("implicit"), prefix + "implicit");
}

// oracle: Dopamine's ImpalaDQNNetwork and ImpalaEncoder, network_encoders.py
TEST(ImpalaNetwork, EqualsDopaminesWithEveryHead) {
  torch::Tensor image = torch::empty({1, 84, 84, 4}, torch::kUInt8);
  auto* pixels = image.data_ptr<uint8_t>();
  for (uint32_t i = 0; i < 84 * 84 * 4; ++i) pixels[i] = hash32(100, i) >> 24;
  expect_every_head(
      [](const HeadSpec& head) {
        RandomStream random(1, "initialization");
        return std::make_shared<ImpalaNetwork>(ImpalaOptions{}, ImpalaEncoderOptions{}, 4, 84, 84,
                                               head, random);
      },
      image.permute({0, 3, 1, 2}).contiguous(), 6, golden_tensors("network_encoders"), "impala.");
}

// oracle: counting; 84 pixels halve to 42, 21, 11, and each stack has 1 + 2 * blocks convolutions
TEST(ImpalaNetwork, HasTheSizesThatAreAskedFor) {
  RandomStream random(1, "initialization");
  ImpalaNetwork network({.nn_scale = 2}, {.stack_sizes = {4, 8}, .num_blocks = 1}, 4, 84, 84,
                        {.num_actions = 3}, random);
  const auto parameters = network.named_parameters();
  EXPECT_EQ(parameters.size(), 2 * (2 * 3 + 2));
  EXPECT_EQ(parameters["stack1.weight"].sizes(), torch::IntArrayRef({16, 8, 3, 3}));
  EXPECT_EQ(parameters["head.hidden.weight"].sizes(), torch::IntArrayRef({512, 21 * 21 * 16}));
}

// oracle: Dopamine's JaxFourierDQNNetwork and FourierBasis, network_encoders.py
TEST(FourierNetwork, EqualsDopaminesWithEveryHead) {
  const auto expected = golden_tensors("network_encoders");
  for (const auto& [name, actions] : {std::pair{"cartpole", 2}, std::pair{"acrobot", 3}}) {
    const std::string prefix = std::string("fourier.") + name + ".";
    const torch::Tensor& high = expected.at(prefix + "max_vals");
    const torch::Tensor low = -high;
    const auto vector = [](const torch::Tensor& t) {
      return std::vector<double>(t.const_data_ptr<double>(),
                                 t.const_data_ptr<double>() + t.numel());
    };
    const FourierOptions options{.min_vals = vector(low), .max_vals = vector(high)};
    expect_every_head(
        [&](const HeadSpec& head) {
          RandomStream random(1, "initialization");
          return std::make_shared<FourierNetwork>(options, high.numel(), 1, head, random);
        },
        expected.at(prefix + "states").unsqueeze(1), actions, expected, prefix);
  }
}

// oracle: a bias is the only parameter of a linear layer with one dimension
TEST(FourierNetwork, HasNoBiasesInItsOutputs) {
  RandomStream random(1, "initialization");
  FourierNetwork network({.fourier_basis_order = 1}, 2, 1,
                         {.num_actions = 3, .dueling = true, .noise = NoiseSpec{}}, random);
  EXPECT_EQ(network.named_parameters().size(), 4U);
  for (const auto& item : network.named_parameters()) {
    EXPECT_EQ(item.value().dim(), 2) << item.key();
  }

  // and is noisy all the same
  const torch::NoGradGuard no_grad;
  const torch::Tensor s = torch::tensor({{{0.2F, 0.7F}}});
  const torch::Tensor quiet = network.forward(s).q_values;
  network.sample_noise(random);
  EXPECT_EQ(quiet.sizes(), torch::IntArrayRef({1, 3}));
  EXPECT_FALSE(torch::equal(network.forward(s).q_values, quiet));
}

TEST(FourierNetwork, RefusesABasisWithoutEndAndASharedBias) {
  RandomStream random(1, "initialization");
  EXPECT_THROW(FourierNetwork({}, 84 * 84, 4, {.num_actions = 2}, random), ConfigError);
  EXPECT_THROW(FourierNetwork({}, 2, 1, {.num_actions = 2, .bias = Bias::kShared}, random),
               ConfigError);
  EXPECT_THROW(
      FourierNetwork({.min_vals = {{0.0}}, .max_vals = {{1.0}}}, 2, 1, {.num_actions = 2}, random),
      ConfigError);
}

// oracle: torch's functions on the same weights, and counting
TEST(MinAtarDqnNetwork, IsAConvolutionAndADenseLayer) {
  RandomStream random(1, "initialization");
  MinAtarDqnNetwork network({}, /*channels=*/2 * 4, 10, 10, {.num_actions = 6}, random);
  const torch::NoGradGuard no_grad;
  const torch::Tensor s = (formula(1, {3, 2, 4, 10, 10}, 1.0) > 0).to(torch::kUInt8);

  auto parameters = network.named_parameters();
  torch::Tensor x = s.view({3, 8, 10, 10}).to(torch::kFloat32);
  x = torch::conv2d(x, parameters["conv.weight"], parameters["conv.bias"]).relu();
  x = torch::linear(x.flatten(1), parameters["head.hidden.weight"], parameters["head.hidden.bias"]);
  x = torch::linear(x.relu(), parameters["head.output.weight"], parameters["head.output.bias"]);
  expect_close(network.forward(s).q_values, x, "q_values");

  int64_t count = 0;
  for (const auto& item : parameters) count += item.value().numel();
  EXPECT_EQ(count, (16 * 8 * 9 + 16) + (128 * 1024 + 128) + (6 * 128 + 6));
}

// oracle: an orthogonal matrix times a gain has no other singular value than the gain
TEST(ActorCriticNetworks, BeginOrthogonalWithTheGainsOfTheirPeers) {
  const auto expect_gains = [](torch::nn::Module& network,
                               const std::map<std::string, double>& gains) {
    for (const auto& item : network.named_parameters()) {
      const torch::Tensor parameter = item.value().detach();
      if (item.key().ends_with("bias")) {
        EXPECT_TRUE(parameter.eq(0.0).all().item<bool>()) << item.key();
      } else if (item.key().ends_with("weight")) {
        const torch::Tensor values = at::linalg_svdvals(parameter.flatten(1).to(torch::kFloat64));
        const double gain = gains.at(item.key().substr(0, item.key().rfind('.')));
        EXPECT_NEAR(values.min().item<double>(), gain, 1e-5) << item.key();
        EXPECT_NEAR(values.max().item<double>(), gain, 1e-5) << item.key();
      }
    }
  };

  // CleanRL's layer_init and Dopamine's PPO: sqrt(2), 0.01 for policies (continuous in Dopamine:
  // 0.1), 1 for values
  const double hidden = std::sqrt(2.0);
  const auto dense = [&](double policy) -> std::map<std::string, double> {
    return {{"actor0", hidden},  {"actor1", hidden},  {"actor2", policy},
            {"critic0", hidden}, {"critic1", hidden}, {"critic2", 1.0}};
  };
  RandomStream random(1, "initialization");
  ClassicControlActorCriticNetwork discrete({}, 4, /*num_actions=*/2, /*action_size=*/0, random);
  expect_gains(discrete, dense(0.01));
  ClassicControlActorCriticNetwork continuous(PpoActorCriticOptions{}, 17, 0, 6, random);
  expect_gains(continuous, dense(0.1));
  NatureActorCriticNetwork images(4, 84, 84, 6, random);
  expect_gains(images, {{"conv0", hidden},
                        {"conv1", hidden},
                        {"conv2", hidden},
                        {"hidden", hidden},
                        {"actor", 0.01},
                        {"critic", 1.0}});
}

// oracle: the layers written out
TEST(NatureActorCriticNetwork, SharesConvolutionsWithoutPaddingAndADenseLayer) {
  RandomStream random(1, "initialization");
  NatureActorCriticNetwork network(/*stack_size=*/4, 84, 84, /*num_actions=*/6, random);
  const torch::NoGradGuard no_grad;
  const torch::Tensor s = (255 * formula(1, {2, 4, 84, 84}, 1.0).abs()).to(torch::kUInt8);

  auto p = network.named_parameters();
  torch::Tensor x = s.to(torch::kFloat32) / 255;
  for (const auto& [name, stride] :
       {std::pair{"conv0", 4}, std::pair{"conv1", 2}, std::pair{"conv2", 1}}) {
    x = torch::conv2d(x, p[name + std::string(".weight")], p[name + std::string(".bias")], stride)
            .relu();
  }
  x = x.permute({0, 2, 3, 1}).flatten(1);  // [B, 7 * 7 * 64]
  ASSERT_EQ(x.size(1), 7 * 7 * 64);
  x = torch::linear(x, p["hidden.weight"], p["hidden.bias"]).relu();
  const PolicyOutput output = network.forward(s);
  EXPECT_TRUE(torch::allclose(output.logits, torch::linear(x, p["actor.weight"], p["actor.bias"]),
                              1e-4, 1e-6));
  EXPECT_TRUE(torch::allclose(
      output.value, torch::linear(x, p["critic.weight"], p["critic.bias"]).squeeze(1), 1e-4, 1e-5));
}

// oracle: a rotation drawn evenly turns no direction into one more often than into another, so that
// entries of n x n have variance 1 / n, also those of the diagonal, which signs left as they come
// out of a QR decomposition would bias. Five standard deviations
TEST(InitializeOrthogonal, DrawsEveryRotationAlike) {
  RandomStream random(1, "initialization");
  torch::Tensor weight = torch::empty({4, 4}), bias = torch::empty({4});
  constexpr int64_t kDraws = 4'000;
  torch::Tensor sum = torch::zeros({4, 4}, torch::kFloat64), squares = torch::zeros_like(sum);
  for (int64_t draw = 0; draw < kDraws; ++draw) {
    initialize_orthogonal(weight, bias, 1.0, random);
    sum += weight;
    squares += weight.square();
  }
  EXPECT_LT(sum.abs().max().item<double>() / kDraws, 5.0 * 0.5 / std::sqrt(kDraws));
  EXPECT_LT((squares / kDraws - 0.25).abs().max().item<double>(), 5.0 * 0.25 / std::sqrt(kDraws));
}

// oracle: the same
TEST(MinAtarActorCriticNetwork, SharesAConvolutionAndADenseLayer) {
  RandomStream random(1, "initialization");
  MinAtarActorCriticNetwork network(/*channels=*/2 * 4, 10, 10, /*num_actions=*/6, random);
  const torch::NoGradGuard no_grad;
  const torch::Tensor s = (formula(1, {3, 2, 4, 10, 10}, 1.0) > 0).to(torch::kUInt8);

  auto p = network.named_parameters();
  torch::Tensor x = s.view({3, 8, 10, 10}).to(torch::kFloat32);
  x = torch::conv2d(x, p["conv.weight"], p["conv.bias"]).relu();
  x = torch::linear(x.flatten(1), p["hidden.weight"], p["hidden.bias"]).relu();
  const PolicyOutput output = network.forward(s);
  expect_close(output.logits, torch::linear(x, p["actor.weight"], p["actor.bias"]), "logits");
  expect_close(output.value, torch::linear(x, p["critic.weight"], p["critic.bias"]).squeeze(1),
               "value");

  int64_t count = 0;
  for (const auto& item : p) count += item.value().numel();
  EXPECT_EQ(count, (16 * 8 * 9 + 16) + (128 * 1024 + 128) + 7 * (128 + 1));
}

// oracle: the shapes that QOutput documents
TEST(MinAtarDqnNetwork, GoesWithEveryHead) {
  RandomStream random(1, "initialization");
  const torch::NoGradGuard no_grad;
  const torch::Tensor s = torch::ones({2, 1, 7, 10, 10}, torch::kUInt8);
  const auto network = [&](HeadSpec head) {
    head.num_actions = 3;
    return MinAtarDqnNetwork({}, 7, 10, 10, head, random);
  };
  EXPECT_EQ(network({.dueling = true, .noise = NoiseSpec{}}).forward(s).q_values.sizes(),
            torch::IntArrayRef({2, 3}));
  EXPECT_EQ(network({.kind = HeadSpec::Kind::kCategorical,
                     .num_atoms = 5,
                     .support = torch::linspace(-1, 1, 5)})
                .forward(s)
                .logits.sizes(),
            torch::IntArrayRef({2, 3, 5}));
  EXPECT_EQ(
      network({.kind = HeadSpec::Kind::kQuantile, .num_atoms = 5}).forward(s).quantiles.sizes(),
      torch::IntArrayRef({2, 3, 5}));
  EXPECT_EQ(network({.kind = HeadSpec::Kind::kImplicitQuantile})
                .forward_at(s, torch::full({2, 4}, 0.5))
                .quantiles.sizes(),
            torch::IntArrayRef({2, 3, 4}));
}

// the normals that a noisy layer draws next, by torch from a seed of the stream
torch::Tensor drawn_like(torch::IntArrayRef shape, RandomStream& same) {
  return torch::randn(shape, at::make_generator<at::CPUGeneratorImpl>(same.bits()));
}

// oracle: the formulas of Fortunato et al. (2018) with the same draws, and their gradients
TEST(NoisyLinear, AddsTheNoiseThatIsDrawn) {
  const torch::Tensor x = formula(1, {2, 5}, 2.0);
  for (const auto kind : {NoiseSpec::Kind::kFactorised, NoiseSpec::Kind::kIndependent}) {
    RandomStream initialization(1, "initialization");
    NoisyLinear layer(5, 3, Initialization::kXavierUniform, NoiseSpec{.kind = kind, .sigma = 0.5},
                      initialization);
    auto parameters = layer.named_parameters();
    const torch::Tensor quiet = x.mm(parameters["weight"].t()) + parameters["bias"];
    EXPECT_TRUE(torch::allclose(layer.forward(x), quiet));

    // what the layer will draw
    RandomStream noise(1, "noise");
    RandomStream same(1, "noise");
    torch::Tensor weight_noise, bias_noise;
    if (kind == NoiseSpec::Kind::kFactorised) {
      const auto f = [](const torch::Tensor& v) { return v.sign() * v.abs().pow(0.5); };
      const torch::Tensor in = f(drawn_like({5}, same));
      bias_noise = f(drawn_like({3}, same));
      weight_noise = bias_noise.unsqueeze(1) * in.unsqueeze(0);
    } else {
      weight_noise = drawn_like({3, 5}, same);
      bias_noise = drawn_like({3}, same);
    }
    layer.sample_noise(noise);
    EXPECT_TRUE(
        parameters["weight_sigma"].eq(static_cast<float>(0.5 / std::sqrt(5.0))).all().item<bool>());
    const torch::Tensor noisy =
        x.mm((parameters["weight"] + parameters["weight_sigma"] * weight_noise).t()) +
        parameters["bias"] + parameters["bias_sigma"] * bias_noise;
    const torch::Tensor output = layer.forward(x);
    EXPECT_TRUE(torch::allclose(output, noisy, 1e-5, 1e-6));
    EXPECT_FALSE(torch::allclose(noisy, quiet));
    const torch::Tensor direction = formula(2, {2, 3}, 1.0);
    const auto gradients = torch::autograd::grad({output}, layer.parameters(), {direction});
    const auto expected = torch::autograd::grad({noisy}, layer.parameters(), {direction});
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(torch::allclose(gradients[i], expected[i], 1e-5, 1e-6)) << i;
    }

    // one row, as for acting
    {
      const torch::NoGradGuard no_grad;
      EXPECT_TRUE(
          torch::allclose(layer.forward(x.narrow(0, 1, 1)), noisy.narrow(0, 1, 1), 1e-5, 1e-6));
    }

    // again without
    layer.clear_noise();
    EXPECT_TRUE(torch::allclose(layer.forward(x), quiet));
  }
}

// oracle: the moments of N(0, 1), and of N(0, 1) within [-2, 2]: 1 - 4 p(2) / m and
// 3 - 28 p(2) / m, with its density p(2) and mass m = P(|x| < 2), integrated by parts
TEST(NoisyLinear, NoiseHasItsMoments) {
  const torch::NoGradGuard no_grad;
  constexpr int64_t kDraws = 200'000;
  RandomStream random(1, "initialization");
  const auto noise_of = [&](NoiseSpec::Distribution distribution) {
    NoisyLinear layer(
        1, kDraws, Initialization::kXavierUniform,
        NoiseSpec{
            .kind = NoiseSpec::Kind::kIndependent, .distribution = distribution, .sigma = 0.5},
        random, Bias::kNoiseOnly);
    layer.sample_noise(random);

    // at 0 the outputs are sigma times the noise of the biases
    return layer.forward(torch::zeros({1, 1})).to(torch::kFloat64) / 0.5;
  };
  const torch::Tensor normal = noise_of(NoiseSpec::Distribution::kNormal);
  EXPECT_GT(normal.abs().max().item<double>(), 4.0);
  EXPECT_NEAR(normal.mean().item<double>(), 0.0, 0.01);
  EXPECT_NEAR(normal.pow(2).mean().item<double>(), 1.0, 0.015);
  EXPECT_NEAR(normal.pow(4).mean().item<double>(), 3.0, 0.1);

  const torch::Tensor cut = noise_of(NoiseSpec::Distribution::kTruncatedNormal);
  const double density = std::exp(-2.0) / std::sqrt(2.0 * std::numbers::pi);
  const double mass = std::erf(2.0 / std::sqrt(2.0));
  EXPECT_LE(cut.abs().max().item<double>(), 2.0);
  EXPECT_GT(cut.abs().max().item<double>(), 1.99);
  EXPECT_NEAR(cut.mean().item<double>(), 0.0, 0.01);
  EXPECT_NEAR(cut.pow(2).mean().item<double>(), 1.0 - 4.0 * density / mass, 0.01);
  EXPECT_NEAR(cut.pow(4).mean().item<double>(), 3.0 - 28.0 * density / mass, 0.04);
}

// oracle: the formula of DQN Zoo's Rainbow (networks.rainbow_atari_network), written out with the
// same weights and draws
TEST(ValueHead, SeparateStreamsOfNoiseEqualDqnZoos) {
  const torch::NoGradGuard no_grad;
  constexpr int64_t kFeatures = 7, kHidden = 5, kActions = 3, kAtoms = 4;
  RandomStream initialization(1, "initialization");
  ValueHead head({.kind = HeadSpec::Kind::kCategorical,
                  .num_actions = kActions,
                  .num_atoms = kAtoms,
                  .support = torch::linspace(-1, 1, kAtoms),
                  .dueling = true,
                  .separate_streams = true,
                  .bias = Bias::kNoiseOnly,
                  .noise = NoiseSpec{.sigma = 0.5}},
                 kFeatures, kHidden, Initialization::kFanInUniform, initialization);
  auto parameters = head.named_parameters();
  EXPECT_FALSE(parameters.contains("output.bias"));
  EXPECT_FALSE(parameters.contains("value.bias"));
  const torch::Tensor x = formula(1, {2, kFeatures}, 2.0);

  // mu(x) + sigma(f(e_in) * x) * f(e_out), f(e) = sign(e) sqrt(|e|), layer by layer
  RandomStream noise(1, "noise");
  RandomStream same(1, "noise");
  const auto draw = [&](int64_t count) {
    const torch::Tensor values = drawn_like({count}, same);
    return values.sign() * values.abs().pow(0.5);
  };
  std::map<std::string, std::pair<torch::Tensor, torch::Tensor>> draws;
  const std::vector<std::pair<std::string, std::pair<int64_t, int64_t>>> layers{
      {"hidden", {kFeatures, kHidden}},
      {"output", {kHidden, kActions * kAtoms}},
      {"value_hidden", {kFeatures, kHidden}},
      {"value", {kHidden, kAtoms}}};
  for (const auto& [name, size] : layers) {
    const torch::Tensor in = draw(size.first);
    draws[name] = {in, draw(size.second)};
  }
  const auto layer = [&](const std::string& name, const torch::Tensor& input) {
    const auto& [in, out] = draws.at(name);
    torch::Tensor mu = input.mm(parameters[name + ".weight"].t());
    if (name.ends_with("hidden")) mu = mu + parameters[name + ".bias"];
    const torch::Tensor sigma =
        (input * in).mm(parameters[name + ".weight_sigma"].t()) + parameters[name + ".bias_sigma"];
    return mu + sigma * out;
  };
  const torch::Tensor advantage =
      layer("output", layer("hidden", x).relu()).view({2, kActions, kAtoms});
  const torch::Tensor value = layer("value", layer("value_hidden", x).relu()).view({2, 1, kAtoms});
  const torch::Tensor logits = value + advantage - advantage.mean(1, /*keepdim=*/true);

  head.sample_noise(noise);
  EXPECT_TRUE(torch::allclose(head.forward(x).logits, logits, 1e-5, 1e-6));
}

// oracle: what the kinds are
TEST(ValueHead, OnlyImplicitQuantilesHaveAQuantileFunction) {
  for (const HeadSpec::Kind kind : {HeadSpec::Kind::kValue, HeadSpec::Kind::kQuantile}) {
    RandomStream random(1, "initialization");
    ClassicControlDqnNetwork network({.hidden_units = 8}, 2, 1,
                                     {.kind = kind, .num_actions = 3, .num_atoms = 4}, random);
    EXPECT_THROW(network.forward_at(torch::zeros({1, 1, 2}), torch::zeros({1, 4})), ConfigError);
  }
}

// oracle: W x + b with one b, written out, and its derivative by hand: of a sum of squares that of
// b is the sum of that of all outputs
TEST(ValueHead, ASharedBiasIsOneNumberThatAllOutputsHaveAndTrain) {
  constexpr int64_t kFeatures = 5, kActions = 4;
  RandomStream random(1, "initialization");
  ValueHead head({.num_actions = kActions, .bias = Bias::kShared}, kFeatures, /*hidden_units=*/0,
                 Initialization::kFanInUniform, random);
  auto parameters = head.named_parameters();
  ASSERT_EQ(parameters.size(), 2U);
  torch::Tensor& weight = parameters["output.weight"];
  torch::Tensor& bias = parameters["output.bias"];
  ASSERT_EQ(bias.sizes(), torch::IntArrayRef({1}));
  EXPECT_NE(bias.item<float>(), 0.0F);  // drawn, as in DQN Zoo
  EXPECT_LE(std::abs(bias.item<float>()), 1.0F / std::sqrt(5.0F));
  {
    const torch::NoGradGuard no_grad;
    bias.fill_(0.75F);
  }

  const torch::Tensor x = formula(1, {3, kFeatures}, 2.0);
  const torch::Tensor q_values = head.forward(x).q_values;  // [3, A]
  EXPECT_TRUE(torch::allclose(q_values, x.mm(weight.t()) + 0.75F, 1e-5, 1e-6));

  q_values.square().sum().backward();
  EXPECT_TRUE(torch::allclose(bias.grad(), (2.0 * q_values.detach()).sum().view({1}), 1e-5, 1e-5));

  // an optimizer moves it along with the weights
  Optimizer optimizer("sgd", {.learning_rate = 0.125}, head.parameters());
  optimizer.minimize(head.forward(x).q_values.sum());
  EXPECT_FLOAT_EQ(bias.item<float>(), 0.75F - 0.125F * 3 * kActions);
}

// oracle: Dopamine's ClassicControlDQNNetwork, network_nature.py
TEST(ClassicControlDqnNetwork, EqualsDopamines) {
  const auto expected = golden_tensors("network_classic");
  for (const std::string name : {"cartpole", "acrobot"}) {
    const auto vector = [&](const std::string& key) {
      const torch::Tensor& tensor = expected.at(name + "." + key);
      return std::vector<double>(tensor.const_data_ptr<double>(),
                                 tensor.const_data_ptr<double>() + tensor.numel());
    };
    const torch::Tensor& states = expected.at(name + ".states");
    const torch::Tensor& q_values = expected.at(name + ".q_values.float64");

    RandomStream random(1, "initialization");
    ClassicControlDqnNetwork network(
        {.min_vals = vector("min_vals"), .max_vals = vector("max_vals")}, states.size(1),
        /*stack_size=*/1, {.num_actions = q_values.size(1)}, random);
    fill_by_formula(network);
    const torch::NoGradGuard no_grad;
    EXPECT_TRUE(torch::allclose(network.forward(states.unsqueeze(1)).q_values.to(torch::kFloat64),
                                q_values, 1e-4, 1e-5))
        << name;
  }
}

// oracle: CleanRL's network, 120 and 84 units as torch begins them: U(+-1 / sqrt(fan_in))
TEST(ClassicControlDqnNetwork, HasLayersOfTheSizesThatAreAskedFor) {
  RandomStream random(1, "initialization");
  ClassicControlDqnNetwork network({.layer_sizes = {{120, 84}}, .initialization = "fan_in_uniform"},
                                   4, 1, {.num_actions = 2}, random);
  const auto parameters = network.named_parameters();
  EXPECT_EQ(parameters.size(), 6U);
  const std::vector<std::pair<std::string, std::vector<int64_t>>> layers{
      {"dense0", {120, 4}}, {"dense1", {84, 120}}, {"head.output", {2, 84}}};
  for (const auto& [name, shape] : layers) {
    const torch::Tensor& weight = parameters[name + ".weight"];
    const double limit = 1.0 / std::sqrt(static_cast<double>(shape[1]));
    EXPECT_EQ(weight.sizes(), torch::IntArrayRef(shape)) << name;
    for (const torch::Tensor& values : {weight, parameters[name + ".bias"]}) {
      EXPECT_LE(values.abs().max().item<double>(), limit) << name;
      EXPECT_GT(values.abs().max().item<double>(), 0.1 * limit) << name;
    }
  }
}

TEST(ClassicControlDqnNetwork, RefusesScalesOfAnotherSize) {
  RandomStream random(1, "initialization");
  const ClassicControlDqnOptions options{.min_vals = {{-1.0, -1.0}}, .max_vals = {{1.0, 1.0}}};
  EXPECT_THROW(ClassicControlDqnNetwork(options, 4, 1, {.num_actions = 2}, random), ConfigError);
}

// oracle: the moments of a uniform distribution, limit^2 / 3; JAX's variance_scaling of 1 /
// sqrt(3), whose variance is that share of 1 / fan_in; and flax's lecun_normal: a variance of 1 /
// fan_in, and nothing beyond two deviations of the normal that is cut
TEST(Initialization, HasTheNamedSpread) {
  torch::Tensor weight = torch::empty({200, 300});
  torch::Tensor bias = torch::ones({200});
  RandomStream random(3, "initialization");

  initialize_layer(weight, bias, Initialization::kXavierUniform, random);
  double limit = std::sqrt(6.0 / 500.0);
  EXPECT_LE(weight.abs().max().item<double>(), limit);
  EXPECT_NEAR(weight.square().mean().item<double>(), limit * limit / 3.0, 0.02 * limit * limit);
  EXPECT_EQ(bias.abs().max().item<double>(), 0.0);

  initialize_layer(weight, bias, Initialization::kFanInUniform, random);
  limit = 1.0 / std::sqrt(300.0);
  EXPECT_LE(weight.abs().max().item<double>(), limit);
  EXPECT_NEAR(weight.square().mean().item<double>(), limit * limit / 3.0, 0.02 * limit * limit);
  EXPECT_GT(bias.abs().max().item<double>(), 0.5 * limit);

  initialize_layer(weight, bias, Initialization::kVarianceScaling, random);
  const double variance = 1.0 / std::sqrt(3.0) / 300.0;
  EXPECT_NEAR(weight.square().mean().item<double>(), variance, 0.02 * variance);
  EXPECT_LE(weight.abs().max().item<double>(), std::sqrt(3.0 * variance));
  EXPECT_GT(weight.abs().max().item<double>(), 0.999 * std::sqrt(3.0 * variance));
  EXPECT_EQ(bias.abs().max().item<double>(), 0.0);

  // the fan-in of a convolution is that of all its kernel
  torch::Tensor kernel = torch::empty({200, 12, 5, 5}), none;
  initialize_layer(kernel, none, Initialization::kVarianceScaling, random);
  EXPECT_NEAR(kernel.square().mean().item<double>(), variance, 0.02 * variance);

  initialize_layer(weight, bias, Initialization::kLecunNormal, random);
  EXPECT_NEAR(weight.square().mean().item<double>(), 1.0 / 300.0, 0.02 / 300.0);
  EXPECT_LE(weight.abs().max().item<double>(), 2.0 / 0.8796 / std::sqrt(300.0));
  EXPECT_GT(weight.abs().max().item<double>(), 1.9 / 0.8796 / std::sqrt(300.0));
  EXPECT_EQ(bias.abs().max().item<double>(), 0.0);
}

TEST(CopyParameters, CopiesAndDoesNotAlias) {
  RandomStream random(4, "initialization");
  ClassicControlDqnNetwork source({}, 4, 1, {.num_actions = 2}, random);
  ClassicControlDqnNetwork target({}, 4, 1, {.num_actions = 2}, random);
  const torch::Tensor s = torch::ones({1, 1, 4});
  const torch::NoGradGuard no_grad;
  ASSERT_FALSE(torch::equal(source.forward(s).q_values, target.forward(s).q_values));

  copy_parameters(source, target);
  const torch::Tensor q_values = source.forward(s).q_values;
  EXPECT_TRUE(torch::equal(q_values, target.forward(s).q_values));

  for (auto& parameter : source.parameters()) parameter.add_(1.0);
  EXPECT_TRUE(torch::equal(q_values, target.forward(s).q_values));
}

// running statistics, for instance
struct Counting final : torch::nn::Module {
  explicit Counting(int64_t number) : count(register_buffer("count", torch::tensor({number}))) {}
  torch::Tensor count;
};

// oracle: the numbers that were put in
TEST(CopyParameters, CopiesAndSavesBuffersToo) {
  Counting source(7), target(1), loaded(2);
  copy_parameters(source, target);
  EXPECT_EQ(target.count.item<int64_t>(), 7);
  source.count.fill_(8);
  EXPECT_EQ(target.count.item<int64_t>(), 7);
  EXPECT_TRUE(with_buffers({}, source).at(0).is_same(source.count));

  StateTree saved;
  parameters_state(source, saved);
  StateTree tree(std::move(saved.contents()));
  parameters_state(loaded, tree);
  EXPECT_EQ(loaded.count.item<int64_t>(), 8);
}

// oracle: the support, which weights that were learned with another one do not fit
TEST(ParametersState, WhatTheConfigurationSaysIsNotOverwritten) {
  const auto network = [](double vmax) {
    RandomStream random(4, "initialization");
    const HeadSpec head{.kind = HeadSpec::Kind::kCategorical,
                        .num_actions = 2,
                        .num_atoms = 3,
                        .support = torch::linspace(-vmax, vmax, 3)};
    return std::make_unique<ClassicControlDqnNetwork>(ClassicControlDqnOptions{}, 4, 1, head,
                                                      random);
  };
  StateTree saved;
  parameters_state(*network(10), saved);
  StateTree same(saved.contents()), other(saved.contents());
  EXPECT_NO_THROW(parameters_state(*network(10), same));
  EXPECT_THROW(parameters_state(*network(20), other), StateMismatch);
}

}  // namespace
}  // namespace accumbens
