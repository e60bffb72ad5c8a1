#include "accumbens/replay/frame_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "accumbens/core/error.h"
#include "accumbens/replay/replay.h"
#include "replay/episodes.h"

namespace accumbens {
namespace {

// oracle: the stacks of Replay, which have a brute-force twin of their own
TEST(FrameStack, ActsOnWhatReplayLearnsFrom) {
  for (const auto padding : {StackPadding::kLeadingZeros, StackPadding::kTrailingZeros}) {
    for (const int64_t stack_size : {1, 4}) {
      const ReplaySpec spec{.observation_shape = {2, 3},
                            .stack_size = stack_size,
                            .padding = padding,
                            .num_streams = 3};
      Replay replay({}, spec);
      FrameStack stack(spec);
      RandomEpisodes episodes(spec, "episodes");
      std::vector<torch::Tensor> pushed;
      for (int step = 0; step < 200; ++step) {
        const TimeStep time_step = episodes.next();
        replay.append(time_step, episodes.actions());
        pushed.push_back(stack.push(time_step));
      }

      int64_t compared = 0;
      for (int64_t id = 0; id < 3 * 200; ++id) {
        if (!replay.contains(id)) continue;
        const Batch batch = replay.get({id});
        ASSERT_TRUE(batch.s_tm1[0].equal(pushed[id / 3][id % 3])) << "id " << id;
        ASSERT_TRUE(batch.s_t[0].equal(pushed[id / 3 + 1][id % 3])) << "id " << id;
        ++compared;
      }
      EXPECT_EQ(compared, replay.size());
      EXPECT_GT(compared, 300);
    }
  }
}

// oracle: the stack that was never saved
TEST(FrameStack, ContinuesIdenticallyFromItsSavedState) {
  const ReplaySpec spec{.observation_shape = {2}, .stack_size = 4, .num_streams = 2};
  for (const auto padding : {StackPadding::kLeadingZeros, StackPadding::kTrailingZeros}) {
    ReplaySpec padded = spec;
    padded.padding = padding;
    FrameStack stack(padded);
    RandomEpisodes episodes(padded, "episodes");
    for (int step = 0; step < 100; ++step) {
      StateTree saved;
      stack.state(saved);
      FrameStack loaded(padded);
      StateTree tree(saved.contents());
      loaded.state(tree);
      const TimeStep time_step = episodes.next();
      ASSERT_TRUE(loaded.push(time_step).equal(stack.push(time_step)));
    }
  }
}

TEST(FrameStack, RefusesObservationsOfAnotherShape) {
  FrameStack stack({.observation_shape = {2}, .num_streams = 1});
  RandomEpisodes episodes({.observation_shape = {3}, .num_streams = 1}, "episodes");
  EXPECT_THAT([&] { stack.push(episodes.next()); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("[1, 3]")));
}

}  // namespace
}  // namespace accumbens
