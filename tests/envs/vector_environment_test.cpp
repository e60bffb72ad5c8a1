#include "accumbens/envs/vector_environment.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "accumbens/core/random.h"
#include "accumbens/envs/classic_control/cart_pole.h"

namespace accumbens {
namespace {

constexpr int64_t kStreams = 3;

std::unique_ptr<Environment> cart_pole(int64_t stream) {
  return std::make_unique<CartPole>(/*max_episode_steps=*/30, /*seed=*/7 + stream);
}

VectorEnvironment three() {
  std::vector<std::unique_ptr<Environment>> environments;
  for (int64_t b = 0; b < kStreams; ++b) environments.push_back(cart_pole(b));
  return VectorEnvironment(std::move(environments));
}

torch::Tensor actions(RandomStream& random) {
  torch::Tensor a = torch::empty({kStreams}, torch::kInt64);
  for (int64_t b = 0; b < kStreams; ++b) a[b] = random.below(2);
  return a;
}

// oracle: each environment by itself
TEST(VectorEnvironment, EachStreamIsTheEnvironmentByItself) {
  VectorEnvironment together = three();
  EXPECT_EQ(together.spec().batch_size, kStreams);
  std::vector<std::unique_ptr<Environment>> alone;
  for (int64_t b = 0; b < kStreams; ++b) alone.push_back(cart_pole(b));

  RandomStream random(1, "actions");
  for (int step = 0; step < 500; ++step) {
    if (step % 70 == 50) {
      together.end_episode(1);
      alone[1]->end_episode(0);
    }
    const torch::Tensor a = actions(random);
    const TimeStep all = together.step(a);
    ASSERT_EQ(all.batch_size(), kStreams);
    for (int64_t b = 0; b < kStreams; ++b) {
      const TimeStep one = alone[b]->step(a.narrow(0, b, 1));
      ASSERT_EQ(all.step_type[b], one.step_type[0]) << step;
      ASSERT_EQ(all.reward[b], one.reward[0]);
      ASSERT_EQ(all.discount[b], one.discount[0]);
      ASSERT_TRUE(torch::equal(all.observation[b], one.observation[0]));
    }
  }
}

// oracle: the uninterrupted environment
TEST(VectorEnvironment, GoesOnExactlyFromItsState) {
  VectorEnvironment whole = three();
  RandomStream random(1, "actions");
  for (int step = 0; step < 100; ++step) whole.step(actions(random));
  StateTree saved;
  whole.state(saved);
  VectorEnvironment loaded = three();
  StateTree tree(saved.contents());
  loaded.state(tree);
  for (int step = 0; step < 200; ++step) {
    const torch::Tensor a = actions(random);
    const TimeStep x = whole.step(a);
    const TimeStep y = loaded.step(a);
    ASSERT_EQ(x.step_type, y.step_type);
    ASSERT_TRUE(torch::equal(x.observation, y.observation));
  }
}

}  // namespace
}  // namespace accumbens
