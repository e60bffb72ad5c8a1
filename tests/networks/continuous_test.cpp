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
  const torch::Tensor s = torch::randn({4, 1, 4});
  const torch::Tensor a = torch::randn({4, 2}).requires_grad_();
  const torch::Tensor values = critics.forward(s, a);  // [3, 4]

  const auto parameters = critics.named_parameters();
  for (int64_t c = 0; c < 3; ++c) {
    torch::Tensor x = torch::cat({s.flatten(1), a}, 1);
    for (int layer = 0; layer < 3; ++layer) {
      const std::string number = std::to_string(layer);
      if (layer > 0) x = x.relu();
      x = torch::nn::functional::linear(x, parameters["weight" + number][c],
                                        parameters["bias" + number][c][0]);
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
  const auto parameters = critics.named_parameters();
  const torch::Tensor weight = parameters["weight0"];  // [2, 50, 100]
  const double limit = std::sqrt(6.0 / 150.0);
  for (int64_t c = 0; c < 2; ++c) {
    EXPECT_LE(weight[c].abs().max().item<double>(), limit);
    EXPECT_NEAR(weight[c].var().item<double>(), limit * limit / 3.0, 0.05 * limit * limit / 3.0);
  }
  EXPECT_FALSE(torch::equal(weight[0], weight[1]));
  EXPECT_EQ(parameters["bias0"].abs().max().item<double>(), 0);
}

// oracle: the definition
TEST(MoveParameters, GoesAShareOfTheWay) {
  torch::nn::Linear source(3, 2), target(3, 2);
  const torch::Tensor expected =
      target->weight.detach() + 0.25 * (source->weight.detach() - target->weight.detach());
  move_parameters(*source, *target, 0.25);
  EXPECT_TRUE(torch::allclose(target->weight, expected));
  move_parameters(*source, *target, 1.0);
  EXPECT_TRUE(torch::allclose(target->bias, source->bias));
}

}  // namespace
}  // namespace accumbens
