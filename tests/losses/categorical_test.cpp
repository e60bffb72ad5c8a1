#include "accumbens/losses/categorical.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <cmath>
#include <random>

#include "accumbens/losses/q_learning.h"
#include "golden_tensors.h"
#include "losses/relative_error.h"

namespace accumbens {
namespace {

// of the greatest, what our peers' float32 allows to compare: a part of it that is lost where two
// probabilities, or an atom and its neighbour on the support, nearly cancel
constexpr double kLeast = 0.3;

// oracle: each atom's mass spread by hand over the neighbours, in double precision
TEST(Categorical, ProjectionEqualsASlowTwin) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> uniform;
  for (int trial = 0; trial < 200; ++trial) {
    const int64_t n = 2 + static_cast<int64_t>(generator() % 60);
    const int64_t m = 1 + static_cast<int64_t>(generator() % 60);
    const double low = -20.0 * uniform(generator);
    const double high = low + 0.5 + 30.0 * uniform(generator);
    const torch::Tensor support = torch::linspace(low, high, n, torch::kFloat64);
    torch::Tensor atoms = torch::empty({1, m}, torch::kFloat64);
    torch::Tensor probabilities = torch::empty({1, m}, torch::kFloat64);
    for (int64_t j = 0; j < m; ++j) {
      // a third lies on the support exactly, some outside
      const bool exact = generator() % 3 == 0;
      atoms[0][j] = exact ? support[static_cast<int64_t>(generator() % n)].item<double>()
                          : low - 5.0 + (high - low + 10.0) * uniform(generator);
      probabilities[0][j] = uniform(generator);
    }

    std::vector<double> expected(n, 0.0);
    const double spacing = (high - low) / static_cast<double>(n - 1);
    for (int64_t j = 0; j < m; ++j) {
      const double z = std::min(std::max(atoms[0][j].item<double>(), low), high);
      for (int64_t i = 0; i < n; ++i) {
        const double distance = std::abs(z - support[i].item<double>()) / spacing;
        expected[i] += std::max(0.0, 1.0 - distance) * probabilities[0][j].item<double>();
      }
    }
    const torch::Tensor projected = project_distribution(atoms, probabilities, support);
    ASSERT_TRUE(torch::allclose(projected[0], torch::tensor(expected, torch::kFloat64), 1e-9, 1e-9))
        << trial;
    ASSERT_NEAR(projected.sum().item<double>(), probabilities.sum().item<double>(), 1e-9);
  }
}

// oracle: probabilities; 51 atoms from -3 to 3 are such that in single precision the greatest lies
// a little above itself
TEST(Categorical, NoMassIsNegative) {
  for (const float high : {2.0F, 3.0F, 5.0F, 6.0F, 7.0F, 10.0F}) {
    for (const float low : {-high, -1.0F, 0.0F}) {
      const torch::Tensor support = torch::linspace(low, high, 51);
      const torch::Tensor projected = project_distribution(
          torch::full({1, 51}, 2 * high), torch::full({1, 51}, 1.0F / 51.0F), support);
      EXPECT_GE(projected.min().item<float>(), 0.0F) << low << " " << high;
      EXPECT_NEAR(projected[0][50].item<float>(), 1.0, 1e-5);
    }
  }
}

// oracle: all mass at the clipped reward
TEST(Categorical, ATerminalTransitionHasAllItsMassAtTheReward) {
  const torch::Tensor support = torch::linspace(-10, 10, 51);
  const torch::Tensor atoms = torch::tensor({2.0F, 12.5F, -11.0F}).unsqueeze(1).expand({3, 51});
  const torch::Tensor projected =
      project_distribution(atoms, torch::full({3, 51}, 1.0F / 51.0F), support);
  EXPECT_NEAR(projected[0][30].item<float>(), 1.0, 1e-5);
  EXPECT_NEAR(projected[1][50].item<float>(), 1.0, 1e-5);
  EXPECT_NEAR(projected[2][0].item<float>(), 1.0, 1e-5);
}

// oracle: NaN is what the agent looks for, and names; the other transition as it is without
TEST(Categorical, ARewardThatIsNotANumberReachesTheLoss) {
  const torch::Tensor support = torch::linspace(-1, 1, 5), logits = torch::zeros({2, 3, 5});
  const auto loss = [&](float reward) {
    return categorical_q_learning_loss(
        logits, torch::zeros({2}, torch::kInt64), torch::tensor({0.5F, reward}),
        torch::full({2}, 0.9F), logits.softmax(-1), torch::zeros({2}, torch::kInt64), support);
  };
  const torch::Tensor bad = loss(std::nanf(""));
  EXPECT_TRUE(std::isnan(bad[1].item<float>()));
  EXPECT_EQ(bad[0].item<float>(), loss(1.0F)[0].item<float>());
}

// oracle: rlax 0.1.9, tests/oracles/rlax_losses.py
TEST(Categorical, EqualsRlax) {
  auto data = golden_tensors("rlax_losses");
  EXPECT_LE(
      relative_error(project_distribution(data["atoms"], data["probabilities"], data["support"]),
                     data["projection"], kLeast),
      1e-5);

  const torch::Tensor probabilities_t = data["logits_t"].softmax(-1);
  const torch::Tensor greedy = (probabilities_t * data["support"]).sum(-1).argmax(1);
  const torch::Tensor selected = data["q_t_selector"].argmax(1);
  for (const bool twice : {false, true}) {
    const std::string name = twice ? "categorical_double" : "categorical";
    torch::Tensor logits = data["logits_tm1"].clone().set_requires_grad(true);
    const torch::Tensor losses =
        categorical_q_learning_loss(logits, data["a_tm1"], data["r_t"], data["discount_t"],
                                    probabilities_t, twice ? selected : greedy, data["support"]);
    losses.mean().backward();
    EXPECT_LE(relative_error(losses, data[name + ".losses"]), 1e-5) << name;
    EXPECT_LE(relative_error(logits.grad(), data[name + ".gradient"], kLeast), 1e-5) << name;
  }
}

// oracle: dopamine-rl 4.1.2, tests/oracles/dopamine_distributional.py
TEST(Categorical, EqualsDopaminesRainbowWithItsWeights) {
  auto data = golden_tensors("dopamine_distributional");
  const torch::Tensor support = torch::linspace(-10, 10, 51);
  const torch::Tensor probabilities_t = data["categorical.target"].softmax(-1);
  const torch::Tensor a_t = (probabilities_t * support).sum(-1).argmax(1);
  torch::Tensor logits = data["categorical.online"].clone().set_requires_grad(true);
  const torch::Tensor losses = categorical_q_learning_loss(
      logits, data["a_tm1"], data["r_t"], 0.99 * (1.0 - data["terminal"].to(torch::kFloat32)),
      probabilities_t, a_t, support);
  (data["categorical.weights"] * losses).mean().backward();
  EXPECT_LE(relative_error(losses, data["categorical.losses"]), 1e-5);
  EXPECT_LE(relative_error(logits.grad(), data["categorical.gradient"], kLeast), 1e-5);
}

// oracle: dopamine-rl 4.1.2, tests/oracles/dopamine_distributional.py; with double_dqn the online
// network chooses a_t, and no gradient reaches what it says of s_t
TEST(Categorical, EqualsDopaminesFullRainbowWithAndWithoutDoubleDqn) {
  auto data = golden_tensors("dopamine_distributional");
  const torch::Tensor support = torch::linspace(-10, 10, 51);
  const auto choice = [&](const torch::Tensor& probabilities) {
    return (probabilities * support).sum(-1).argmax(1);
  };
  const int64_t batch = data["a_tm1"].size(0);
  for (const bool twice : {false, true}) {
    const std::string name = twice ? "full_rainbow_double" : "full_rainbow";
    torch::Tensor online = data["full_rainbow.online"].clone().set_requires_grad(true);
    const torch::Tensor z_tm1 = online.slice(0, 0, batch);  // [B, A, N]
    const torch::Tensor probabilities_t = data["full_rainbow.target"].slice(0, batch).softmax(-1);
    const torch::Tensor a_t = choice(twice ? online.slice(0, batch).softmax(-1) : probabilities_t);
    const torch::Tensor losses = categorical_q_learning_loss(
        z_tm1, data["a_tm1"], data["r_t"], 0.99 * (1.0 - data["terminal"].to(torch::kFloat32)),
        probabilities_t, a_t, support);
    const torch::Tensor loss = (data["categorical.weights"] * losses).mean();
    loss.backward();
    EXPECT_LE(relative_error(losses, data[name + ".losses"]), 1e-5) << name;
    EXPECT_LE(relative_error(loss.view(1), data[name + ".loss"]), 1e-5) << name;
    EXPECT_LE(relative_error(online.grad(), data[name + ".gradient"], kLeast), 1e-5) << name;
  }
}

}  // namespace
}  // namespace accumbens
