#include "accumbens/losses/q_learning.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <cmath>
#include <string>

#include "golden_tensors.h"
#include "losses/relative_error.h"

namespace accumbens {
namespace {

// oracle: dopamine-rl 4.1.2, tests/oracles/dqn_loss.py
class DopamineLoss : public testing::TestWithParam<std::string> {
 protected:
  const std::map<std::string, torch::Tensor> golden_ = golden_tensors("dqn_loss");

  const torch::Tensor& golden(const std::string& name) const { return golden_.at(name); }

  torch::Tensor discount_t(double gamma) const {
    return gamma * (1.0 - golden("terminal").to(torch::kFloat32));
  }
};

TEST_P(DopamineLoss, AndItsGradientsEqualDopamines) {
  // the oracle's network, 6 -> 16 -> 4, with parameters that take gradients
  std::map<std::string, torch::Tensor> online;
  for (const std::string name : {"0.weight", "0.bias", "2.weight", "2.bias"}) {
    online[name] = golden("online." + name).clone().set_requires_grad(true);
  }
  const torch::Tensor hidden =
      torch::addmm(online["0.bias"], golden("s_tm1"), online["0.weight"].t()).relu();
  const torch::Tensor q_tm1 = torch::addmm(online["2.bias"], hidden, online["2.weight"].t());

  const torch::Tensor td_error = q_learning_td_error(
      q_tm1, golden("a_tm1"), golden("r_t"), discount_t(0.99), golden("q_t"), golden("q_t"));
  const torch::Tensor losses =
      GetParam() == "huber" ? huber_loss(td_error) : squared_loss(td_error);
  losses.mean().backward();

  EXPECT_LE(relative_error(losses, golden(GetParam() + ".losses")), 1e-5);
  EXPECT_LE(relative_error(losses.mean().reshape(1), golden(GetParam() + ".loss")), 1e-5);
  for (const auto& [name, parameter] : online) {
    EXPECT_LE(
        relative_error(parameter.grad(), golden(GetParam() + ".gradient." + name), /*least=*/0.1),
        1e-5)
        << name;
  }
}

TEST_P(DopamineLoss, TargetsEqualDopaminesForOneAndThreeSteps) {
  for (const int n : {1, 3}) {
    const torch::Tensor zeros = torch::zeros_like(golden("q_t"));
    const torch::Tensor target =
        q_learning_td_error(zeros, golden("a_tm1"), golden("r_t"), discount_t(std::pow(0.99, n)),
                            golden("q_t"), golden("q_t"));
    EXPECT_LE(relative_error(target, golden("target_q_n" + std::to_string(n))), 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(, DopamineLoss, testing::Values("mse", "huber"),
                         [](const auto& info) { return info.param; });

// oracle: central differences in float64, away from Huber's kinks
TEST(QLearningLoss, GradientEqualsFiniteDifferences) {
  const torch::Tensor a_tm1 = torch::tensor({0, 2, 1}, torch::kInt64);
  const torch::Tensor r_t = torch::tensor({0.3, -1.7, 2.0}, torch::kFloat64);
  const torch::Tensor discount = torch::tensor({0.99, 0.0, 0.97}, torch::kFloat64);
  const torch::Tensor q_t =
      torch::tensor({{0.1, 0.5, -0.2}, {1.0, 2.0, 3.0}, {-0.4, -0.1, -0.9}}, torch::kFloat64);
  torch::Tensor q_tm1 =
      torch::tensor({{0.2, -0.3, 0.4}, {0.5, 0.1, -0.6}, {0.7, 0.25, 0.3}}, torch::kFloat64);

  for (const auto& loss : {squared_loss, huber_loss}) {
    const auto value = [&](const torch::Tensor& q) {
      return loss(q_learning_td_error(q, a_tm1, r_t, discount, q_t, q_t)).mean();
    };
    torch::Tensor variable = q_tm1.clone().set_requires_grad(true);
    value(variable).backward();

    const double h = 1e-6;
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        torch::Tensor up = q_tm1.clone();
        torch::Tensor down = q_tm1.clone();
        up[i][j] += h;
        down[i][j] -= h;
        const double slope = (value(up).item<double>() - value(down).item<double>()) / (2 * h);
        EXPECT_NEAR(variable.grad()[i][j].item<double>(), slope, 1e-8);
      }
    }
  }
}

// oracle: the definition: no gradient into the target network
TEST(QLearningLoss, TargetTakesNoGradient) {
  const torch::Tensor q_t = torch::ones({2, 3}).set_requires_grad(true);
  const torch::Tensor q_tm1 = torch::zeros({2, 3}).set_requires_grad(true);
  squared_loss(q_learning_td_error(q_tm1, torch::zeros({2}, torch::kInt64), torch::ones({2}),
                                   torch::ones({2}), q_t, q_t))
      .sum()
      .backward();
  EXPECT_FALSE(q_t.grad().defined());
  EXPECT_TRUE(q_tm1.grad().defined());
}

// oracle: rlax 0.1.9, tests/oracles/rlax_losses.py
TEST(DoubleQLearning, EqualsRlax) {
  auto data = golden_tensors("rlax_losses");
  EXPECT_LE(
      relative_error(q_learning_td_error(data["q_tm1"], data["a_tm1"], data["r_t"],
                                         data["discount_t"], data["q_t"], data["q_t_selector"]),
                     data["double_q.td_error"]),
      1e-5);
}

// oracle: rlax 0.1.9 put together as in DQN Zoo's prioritized agent, tests/oracles/rlax_losses.py
TEST(ClippedGradientLoss, EqualsDqnZoos) {
  auto data = golden_tensors("rlax_losses");
  torch::Tensor q_tm1 = data["big_q_tm1"].clone().set_requires_grad(true);
  const torch::Tensor td_error = q_learning_td_error(
      q_tm1, data["a_tm1"], data["r_t"], data["discount_t"], data["q_t"], data["q_t_selector"]);
  const torch::Tensor loss = (clipped_gradient_loss(td_error) * data["weights"]).mean();
  loss.backward();
  EXPECT_LE(relative_error(loss.reshape(1), data["clipped_gradient.loss"]), 1e-5);
  EXPECT_LE(relative_error(q_tm1.grad(), data["clipped_gradient.gradient"]), 1e-5);

  // some are clipped and some are not
  const torch::Tensor sizes = q_tm1.grad().abs().sum(1);
  EXPECT_TRUE((sizes == 0.125).any().item<bool>());
  EXPECT_TRUE((sizes < 0.125).any().item<bool>());
}

}  // namespace
}  // namespace accumbens
