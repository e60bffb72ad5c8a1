#include "accumbens/envs/atari/atari_vector_environment.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "accumbens/core/error.h"
#include "accumbens/core/random.h"
#include "accumbens/envs/factory.h"
#include "accumbens/envs/vector_environment.h"

namespace accumbens {
namespace {

constexpr int64_t kStreams = 3;

std::unique_ptr<Environment> vector_of(const std::string& game, bool sticky, int64_t num_threads) {
  return make_atari_vector_environment({.game_name = game, .sticky_actions = sticky}, {}, kStreams,
                                       num_threads, /*seed=*/1);
}

torch::Tensor actions(RandomStream& random, int64_t num_actions) {
  torch::Tensor a = torch::empty({kStreams}, torch::kInt64);
  for (int64_t b = 0; b < kStreams; ++b) a[b] = random.below(num_actions);
  return a;
}

void expect_same(const TimeStep& x, const TimeStep& y, int64_t b) {
  ASSERT_EQ(x.step_type[b], y.step_type[b]);
  ASSERT_EQ(x.reward[b], y.reward[b]);
  ASSERT_EQ(x.discount[b], y.discount[b]);
  ASSERT_TRUE(torch::equal(x.observation[b], y.observation[b]));
}

// oracle: AtariEnvironment, which is Dopamine's byte for byte; without sticky actions Pong has no
// randomness
TEST(AtariVectorEnvironment, ShowsWhatSingleEnvironmentsShow) {
  const auto vector = vector_of("Pong", /*sticky=*/false, /*num_threads=*/2);
  std::vector<std::unique_ptr<Environment>> singles;
  for (int64_t b = 0; b < kStreams; ++b) {
    singles.push_back(
        make_atari_environment({.game_name = "Pong", .sticky_actions = false}, {}, b));
  }
  VectorEnvironment reference(std::move(singles));
  EXPECT_EQ(vector->spec().batch_size, kStreams);
  EXPECT_EQ(vector->spec().num_actions, reference.spec().num_actions);
  EXPECT_EQ(vector->spec().observation_shape, reference.spec().observation_shape);

  RandomStream random(1, "actions");
  int64_t ends = 0;
  for (int step = 0; step < 3'400; ++step) {
    const torch::Tensor a = actions(random, 6);
    const TimeStep x = vector->step(a);
    TimeStep y = reference.step(a);
    for (int64_t b = 0; b < kStreams; ++b) {
      // what is shown when a game ends within a step is ale-py's own
      if (y.last(b)) y.observation[b] = x.observation[b];
      ends += y.last(b);
      expect_same(x, y, b);
    }
  }
  EXPECT_GE(ends, kStreams);
}

// oracle: one thread
TEST(AtariVectorEnvironment, ResultsDoNotDependOnTheNumberOfThreads) {
  const auto one = vector_of("Breakout", /*sticky=*/true, 1);
  const auto several = vector_of("Breakout", /*sticky=*/true, 3);
  RandomStream random(1, "actions");
  for (int step = 0; step < 300; ++step) {
    const torch::Tensor a = actions(random, 4);
    const TimeStep x = one->step(a);
    const TimeStep y = several->step(a);
    for (int64_t b = 0; b < kStreams; ++b) expect_same(x, y, b);
  }
}

// oracle: the environment whose episode was not ended, for the other streams
TEST(AtariVectorEnvironment, AnEpisodeEndsFromOutsideAndTheOthersGoOn) {
  const auto disturbed = vector_of("Pong", /*sticky=*/false, 1);
  const auto reference = vector_of("Pong", /*sticky=*/false, 1);
  RandomStream random(1, "actions");
  const torch::Tensor first = disturbed->step(actions(random, 6)).observation.clone();
  reference->step(actions(random, 6));
  for (int step = 0; step < 60; ++step) {
    const torch::Tensor a = actions(random, 6);
    if (step == 40) disturbed->end_episode(1);
    const TimeStep x = disturbed->step(a);
    const TimeStep y = reference->step(a);
    for (const int64_t b : {0, 2}) expect_same(x, y, b);
    if (step != 40) continue;
    EXPECT_TRUE(x.first(1));
    EXPECT_EQ(x.reward[1], 0);
    EXPECT_TRUE(torch::equal(x.observation[1], first[1]));
    EXPECT_FALSE(torch::equal(y.observation[1], first[1]));
  }
}

// oracle: another environment that goes on from the same state
TEST(AtariVectorEnvironment, BeginsNewGamesFromASavedState) {
  const auto whole = vector_of("Breakout", /*sticky=*/true, 1);
  RandomStream random(1, "actions");
  for (int step = 0; step < 20; ++step) whole->step(actions(random, 4));
  StateTree saved;
  whole->state(saved);

  std::vector<std::unique_ptr<Environment>> loaded;
  for (int i = 0; i < 2; ++i) {
    loaded.push_back(vector_of("Breakout", /*sticky=*/true, 1));
    StateTree tree(saved.contents());
    loaded.back()->state(tree);
  }
  for (int step = 0; step < 50; ++step) {
    const torch::Tensor a = actions(random, 4);
    const TimeStep x = loaded[0]->step(a);
    const TimeStep y = loaded[1]->step(a);
    for (int64_t b = 0; b < kStreams; ++b) {
      expect_same(x, y, b);
      EXPECT_EQ(x.first(b), step == 0);
    }
  }
}

// oracle: the documented errors
TEST(AtariVectorEnvironment, RefusesWhatItCannotFollow) {
  EXPECT_THROW(make_atari_vector_environment({}, {.preset = "dqn_zoo"}, 2, 1, 1), ConfigError);
  EXPECT_THROW(make_atari_vector_environment({}, {.observation = "ram"}, 2, 1, 1), ConfigError);
  EXPECT_THROW(make_atari_vector_environment({.use_ppo_preprocessing = true}, {}, 2, 1, 1),
               ConfigError);
  EXPECT_THROW(make_atari_vector_environment({}, {.terminal_on_life_loss = true}, 2, 1, 1),
               ConfigError);
  EXPECT_THROW(make_atari_vector_environment({.game_name = "Pongg"}, {}, 2, 1, 1), ConfigError);
  const auto pong = vector_of("Pong", false, 1);
  pong->step(torch::zeros({kStreams}, torch::kInt64));
  EXPECT_THROW(pong->step(torch::full({kStreams}, 6, torch::kInt64)), Error);
  EXPECT_THROW(pong->step(torch::zeros({2}, torch::kInt64)), Error);
}

}  // namespace
}  // namespace accumbens
