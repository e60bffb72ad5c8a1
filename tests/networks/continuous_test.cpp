#include "accumbens/networks/continuous.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace accumbens {
namespace {

// oracle: each critic's layers, one after the other
TEST(Critics, SideBySideAreEachOnItsOwn) {
  RandomStream random(1, "initialization");
  Critics critics(/*count=*/3, /*inputs=*/6, {7, 5}, Initialization::kFanInUniform, random);
  torch::manual_seed(1);
  const torch::Tensor s = torch::randn({4, 4});
  const torch::Tensor a = torch::randn({4, 2}).requires_grad_();
  const torch::Tensor values = critics.forward(s, a);  // [3, 4]

  for (int64_t c = 0; c < 3; ++c) {
    torch::Tensor x = torch::cat({s, a}, 1);
    for (size_t layer = 0; layer < 3; ++layer) {
      if (layer > 0) x = x.relu();
      x = torch::nn::functional::linear(x, critics.network->weight(layer)[c],
                                        critics.network->bias(layer)[c][0]);
    }
    EXPECT_TRUE(torch::allclose(values[c], x.squeeze(1), 1e-5, 1e-6)) << c;
  }

  // frozen: the same values, gradients for the actions alone
  const torch::Tensor frozen = critics.forward(s, a, /*frozen=*/true);
  EXPECT_TRUE(torch::equal(frozen, values));
  frozen.sum().backward();
  EXPECT_GT(a.grad().abs().sum().item<double>(), 0);
  for (const auto& parameter : critics.parameters()) EXPECT_FALSE(parameter.grad().defined());
}

// oracle: the definition of the initialisations, and the number of parameters
TEST(Critics, BeginLikeSeparateLayers) {
  RandomStream random(1, "initialization");
  Critics critics(/*count=*/2, /*inputs=*/100, {50}, Initialization::kXavierUniform, random);
  const torch::Tensor weight = critics.network->weight(0);  // [2, 50, 100]
  const double limit = std::sqrt(6.0 / 150.0);
  for (int64_t c = 0; c < 2; ++c) {
    EXPECT_LE(weight[c].abs().max().item<double>(), limit);
    EXPECT_NEAR(weight[c].var().item<double>(), limit * limit / 3.0, 0.05 * limit * limit / 3.0);
  }
  EXPECT_FALSE(torch::equal(weight[0], weight[1]));
  EXPECT_EQ(critics.network->bias(0).abs().max().item<double>(), 0);
}

ContinuousActorCritic::Shape shape_of_images() {
  return {.state_size = 0,
          .action_size = 2,
          .policy_outputs = 1,
          .num_critics = 2,
          .hidden_sizes = {5},
          .image_shape = {6, 36, 40}};
}

// oracle: the same layers one by one, and that two frames of three channels are six channels
TEST(ContinuousActorCritic, PolicyAndCriticsSeeTheSameConvolutions) {
  RandomStream random(1, "initialization");
  ContinuousActorCritic network(shape_of_images(), Initialization::kFanInUniform, random);
  const torch::Tensor s = torch::randint(256, {3, 2, 3, 36, 40}, torch::kUInt8);
  const torch::Tensor x = network.encode(s);  // [3, F]

  const auto parameters = network.encoder->named_parameters();
  torch::Tensor expected = s.flatten(1, 2).to(torch::kFloat32) / 255.0;
  const int64_t strides[] = {4, 2, 1};
  for (int i = 0; i < 3; ++i) {
    const std::string name = "conv" + std::to_string(i);
    expected = torch::conv2d(expected, parameters[name + ".weight"], parameters[name + ".bias"],
                             strides[i])
                   .relu();
  }
  expected = expected.permute({0, 2, 3, 1}).flatten(1);
  EXPECT_EQ(network.encoder->features(), expected.size(1));
  EXPECT_TRUE(torch::allclose(x, expected, 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(network.policy(x), network.actor->forward(expected), 1e-4, 1e-5));
}

// oracle: where gradients are
TEST(ContinuousActorCritic, TheCriticsTrainTheEncoderAndThePolicyDoesNot) {
  RandomStream random(1, "initialization");
  ContinuousActorCritic network(shape_of_images(), Initialization::kFanInUniform, random);
  const torch::Tensor x =
      network.encode(torch::randint(256, {3, 1, 6, 36, 40}, torch::kUInt8));  // [3, F]
  const auto has_gradients = [](const std::vector<torch::Tensor>& parameters) {
    std::vector<bool> has;
    for (const torch::Tensor& parameter : parameters) has.push_back(parameter.grad().defined());
    return has;
  };

  network.policy(x).sum().backward();
  EXPECT_EQ(has_gradients(network.encoder->parameters()), std::vector<bool>(6, false));
  EXPECT_EQ(has_gradients(network.actor->parameters()), std::vector<bool>(1, true));

  network.critics->forward(x, torch::zeros({3, 2})).sum().backward();
  EXPECT_EQ(has_gradients(network.critic_parameters()), std::vector<bool>(7, true));
}

// oracle: the definition
TEST(MoveParameters, GoesAShareOfTheWay) {
  torch::nn::Linear source(3, 2), target(3, 2);
  const torch::Tensor expected =
      target->weight.detach() + 0.25 * (source->weight.detach() - target->weight.detach());
  move_parameters(source->parameters(), target->parameters(), 0.25);
  EXPECT_TRUE(torch::allclose(target->weight, expected));
  move_parameters(source->parameters(), target->parameters(), 1.0);
  EXPECT_TRUE(torch::allclose(target->bias, source->bias));
}

}  // namespace
}  // namespace accumbens
