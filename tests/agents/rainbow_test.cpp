#include "accumbens/agents/rainbow.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "accumbens/networks/classic_control.h"
#include "agents/dqn_parts.h"

namespace accumbens {
namespace {

// lets a test look at what an update learns from
struct OpenAgent final : RainbowAgent {
  using RainbowAgent::RainbowAgent;
  std::pair<torch::Tensor, torch::Tensor> losses_and_priorities(const Batch& batch) {
    const Losses result = losses(batch);
    return {result.losses.detach(), result.priorities};
  }
};

// an agent of two actions on observations of two numbers, with its weights scaled
std::unique_ptr<OpenAgent> make_agent(const std::string& priority, double scale) {
  RainbowOptions options;
  options.priority = priority;
  options.stack_size = 1;
  const ReplaySpec spec{.observation_shape = {2},
                        .observation_dtype = torch::kFloat32,
                        .stack_size = 1,
                        .gamma = options.gamma};
  RandomStream random(1, "initialization");
  const auto network = [&] {
    auto made = std::make_shared<ClassicControlDqnNetwork>(
        ClassicControlDqnOptions{.hidden_units = 8}, 2, 1, options.head(2), random);
    const torch::NoGradGuard no_grad;
    for (auto& parameter : made->parameters()) parameter.mul_(scale);
    return made;
  };
  const auto online = network();
  return std::make_unique<OpenAgent>(
      options, /*batch_size=*/8, /*num_actions=*/2, torch::kCPU,
      dqn_parts(online, network(), Optimizer("adam", {}, online->parameters()),
                Replay({.max_capacity = 100, .batch_size = 8}, spec), spec));
}

// oracle: Dopamine's sqrt(loss + 1e-10), DQN Zoo's clip(|loss|, 0, 100)
TEST(RainbowAgent, PrioritiesAreRootsOrClippedLosses) {
  const Batch batch{.s_tm1 = torch::linspace(-1, 1, 16).view({8, 1, 2}),
                    .a_tm1 = torch::tensor({0, 1, 0, 1, 0, 1, 0, 1}),
                    .r_t = torch::linspace(-9, 9, 8),
                    .discount_t = torch::zeros({8}),
                    .s_t = torch::zeros({8, 1, 2}),
                    .ids = {},
                    .probabilities = {}};
  const auto [losses, roots] = make_agent("root_of_loss", 1.0)->losses_and_priorities(batch);
  EXPECT_TRUE(torch::allclose(roots.square(), losses + 1e-10));

  const auto [small, same] = make_agent("clipped_loss", 1.0)->losses_and_priorities(batch);
  EXPECT_TRUE(torch::equal(small, same));

  const auto [great, clipped] = make_agent("clipped_loss", 100.0)->losses_and_priorities(batch);
  EXPECT_GT(great.max().item<float>(), 100.0F);
  EXPECT_TRUE(torch::equal(clipped, great.clamp_max(100.0)));
}

}  // namespace
}  // namespace accumbens
