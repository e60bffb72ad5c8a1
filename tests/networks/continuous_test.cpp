#include "accumbens/networks/continuous.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/linear.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace accumbens {
namespace {

const ActorCriticHeads kHeads{.action_size = 2,
                              .policy_outputs = 1,
                              .num_critics = 3,
                              .hidden_sizes = {7, 5},
                              .initialization = Initialization::kFanInUniform};

// oracle: each critic's layers, one after the other
TEST(DenseActorCritic, CriticsSideBySideAreEachOnItsOwn) {
  RandomStream random(1, "initialization");
  DenseActorCritic network(std::make_shared<FlatEncoder>(4), kHeads, random);
  torch::manual_seed(1);
  const torch::Tensor x = torch::randn({4, 4});
  const torch::Tensor a = torch::randn({4, 2}).requires_grad_();
  const torch::Tensor values = network.values(x, a);  // [3, 4]

  for (int64_t c = 0; c < 3; ++c) {
    torch::Tensor y = torch::cat({x, a}, 1);
    for (size_t layer = 0; layer < 3; ++layer) {
      if (layer > 0) y = y.relu();
      y = torch::nn::functional::linear(y, network.critics->weight(layer)[c],
                                        network.critics->bias(layer)[c][0]);
    }
    EXPECT_TRUE(torch::allclose(values[c], y.squeeze(1), 1e-5, 1e-6)) << c;
  }

  // frozen: the same values, gradients for the actions alone
  const torch::Tensor frozen = network.values(x, a, /*frozen=*/true);
  EXPECT_TRUE(torch::equal(frozen, values));
  frozen.sum().backward();
  EXPECT_GT(a.grad().abs().sum().item<double>(), 0);
  for (const auto& parameter : network.parameters()) EXPECT_FALSE(parameter.grad().defined());
  values.sum().backward();
  for (const auto& parameter : network.value_parameters()) EXPECT_TRUE(parameter.grad().defined());
}

// oracle: the definition of the initialisations, and the number of parameters
TEST(DenseActorCritic, CriticsBeginLikeSeparateLayers) {
  RandomStream random(1, "initialization");
  DenseActorCritic network(std::make_shared<FlatEncoder>(98),
                           {.action_size = 2,
                            .policy_outputs = 1,
                            .num_critics = 2,
                            .hidden_sizes = {50},
                            .initialization = Initialization::kXavierUniform},
                           random);
  const torch::Tensor weight = network.critics->weight(0);  // [2, 50, 100]
  const double limit = std::sqrt(6.0 / 150.0);
  for (int64_t c = 0; c < 2; ++c) {
    EXPECT_LE(weight[c].abs().max().item<double>(), limit);
    EXPECT_NEAR(weight[c].var().item<double>(), limit * limit / 3.0, 0.05 * limit * limit / 3.0);
  }
  EXPECT_FALSE(torch::equal(weight[0], weight[1]));
  EXPECT_EQ(network.critics->bias(0).abs().max().item<double>(), 0);
}

// for images of six channels
std::shared_ptr<DenseActorCritic> network_of_images() {
  RandomStream random(1, "initialization");
  return std::make_shared<DenseActorCritic>(
      std::make_shared<PixelEncoder>(/*channels=*/6, /*height=*/36, /*width=*/40,
                                     kHeads.initialization, random),
      kHeads, random);
}

// oracle: the same layers one by one, and that two frames of three channels are six channels
TEST(DenseActorCritic, PolicyAndCriticsSeeTheSameConvolutions) {
  const auto network = network_of_images();
  const torch::Tensor s = torch::randint(256, {3, 2, 3, 36, 40}, torch::kUInt8);
  const torch::Tensor x = network->encode(s);  // [3, F]

  const auto parameters = network->encoder->named_parameters();
  torch::Tensor expected = s.flatten(1, 2).to(torch::kFloat32) / 255.0;
  const int64_t strides[] = {4, 2, 1};
  for (int i = 0; i < 3; ++i) {
    const std::string name = "conv" + std::to_string(i);
    expected = torch::conv2d(expected, parameters[name + ".weight"], parameters[name + ".bias"],
                             strides[i])
                   .relu();
  }
  expected = expected.permute({0, 2, 3, 1}).flatten(1);
  EXPECT_EQ(network->encoder->features(), expected.size(1));
  EXPECT_TRUE(torch::allclose(x, expected, 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(network->policy(x), network->actor->forward(expected), 1e-4, 1e-5));
}

// oracle: where gradients are
TEST(DenseActorCritic, TheCriticsTrainTheEncoderAndThePolicyDoesNot) {
  const auto network = network_of_images();
  const torch::Tensor x =
      network->encode(torch::randint(256, {3, 1, 6, 36, 40}, torch::kUInt8));  // [3, F]
  const auto has_gradients = [](const std::vector<torch::Tensor>& parameters) {
    std::vector<bool> has;
    for (const torch::Tensor& parameter : parameters) has.push_back(parameter.grad().defined());
    return has;
  };

  network->policy(x).sum().backward();
  EXPECT_EQ(has_gradients(network->encoder->parameters()), std::vector<bool>(6, false));
  EXPECT_EQ(has_gradients(network->actor->parameters()), std::vector<bool>(1, true));

  network->values(x, torch::zeros({3, 2})).sum().backward();
  EXPECT_EQ(has_gradients(network->critic_parameters()), std::vector<bool>(7, true));
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
