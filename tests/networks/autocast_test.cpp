#include "accumbens/networks/autocast.h"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <memory>
#include <stdexcept>

#include "accumbens/networks/classic_control.h"
#include "accumbens/networks/fourier.h"
#include "accumbens/networks/nature_dqn.h"

namespace accumbens {
namespace {

torch::Tensor rounded(const torch::Tensor& x) {
  return x.to(torch::kBFloat16).to(torch::kFloat32);
}

torch::Tensor frames(int64_t batch_size) {
  torch::manual_seed(1);
  return torch::randint(0, 256, {batch_size, 4, 84, 84}, torch::kUInt8);
}

std::shared_ptr<NatureDqnNetwork> nature_network(HeadSpec head = {}) {
  RandomStream random(1, "initialization");
  head.num_actions = 6;
  return std::make_shared<NatureDqnNetwork>(NatureDqnOptions{}, 4, 84, 84, head, random);
}

bool on() {
  return at::autocast::is_autocast_enabled(torch::kCPU);
}

// oracle: float32 products of rounded numbers, rounded once more
TEST(Autocast, ProductsAreThoseOfRoundedNumbers) {
  torch::set_num_threads(1);
  torch::manual_seed(1);
  const torch::Tensor x = torch::randn({5, 64}), weight = torch::randn({7, 64});
  const Autocast products(torch::kCPU, torch::kBFloat16);
  const torch::Tensor y = torch::linear(x, weight);
  EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
  const torch::Tensor expected =
      rounded(x).to(torch::kFloat64).mm(rounded(weight).to(torch::kFloat64).t());

  // half a unit in the last of eight digits, and what float32 sums lose
  EXPECT_TRUE(
      torch::allclose(y.to(torch::kFloat64), expected, /*rtol=*/1.0 / 256.0, /*atol=*/1e-5));
  EXPECT_FALSE(torch::equal(y.to(torch::kFloat32), expected.to(torch::kFloat32)));
}

// oracle: twice the weights make twice the outputs
TEST(Autocast, SeesWeightsThatChangedBetweenScopes) {
  torch::set_num_threads(1);
  torch::manual_seed(1);
  const torch::Tensor x = torch::randn({5, 64}), weight = torch::randn({7, 64}).requires_grad_();
  const auto product = [&] {
    const Autocast products(torch::kCPU, torch::kBFloat16);
    return torch::linear(x, weight).detach();
  };
  const torch::Tensor y = product();
  {
    const torch::NoGradGuard no_grad;
    weight.mul_(2.0);
  }
  EXPECT_TRUE(torch::equal(product(), 2.0 * y));
}

// oracle: the state before; also where an exception ends the scope
TEST(Autocast, EndsWithItsScope) {
  at::autocast::set_autocast_cache_enabled(true);
  const auto type = at::autocast::get_autocast_dtype(torch::kCPU);
  EXPECT_FALSE(on());
  try {
    const Autocast products(torch::kCPU, torch::kBFloat16);
    EXPECT_TRUE(on());
    {
      const Autocast exact(torch::kCPU, torch::kFloat32);
      EXPECT_FALSE(on());
    }
    EXPECT_TRUE(on());
    throw std::runtime_error("stop");
  } catch (const std::runtime_error&) {
    EXPECT_FALSE(on());
  }
  EXPECT_TRUE(at::autocast::is_autocast_cache_enabled());
  EXPECT_EQ(at::autocast::get_autocast_dtype(torch::kCPU), type);
}

// oracle: the last layer by hand in double precision, from the hidden units that a network without
// it has; bfloat16 values would differ in the third digit
TEST(Autocast, ValuesOfANetworkHaveAllTheirDigits) {
  torch::set_num_threads(1);
  const torch::NoGradGuard no_grad;
  const auto network = nature_network();
  auto parameters = network->named_parameters();
  const torch::Tensor s = frames(3);

  // with the identity as the last layer the values are the hidden units
  const torch::Tensor weight = parameters["head.output.weight"].clone();  // [6, 512]
  torch::Tensor hidden = torch::empty({3, 512});
  const Autocast products(torch::kCPU, torch::kBFloat16);
  for (int64_t unit = 0; unit + 6 <= 512; unit += 6) {
    parameters["head.output.weight"].zero_();
    parameters["head.output.weight"].narrow(1, unit, 6).fill_diagonal_(1.0);
    hidden.narrow(1, unit, 6).copy_(network->forward(s).q_values);
  }
  const torch::Tensor seen = hidden.narrow(1, 0, 510);
  EXPECT_TRUE(torch::equal(seen, rounded(seen)));
  EXPECT_GT(seen.max().item<double>(), 0.1);

  parameters["head.output.weight"].copy_(weight);
  parameters["head.output.weight"].narrow(1, 510, 2).zero_();
  const torch::Tensor q = network->forward(s).q_values;
  EXPECT_EQ(q.scalar_type(), torch::kFloat32);
  const torch::Tensor expected =
      seen.to(torch::kFloat64).mm(weight.narrow(1, 0, 510).to(torch::kFloat64).t());
  EXPECT_LT((q - expected).abs().max().item<double>(), 1e-6);
  EXPECT_GT((rounded(q) - expected).abs().max().item<double>(), 1e-5);
}

// oracle: the directions of float32's gradients
TEST(Autocast, GradientsReachEveryWeightAfterAPassWithoutGradients) {
  torch::set_num_threads(1);
  using Kind = HeadSpec::Kind;
  for (const HeadSpec& head : {HeadSpec{}, HeadSpec{.dueling = true, .separate_streams = true},
                               HeadSpec{.kind = Kind::kImplicitQuantile}}) {
    const auto network = nature_network(head);
    const torch::Tensor s = frames(4), taus = torch::rand({4, 8});
    const auto values = [&] {
      return head.kind == Kind::kImplicitQuantile ? network->forward_at(s, taus).q_values
                                                  : network->forward(s).q_values;
    };
    const auto gradients = [&](torch::ScalarType type) {
      network->zero_grad();
      torch::Tensor loss;
      {
        const Autocast products(torch::kCPU, type);
        {
          const torch::NoGradGuard no_grad;
          values();
        }
        loss = (values() - 1.0).square().mean();
      }
      loss.backward();
      std::vector<torch::Tensor> of_each;
      for (const torch::Tensor& parameter : network->parameters()) {
        of_each.push_back(parameter.grad().clone());
      }
      return of_each;
    };
    const auto exact = gradients(torch::kFloat32), coarse = gradients(torch::kBFloat16);
    for (size_t i = 0; i < exact.size(); ++i) {
      EXPECT_EQ(coarse[i].scalar_type(), torch::kFloat32);
      EXPECT_FALSE(torch::equal(coarse[i], exact[i]));
      const torch::Tensor cosine =
          (coarse[i] * exact[i]).sum() / (coarse[i].norm() * exact[i].norm());
      EXPECT_GT(cosine.item<double>(), 0.99);
    }
  }
}

// oracle: the same pass in float32, bit for bit
TEST(Autocast, LeavesSmallNetworksAsTheyAre) {
  torch::set_num_threads(1);
  torch::manual_seed(1);
  const torch::Tensor s = torch::rand({5, 1, 4});
  RandomStream random(1, "initialization");
  const HeadSpec head{.num_actions = 2};
  ClassicControlDqnNetwork dense({}, 4, 1, head, random);
  FourierNetwork fourier({}, 4, 1, head, random);
  for (QNetwork* network : {static_cast<QNetwork*>(&dense), static_cast<QNetwork*>(&fourier)}) {
    const auto gradient = [&](torch::ScalarType type) {
      network->zero_grad();
      torch::Tensor q;
      {
        const Autocast products(torch::kCPU, type);
        q = network->forward(s).q_values;
      }
      q.square().sum().backward();
      return torch::cat({q.detach().flatten(), network->parameters().front().grad().flatten()});
    };
    EXPECT_TRUE(torch::equal(gradient(torch::kBFloat16), gradient(torch::kFloat32)));
  }
}

}  // namespace
}  // namespace accumbens
