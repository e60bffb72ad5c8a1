#include "accumbens/networks/optimizer.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/core/error.h"
#include "golden_tensors.h"

namespace accumbens {
namespace {

struct Case {
  std::string name;
  std::string optimizer;
  OptimizerOptions options;
};

// gtest would print its bytes, addresses included, behind the test's name
void PrintTo(const Case& param, std::ostream* out) {
  *out << param.name;
}

// oracle: optax 0.2.3 through Dopamine's create_optimizer, tests/oracles/optimizer_steps.py
class OptaxSteps : public testing::TestWithParam<Case> {
 protected:
  const std::map<std::string, torch::Tensor> golden_ = golden_tensors("optimizer_steps");
};

// a loss whose gradient is the given one
torch::Tensor loss_with_gradient(const torch::Tensor& parameter, const torch::Tensor& gradient) {
  return (parameter * gradient).sum();
}

TEST_P(OptaxSteps, AreTheSame) {
  const auto& [name, optimizer_name, options] = GetParam();
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const bool wide = dtype == torch::kFloat64;

    // optax anneals the learning rate in float32 even where all else is float64
    const double tolerance = !wide ? 2e-6 : options.anneal_learning_rate ? 1e-9 : 1e-12;
    torch::Tensor parameter = golden_.at("initial").to(dtype, false, true).set_requires_grad(true);
    Optimizer optimizer(optimizer_name, options, {parameter});
    const torch::Tensor& expected = golden_.at(name + (wide ? ".float64" : ".float32"));
    for (int64_t step = 0; step < 10; ++step) {
      optimizer.minimize(loss_with_gradient(parameter, golden_.at("gradients")[step].to(dtype)));
      EXPECT_TRUE(torch::allclose(parameter, expected[step], /*rtol=*/0, tolerance))
          << "step " << step << " differs by "
          << (parameter - expected[step]).abs().max().item<double>();
    }
  }
}

// oracle: Kingma & Ba (2015), the order of computation at the end of section 2, written out
TEST(Optimizer, AddsEpsHatBeforeTheBiasIsCorrected) {
  const OptimizerOptions options{
      .learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.97, .eps = 0.05, .eps_hat = true};
  torch::Tensor parameter = torch::tensor({1.0}, torch::kFloat64).set_requires_grad(true);
  Optimizer optimizer("adam", options, {parameter});
  double theta = 1.0;
  double m = 0;
  double v = 0;
  for (int t = 1; t <= 20; ++t) {
    const double gradient = std::sin(t);
    optimizer.minimize(loss_with_gradient(parameter, torch::tensor({gradient}, torch::kFloat64)));
    m = 0.8 * m + 0.2 * gradient;
    v = 0.97 * v + 0.03 * gradient * gradient;
    const double alpha = 0.01 * std::sqrt(1 - std::pow(0.97, t)) / (1 - std::pow(0.8, t));
    theta -= alpha * m / (std::sqrt(v) + 0.05);
    EXPECT_NEAR(parameter.item<double>(), theta, 1e-12) << t;
  }
}

// oracle: TensorFlow's RMSProp with momentum, written out; halfway another goes on from its state
TEST(Optimizer, RmsPropsMomentumCarriesStepsOn) {
  const OptimizerOptions options{
      .learning_rate = 0.01, .beta2 = 0.95, .eps = 1e-4, .centered = true, .momentum = 0.9};
  torch::Tensor parameter = torch::tensor({1.0}, torch::kFloat64).set_requires_grad(true);
  auto optimizer = std::make_unique<Optimizer>("rmsprop", options, std::vector{parameter});
  double theta = 1.0;
  double m = 0;
  double v = 0;
  double move = 0;
  for (int t = 1; t <= 20; ++t) {
    if (t == 10) {
      StateTree saved;
      saved("optimizer", *optimizer);
      StateTree loaded(saved.contents());
      optimizer = std::make_unique<Optimizer>("rmsprop", options, std::vector{parameter});
      loaded("optimizer", *optimizer);
    }
    const double gradient = std::sin(t);
    optimizer->minimize(loss_with_gradient(parameter, torch::tensor({gradient}, torch::kFloat64)));
    m = 0.95 * m + 0.05 * gradient;
    v = 0.95 * v + 0.05 * gradient * gradient;
    move = 0.9 * move - 0.01 * gradient / std::sqrt(v - m * m + 1e-4);
    theta += move;
    EXPECT_NEAR(parameter.item<double>(), theta, 1e-12) << t;
  }
}

// oracle: the same in double precision, which is computed operation by operation; a length that no
// number of threads or lanes divides
TEST(Optimizer, RmsPropInOnePassEqualsItsOperations) {
  torch::manual_seed(1);
  for (const bool centered : {false, true}) {
    for (const double momentum : {0.0, 0.9}) {
      const OptimizerOptions options{.learning_rate = 0.01,
                                     .beta2 = 0.95,
                                     .eps = 1e-4,
                                     .centered = centered,
                                     .momentum = momentum};
      torch::Tensor single = torch::randn({100'003}).set_requires_grad(true);
      torch::Tensor precise = single.detach().to(torch::kFloat64).set_requires_grad(true);
      Optimizer fast("rmsprop", options, {single});
      Optimizer slow("rmsprop", options, {precise});
      for (int t = 0; t < 10; ++t) {
        const torch::Tensor gradient = torch::randn({100'003});
        fast.minimize(loss_with_gradient(single, gradient));
        slow.minimize(loss_with_gradient(precise, gradient.to(torch::kFloat64)));
      }
      EXPECT_TRUE(torch::allclose(single.to(torch::kFloat64), precise, 1e-5, 1e-5))
          << centered << " " << momentum;
    }
  }
}

// oracle: the formula in exact numbers: the variance of a gradient that stays the same falls to 0,
// so that a step is rate * g / sqrt(eps); rounding, which leaves every other variance above 0 and
// would push the rest far below, may only shorten it
TEST(Optimizer, ACentredVarianceThatIsRoundedBelowZeroCountsAsZero) {
  torch::set_num_threads(1);
  torch::manual_seed(1);
  const OptimizerOptions options{
      .learning_rate = 0.01, .beta2 = 0.9, .eps = 1e-5, .centered = true};
  struct Path {
    std::string name;
    torch::ScalarType dtype;
    bool dense;
    double size;  // of gradients
  };
  for (const auto& [name, dtype, dense, size] :
       {Path{"in one pass", torch::kFloat32, true, 1e3},
        Path{"tensor by tensor", torch::kFloat32, false, 1e3},
        Path{"in double precision", torch::kFloat64, true, 1e7}}) {
    constexpr int64_t kNumbers = 1000;
    torch::Tensor whole = torch::zeros({kNumbers, 2}, dtype);
    torch::Tensor parameter = (dense ? whole.flatten().narrow(0, 0, kNumbers) : whole.select(1, 0))
                                  .detach()
                                  .set_requires_grad(true);
    const torch::Tensor gradient = size * (1.0 + torch::rand({kNumbers}, torch::kFloat64));
    Optimizer optimizer("rmsprop", options, {parameter});
    for (int update = 0; update < 600; ++update) {
      {
        const torch::NoGradGuard no_grad;
        parameter.zero_();
      }
      optimizer.minimize(loss_with_gradient(parameter, gradient.to(dtype)));
    }
    const torch::Tensor longest = 0.01 * gradient / std::sqrt(1e-5);
    const torch::Tensor share = -parameter.detach().to(torch::kFloat64) / longest;
    EXPECT_TRUE(share.isfinite().all().item<bool>()) << name;
    EXPECT_GT(share.min().item<double>(), 0.0) << name;
    EXPECT_LE(share.max().item<double>(), 1.0 + 1e-5) << name;

    // a variance of 0 is no rare thing
    EXPECT_GT((share > 1.0 - 1e-5).sum().item<int64_t>(), kNumbers / 7) << name;
  }
}

// oracle: the uninterrupted optimizer
TEST_P(OptaxSteps, ContinueTheSameAfterSaving) {
  const auto& [name, optimizer_name, options] = GetParam();
  const torch::Tensor& gradients = golden_.at("gradients");
  torch::Tensor parameter = golden_.at("initial").clone().set_requires_grad(true);
  Optimizer optimizer(optimizer_name, options, {parameter});
  for (int64_t step = 0; step < 4; ++step) {
    optimizer.minimize(loss_with_gradient(parameter, gradients[step]));
  }

  StateTree saved;
  saved("optimizer", optimizer);
  torch::Tensor copy = parameter.detach().clone().set_requires_grad(true);
  Optimizer loaded(optimizer_name, options, {copy});
  StateTree tree(saved.contents());
  tree("optimizer", loaded);
  EXPECT_DOUBLE_EQ(loaded.gradient_norm(), optimizer.gradient_norm());
  for (int64_t step = 4; step < 10; ++step) {
    optimizer.minimize(loss_with_gradient(parameter, gradients[step]));
    loaded.minimize(loss_with_gradient(copy, gradients[step]));
    EXPECT_TRUE(torch::equal(parameter, copy));
  }
}

INSTANTIATE_TEST_SUITE_P(
    , OptaxSteps,
    testing::Values(Case{"adam", "adam", {.learning_rate = 0.01, .eps = 1.5e-4}},
                    Case{"adam_annealed",
                         "adam",
                         {.learning_rate = 0.01,
                          .eps = 1.5e-4,
                          .anneal_learning_rate = true,
                          .anneal_steps = 8}},
                    Case{"rmsprop_centered",
                         "rmsprop",
                         {.learning_rate = 0.01, .beta2 = 0.95, .eps = 1e-5, .centered = true}},
                    Case{"rmsprop", "rmsprop", {.learning_rate = 0.01, .beta2 = 0.95, .eps = 1e-5}},
                    Case{"sgd", "sgd", {.learning_rate = 0.01}}),
    [](const auto& info) { return info.param.name; });

TEST(Optimizer, RefusesAnUnknownName) {
  EXPECT_THROW(Optimizer("adamw", {}, {torch::zeros({1})}), ConfigError);
}

// oracle: closed form, the norm of (3, 4)
TEST(Optimizer, GradientNormIsGlobal) {
  torch::Tensor a = torch::zeros({1}).set_requires_grad(true);
  torch::Tensor b = torch::zeros({1}).set_requires_grad(true);
  Optimizer optimizer("sgd", {}, {a, b});
  optimizer.minimize((3.0 * a + 4.0 * b).sum());
  EXPECT_DOUBLE_EQ(optimizer.gradient_norm(), 5.0);
}

// oracle: the same without the parameter that no loss reaches, which stays where it is
TEST(Optimizer, AParameterThatTheLossDoesNotReachStays) {
  for (const std::string name : {"adam", "rmsprop", "sgd"}) {
    torch::Tensor a = torch::ones({2}).set_requires_grad(true), alone = a.detach().clone();
    torch::Tensor unused = torch::ones({2}).set_requires_grad(true), frozen = torch::ones({2});
    alone.set_requires_grad(true);
    Optimizer optimizer(name, {}, {a, unused, frozen}), expected(name, {}, {alone});
    for (int step = 0; step < 3; ++step) {
      optimizer.minimize(a.square().sum());
      expected.minimize(alone.square().sum());
    }
    EXPECT_TRUE(torch::equal(a, alone)) << name;
    EXPECT_FALSE(torch::equal(a, torch::ones({2}))) << name;
    EXPECT_TRUE(torch::equal(unused, torch::ones({2}))) << name;
    EXPECT_TRUE(torch::equal(frozen, torch::ones({2}))) << name;
    EXPECT_EQ(optimizer.gradient_norm(), expected.gradient_norm()) << name;
  }
}

// oracle: a step of gradient descent along the gradient (3, 4), whose norm is 5
TEST(Optimizer, ShortensAGradientToTheGreatestNorm) {
  for (const double max_norm : {1.0, 5.5}) {
    torch::Tensor x = torch::zeros({1}).set_requires_grad(true);
    torch::Tensor y = torch::zeros({1}).set_requires_grad(true);
    Optimizer optimizer("sgd", {.learning_rate = 1.0, .max_gradient_norm = max_norm}, {x, y});
    optimizer.minimize((3 * x + 4 * y).sum());
    const double length = std::min(max_norm, 5.0);
    EXPECT_NEAR(x.item<double>(), -length * 0.6, 1e-6);
    EXPECT_NEAR(y.item<double>(), -length * 0.8, 1e-6);
    EXPECT_NEAR(optimizer.gradient_norm(), 5.0, 1e-6);
  }
}

// oracle: the definitions, number by number, in the order that is asked for; the norm is that of
// the gradient as it came
TEST(Optimizer, TransformsGradientsInOrder) {
  const auto moved = [](const std::vector<GradientTransform>& transforms) {
    torch::Tensor x = torch::tensor({1.0, -2.0}, torch::kFloat64).set_requires_grad(true);
    torch::Tensor y = torch::tensor({3.0}, torch::kFloat64).set_requires_grad(true);
    Optimizer optimizer("sgd", {.learning_rate = 1.0}, {x, y}, {.transforms = transforms});
    optimizer.minimize((torch::tensor({2.0, -3.0}, torch::kFloat64) * x).sum() + (6 * y).sum());
    EXPECT_NEAR(optimizer.gradient_norm(), 7.0, 1e-12);
    return std::vector<double>{1.0 - x[0].item<double>(), -2.0 - x[1].item<double>(),
                               3.0 - y[0].item<double>()};
  };
  const auto expect = [&](const std::vector<GradientTransform>& transforms,
                          const std::vector<double>& expected) {
    const std::vector<double> steps = moved(transforms);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(steps[i], expected[i], 1e-12) << i;
  };
  expect({}, {2.0, -3.0, 6.0});
  expect({clip_by_global_norm(3.5)}, {1.0, -1.5, 3.0});
  expect({clip_by_global_norm(7.5)}, {2.0, -3.0, 6.0});
  expect({clip_by_value(2.5)}, {2.0, -2.5, 2.5});
  expect({add_weight_decay(0.5)}, {2.5, -4.0, 7.5});
  expect({clip_by_value(2.5), add_weight_decay(0.5)}, {2.5, -3.5, 4.0});
  expect({add_weight_decay(0.5), clip_by_value(2.5)}, {2.5, -2.5, 2.5});
}

// oracle: closed forms; by a gradient of 1, plain SGD moves by the learning rate
TEST(Optimizer, FollowsTheScheduleOfItsLearningRate) {
  const auto moves = [](const Schedule& schedule) {
    torch::Tensor x = torch::zeros({}, torch::dtype(torch::kFloat64).requires_grad(true));
    Optimizer optimizer("sgd", {.learning_rate = 0.5}, {x}, {.learning_rate = schedule});
    std::vector<double> moved;
    for (int update = 0; update < 7; ++update) {
      const double before = x.item<double>();
      optimizer.minimize(x);
      moved.push_back(before - x.item<double>());
    }
    return moved;
  };
  const double root = std::sqrt(0.5);
  const std::vector<std::tuple<std::string, Schedule, std::vector<double>>> expected = {
      {"none", nullptr, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}},
      {"linear", linear_decay(4), {0.5, 0.375, 0.25, 0.125, 0, 0, 0}},
      {"cosine", cosine_decay(4), {0.5, 0.25 * (1 + root), 0.25, 0.25 * (1 - root), 0, 0, 0}},
      {"exponential",
       exponential_decay(4, 0.25),
       {0.5, 0.5 * root, 0.25, 0.25 * root, 0.125, 0.125 * root, 0.0625}}};
  for (const auto& [name, schedule, rates] : expected) {
    const std::vector<double> moved = moves(schedule);
    for (size_t i = 0; i < rates.size(); ++i) EXPECT_NEAR(moved[i], rates[i], 1e-12) << name;
  }
}

}  // namespace
}  // namespace accumbens
