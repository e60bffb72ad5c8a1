#include "accumbens/replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>

#include "accumbens/core/error.h"
#include "replay/episodes.h"

namespace accumbens {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// frames of one number, so that a stack reads as a list
ReplaySpec number_spec(int64_t stack_size, int64_t update_horizon) {
  return {.observation_shape = {},
          .observation_dtype = torch::kFloat32,
          .stack_size = stack_size,
          .update_horizon = update_horizon,
          .gamma = 0.5};
}

TimeStep number_step(StepType type, float observation, float reward = 0, float discount = 1) {
  return {.step_type = {type},
          .reward = {reward},
          .discount = {discount},
          .lost_life = {0},
          .observation = torch::tensor({observation})};
}

void append(Replay& replay, const TimeStep& time_step, int64_t action = 0) {
  replay.append(time_step, torch::tensor({action}));
  ASSERT_EQ(replay.check_valid(), std::nullopt);
}

std::vector<int64_t> ids_of(const Replay& replay, int64_t end = 10'000) {
  std::vector<int64_t> ids;
  for (int64_t id = 0; id < end; ++id) {
    if (replay.contains(id)) ids.push_back(id);
  }
  return ids;
}

std::vector<float> floats(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.to(torch::kFloat32).contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

// saves, and loads the result into a new replay
std::unique_ptr<Replay> saved_and_loaded(Replay& replay, const ReplayOptions& options,
                                         const ReplaySpec& spec,
                                         StateTree::Contents* contents = nullptr) {
  StateTree saved;
  replay.state(saved);
  if (contents != nullptr) *contents = saved.contents();
  auto loaded = std::make_unique<Replay>(options, spec);
  StateTree tree(saved.contents());
  loaded->state(tree);
  return loaded;
}

// Everything that ever happened, as lists of episodes; all transitions by definition.
class Twin {
 public:
  struct Transition {
    std::vector<float> s_tm1;
    int64_t a_tm1 = 0;
    float r_t = 0;
    float discount_t = 0;
    std::vector<float> s_t;
  };

  Twin(const ReplayOptions& options, const ReplaySpec& spec)
      : options_(options), spec_(spec), streams_(spec.num_streams) {}

  void append(const TimeStep& time_step, const torch::Tensor& actions) {
    for (int64_t b = 0; b < spec_.num_streams; ++b) {
      auto& episodes = streams_[b];
      if (time_step.first(b)) {
        if (!episodes.empty()) episodes.back().ended = true;
        episodes.push_back({.start = row_});
      } else {
        episodes.back().actions.push_back(actions[b].item<int64_t>());
        episodes.back().rewards.push_back(time_step.reward[b]);
        episodes.back().discounts.push_back(time_step.discount[b]);
        episodes.back().ended = time_step.last(b);
      }
      episodes.back().frames.push_back(floats(time_step.observation[b]));
    }
    ++row_;
  }

  int64_t rows() const { return row_; }

  int64_t added() const {
    int64_t count = 0;
    for (const auto& episodes : streams_) {
      for (const Episode& episode : episodes) count += std::ssize(episode.actions);
    }
    return count;
  }

  // the newest `max_capacity` of the transitions whose window is known
  std::map<int64_t, Transition> transitions(bool contents) const {
    std::map<int64_t, Transition> all;
    for (int64_t b = 0; b < spec_.num_streams; ++b) {
      for (const Episode& episode : streams_[b]) {
        const int64_t length = std::ssize(episode.actions);
        for (int64_t i = 0; i < length; ++i) {
          if (!episode.ended && i + spec_.update_horizon > length) continue;
          const int64_t id = (episode.start + i) * spec_.num_streams + b;
          all[id] = contents ? transition(episode, i) : Transition{};
        }
      }
    }
    while (std::ssize(all) > options_.max_capacity) all.erase(all.begin());
    return all;
  }

 private:
  struct Episode {
    int64_t start = 0;
    std::vector<std::vector<float>> frames{};
    std::vector<int64_t> actions{};
    std::vector<float> rewards{};
    std::vector<float> discounts{};
    bool ended = false;
  };

  Transition transition(const Episode& episode, int64_t i) const {
    // k = min(n, steps to the end, steps to the first zero discount)
    int64_t k = std::min(spec_.update_horizon, std::ssize(episode.actions) - i);
    for (int64_t j = k - 1; j >= 0; --j) {
      if (episode.discounts[i + j] == 0) k = j + 1;
    }

    // backwards: G_j = r_j + gamma * discount_j * G_j+1
    double r_t = 0;
    double discount_t = 1;
    for (int64_t j = k - 1; j >= 0; --j) {
      r_t = episode.rewards[i + j] + spec_.gamma * episode.discounts[i + j] * r_t;
      discount_t *= spec_.gamma * episode.discounts[i + j];
    }
    return {.s_tm1 = stack(episode, i),
            .a_tm1 = episode.actions[i],
            .r_t = static_cast<float>(r_t),
            .discount_t = static_cast<float>(discount_t),
            .s_t = stack(episode, i + k)};
  }

  std::vector<float> stack(const Episode& episode, int64_t i) const {
    std::vector<std::vector<float>> frames;
    for (int64_t j = std::max<int64_t>(0, i - spec_.stack_size + 1); j <= i; ++j) {
      frames.push_back(episode.frames[j]);
    }
    const std::vector<float> zero(frames[0].size(), 0.0F);
    while (std::ssize(frames) < spec_.stack_size) {
      frames.insert(spec_.padding == StackPadding::kLeadingZeros ? frames.begin() : frames.end(),
                    zero);
    }
    std::vector<float> stack;
    for (const auto& frame : frames) stack.insert(stack.end(), frame.begin(), frame.end());
    return stack;
  }

  ReplayOptions options_;
  ReplaySpec spec_;
  std::vector<std::vector<Episode>> streams_;
  int64_t row_ = 0;
};

void expect_equal_batch(const Batch& batch, const std::map<int64_t, Twin::Transition>& expected) {
  const std::vector<float> s_tm1 = floats(batch.s_tm1);
  const std::vector<float> s_t = floats(batch.s_t);
  const auto stack_size = static_cast<int64_t>(s_tm1.size() / batch.ids.size());
  for (int64_t i = 0; i < std::ssize(batch.ids); ++i) {
    const Twin::Transition& transition = expected.at(batch.ids[i]);
    const auto stack = [&](const std::vector<float>& all) {
      return std::vector<float>(all.begin() + i * stack_size, all.begin() + (i + 1) * stack_size);
    };
    ASSERT_EQ(stack(s_tm1), transition.s_tm1) << "id " << batch.ids[i];
    ASSERT_EQ(stack(s_t), transition.s_t) << "id " << batch.ids[i];
    ASSERT_EQ(batch.a_tm1[i].item<int64_t>(), transition.a_tm1);
    ASSERT_NEAR(batch.r_t[i].item<float>(), transition.r_t, 1e-6);
    ASSERT_FLOAT_EQ(batch.discount_t[i].item<float>(), transition.discount_t);
  }
}

struct TwinCase {
  int64_t update_horizon, stack_size;
  StackPadding padding;
  int64_t num_streams, max_capacity;
};

// gtest would print its bytes, padding included, into the test's name
void PrintTo(const TwinCase&, std::ostream*) {}

class ReplayTwin : public testing::TestWithParam<TwinCase> {};

// oracle: a brute-force twin that keeps all episodes as lists
TEST_P(ReplayTwin, HoldsAndReturnsTheSameTransitions) {
  const TwinCase& param = GetParam();
  const ReplaySpec spec{
      .observation_shape = {2, 3},
      .observation_dtype = param.stack_size == 1 ? torch::kFloat32 : torch::kUInt8,
      .stack_size = param.stack_size,
      .update_horizon = param.update_horizon,
      .gamma = 0.9,
      .padding = param.padding,
      .num_streams = param.num_streams,
      .chunk_size = 7};
  ReplayOptions options{.max_capacity = param.max_capacity, .batch_size = 32, .compress = true};
  auto replay = std::make_unique<Replay>(options, spec);
  Twin twin(options, spec);
  RandomEpisodes episodes(spec, "episodes");
  RandomStream random(/*seed=*/1, "test");

  // what a checkpoint writer would still be reading, and what it must read
  std::vector<std::pair<torch::Tensor, torch::Tensor>> held;

  for (int step = 0; step < 400; ++step) {
    const TimeStep time_step = episodes.next();
    const torch::Tensor actions = episodes.actions();
    replay->append(time_step, actions);
    twin.append(time_step, actions);

    // the same transitions can be sampled
    ASSERT_EQ(replay->check_valid(), std::nullopt) << "step " << step;
    ASSERT_EQ(replay->added(), twin.added());
    const auto expected = twin.transitions(/*contents=*/false);
    std::vector<int64_t> expected_ids;
    for (const auto& [id, transition] : expected) expected_ids.push_back(id);
    ASSERT_EQ(ids_of(*replay, twin.rows() * spec.num_streams + 10), expected_ids);
    ASSERT_EQ(replay->size(), std::ssize(expected_ids));

    // they say the same
    if (step % 10 == 0 && !expected_ids.empty()) {
      const auto transitions = twin.transitions(/*contents=*/true);
      expect_equal_batch(replay->get(expected_ids), transitions);
      expect_equal_batch(replay->sample(8, random), transitions);
    }

    // go on from what was saved, now and then, packed or not
    if (random.below(40) == 0) {
      options.compress = !options.compress;
      StateTree::Contents contents;
      replay = saved_and_loaded(*replay, options, spec, &contents);
      ASSERT_EQ(replay->check_valid(), std::nullopt);
      for (const auto& [name, frozen] : contents.frozen) {
        held.emplace_back(frozen.data, frozen.data.clone());
      }
    }
  }
  for (const auto& [tensor, copy] : held) ASSERT_TRUE(tensor.equal(copy));
  if (param.max_capacity == 50) {
    EXPECT_FALSE(held.empty());
  }
}

std::vector<TwinCase> twin_cases() {
  std::vector<TwinCase> cases;
  for (const int64_t horizon : {1, 3, 5}) {
    for (const int64_t stack_size : {1, 4}) {
      for (const auto padding : {StackPadding::kLeadingZeros, StackPadding::kTrailingZeros}) {
        for (const int64_t streams : {1, 2, 3}) {
          for (const int64_t capacity : {horizon * streams, int64_t{50}}) {
            cases.push_back({horizon, stack_size, padding, streams, capacity});
          }
        }
      }
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(
    RandomEpisodes, ReplayTwin, testing::ValuesIn(twin_cases()), [](const auto& info) {
      const TwinCase& c = info.param;
      return "n" + std::to_string(c.update_horizon) + "_stack" + std::to_string(c.stack_size) +
             (c.padding == StackPadding::kLeadingZeros ? "_leading" : "_trailing") + "_streams" +
             std::to_string(c.num_streams) + "_capacity" + std::to_string(c.max_capacity);
    });

// oracle: written out by hand; gamma is 0.5
TEST(Replay, LastRewardOfAnEpisodeReachesTheBatchExactlyOnce) {
  for (const int64_t n : {1, 3}) {
    // two episodes of three actions, rewarded at the end only
    Replay replay({}, number_spec(/*stack_size=*/1, n));
    for (const float episode : {0.0F, 10.0F}) {
      append(replay, number_step(StepType::kFirst, episode + 1), -1);
      append(replay, number_step(StepType::kMid, episode + 2), 5);
      append(replay, number_step(StepType::kMid, episode + 3), 6);
      append(replay, number_step(StepType::kLast, episode + 4, /*reward=*/8, /*discount=*/0), 7);
    }

    // each state once, with its own action
    EXPECT_THAT(ids_of(replay), ElementsAre(0, 1, 2, 4, 5, 6));
    const Batch batch = replay.get(ids_of(replay));
    EXPECT_THAT(floats(batch.s_tm1), ElementsAre(1, 2, 3, 11, 12, 13));
    EXPECT_THAT(floats(batch.a_tm1), ElementsAre(5, 6, 7, 5, 6, 7));
    if (n == 1) {
      EXPECT_THAT(floats(batch.r_t), ElementsAre(0, 0, 8, 0, 0, 8));
      EXPECT_THAT(floats(batch.discount_t), ElementsAre(0.5, 0.5, 0, 0.5, 0.5, 0));
      EXPECT_THAT(floats(batch.s_t), ElementsAre(2, 3, 4, 12, 13, 14));
    } else {
      EXPECT_THAT(floats(batch.r_t), ElementsAre(2, 4, 8, 2, 4, 8));
      EXPECT_THAT(floats(batch.discount_t), ElementsAre(0, 0, 0, 0, 0, 0));
      EXPECT_THAT(floats(batch.s_t), ElementsAre(4, 4, 4, 14, 14, 14));
    }
  }
}

// oracle: written out by hand
TEST(Replay, TruncationBootstrapsFromTheTrueFinalObservationOverTheShorterHorizon) {
  Replay replay({}, number_spec(/*stack_size=*/1, /*update_horizon=*/3));
  append(replay, number_step(StepType::kFirst, 1));
  append(replay, number_step(StepType::kMid, 2, /*reward=*/1));
  append(replay, number_step(StepType::kLast, 3, /*reward=*/1, /*discount=*/1));
  append(replay, number_step(StepType::kFirst, 100));
  const Batch batch = replay.get({0, 1});
  EXPECT_THAT(floats(batch.r_t), ElementsAre(1.5, 1));
  EXPECT_THAT(floats(batch.discount_t), ElementsAre(0.25, 0.5));
  EXPECT_THAT(floats(batch.s_t), ElementsAre(3, 3));
}

// oracle: written out by hand
TEST(Replay, EpisodeCutFromOutsideIsTruncatedAtItsNewestObservation) {
  Replay replay({}, number_spec(/*stack_size=*/1, /*update_horizon=*/3));
  append(replay, number_step(StepType::kFirst, 1));
  append(replay, number_step(StepType::kMid, 2, /*reward=*/1));
  EXPECT_EQ(replay.size(), 0);
  append(replay, number_step(StepType::kFirst, 100));
  append(replay, number_step(StepType::kFirst, 200));
  EXPECT_THAT(ids_of(replay), ElementsAre(0));
  const Batch batch = replay.get({0});
  EXPECT_THAT(floats(batch.discount_t), ElementsAre(0.5));
  EXPECT_THAT(floats(batch.s_t), ElementsAre(2));
  EXPECT_EQ(replay.added(), 1);
}

// oracle: written out by hand
TEST(Replay, LostLifeEndsTheReturnButNotTheStack) {
  Replay replay({}, number_spec(/*stack_size=*/2, /*update_horizon=*/3));
  append(replay, number_step(StepType::kFirst, 1));
  append(replay, number_step(StepType::kMid, 2, /*reward=*/1));
  append(replay, number_step(StepType::kMid, 3, /*reward=*/4, /*discount=*/0));
  append(replay, number_step(StepType::kMid, 4, /*reward=*/16));
  append(replay, number_step(StepType::kMid, 5, /*reward=*/64));
  append(replay, number_step(StepType::kMid, 6, /*reward=*/256));
  const Batch batch = replay.get({0, 1, 2});
  EXPECT_THAT(floats(batch.r_t), ElementsAre(3, 4, 16 + 32 + 64));
  EXPECT_THAT(floats(batch.discount_t), ElementsAre(0, 0, 0.125));
  EXPECT_THAT(floats(batch.s_tm1), ElementsAre(0, 1, 1, 2, 2, 3));
  EXPECT_THAT(floats(batch.s_t), ElementsAre(2, 3, 2, 3, 5, 6));
}

// oracle: Dopamine's 000A and DQN Zoo's A000, written out by hand
TEST(Replay, StacksOfAYoungEpisodeAreZeroWhereTheirSystemHasZeros) {
  for (const auto padding : {StackPadding::kLeadingZeros, StackPadding::kTrailingZeros}) {
    ReplaySpec spec = number_spec(/*stack_size=*/4, /*update_horizon=*/1);
    spec.padding = padding;
    Replay replay({}, spec);
    append(replay, number_step(StepType::kFirst, 9));
    append(replay, number_step(StepType::kLast, 8));
    append(replay, number_step(StepType::kFirst, 1));
    append(replay, number_step(StepType::kMid, 2));
    const Batch batch = replay.get({2});
    if (padding == StackPadding::kLeadingZeros) {
      EXPECT_THAT(floats(batch.s_tm1), ElementsAre(0, 0, 0, 1));
      EXPECT_THAT(floats(batch.s_t), ElementsAre(0, 0, 1, 2));
    } else {
      EXPECT_THAT(floats(batch.s_tm1), ElementsAre(1, 0, 0, 0));
      EXPECT_THAT(floats(batch.s_t), ElementsAre(1, 2, 0, 0));
    }
  }
}

// oracle: written out by hand; one stream's end tells nothing about the other
TEST(Replay, StreamsAreKeptApart) {
  ReplaySpec spec = number_spec(/*stack_size=*/2, /*update_horizon=*/2);
  spec.num_streams = 2;
  Replay replay({}, spec);
  const auto append = [&](StepType left, StepType right, float observation, int64_t action) {
    replay.append({.step_type = {left, right},
                   .reward = {1, 2},
                   .discount = {1, 1},
                   .lost_life = {0, 0},
                   .observation = torch::tensor({observation, -observation})},
                  torch::tensor({action, -action}));
    ASSERT_EQ(replay.check_valid(), std::nullopt);
  };
  append(StepType::kFirst, StepType::kFirst, 1, 0);
  append(StepType::kLast, StepType::kMid, 2, 5);
  EXPECT_THAT(ids_of(replay), ElementsAre(0));
  append(StepType::kFirst, StepType::kMid, 3, 6);
  EXPECT_THAT(ids_of(replay), ElementsAre(0, 1));
  const Batch batch = replay.get({0, 1});
  EXPECT_THAT(floats(batch.s_tm1), ElementsAre(0, 1, 0, -1));
  EXPECT_THAT(floats(batch.a_tm1), ElementsAre(5, -5));
  EXPECT_THAT(floats(batch.r_t), ElementsAre(1, 3));
  EXPECT_THAT(floats(batch.discount_t), ElementsAre(0.5, 0.25));
  EXPECT_THAT(floats(batch.s_t), ElementsAre(1, 2, -2, -3));
}

// oracle: every transition is equally likely; chi-square, 1 of 10,000 by chance, fixed seed
// oracle: the definition; observation t is answered by the action (t, -t, t / 2)
TEST(Replay, ContinuousActionsComeBackWithTheirTransitions) {
  for (const bool compress : {false, true}) {
    ReplaySpec spec = number_spec(/*stack_size=*/1, /*update_horizon=*/2);
    spec.action_size = 3;
    spec.num_streams = 2;
    spec.chunk_size = 16;
    const ReplayOptions options{.max_capacity = 40, .batch_size = 1, .compress = compress};
    Replay replay(options, spec);
    const auto action_at = [](int64_t t, int64_t b) {
      const auto x = static_cast<float>(t + 100 * b);
      return torch::tensor({x, -x, x / 2});
    };
    for (int64_t t = 0; t < 100; ++t) {
      const StepType type = t % 10 == 0   ? StepType::kFirst
                            : t % 10 == 9 ? StepType::kLast
                                          : StepType::kMid;
      const auto x = static_cast<float>(t);
      replay.append({.step_type = {type, type},
                     .reward = {0, 0},
                     .discount = {1, 1},
                     .lost_life = {0, 0},
                     .observation = torch::tensor({x, x + 100})},
                    torch::stack({action_at(t - 1, 0), action_at(t - 1, 1)}));
      ASSERT_EQ(replay.check_valid(), std::nullopt);
    }
    const auto loaded = saved_and_loaded(replay, options, spec);
    for (const Replay* each : {&replay, loaded.get()}) {
      const std::vector<int64_t> ids = ids_of(*each);
      EXPECT_EQ(ids.size(), 40U);
      const Batch batch = each->get(ids);
      ASSERT_EQ(batch.a_tm1.sizes(), torch::IntArrayRef({40, 3}));
      for (int64_t i = 0; i < 40; ++i) {
        const auto t = static_cast<int64_t>(batch.s_tm1[i].item<float>());
        EXPECT_TRUE(torch::equal(batch.a_tm1[i], action_at(t % 100, t / 100))) << t;
      }
    }
    EXPECT_THROW(replay.append({.step_type = {StepType::kFirst, StepType::kFirst},
                                .reward = {0, 0},
                                .discount = {1, 1},
                                .lost_life = {0, 0},
                                .observation = torch::zeros({2})},
                               torch::zeros({2}, torch::kInt64)),
                 Error);
  }
}

TEST(Replay, SamplesUniformly) {
  const ReplaySpec spec{.observation_shape = {2}, .update_horizon = 3, .num_streams = 2};
  const ReplayOptions options{.max_capacity = 60, .batch_size = 32};
  Replay replay(options, spec);
  RandomEpisodes episodes(spec, "episodes");
  for (int step = 0; step < 100; ++step) replay.append(episodes.next(), episodes.actions());
  ASSERT_EQ(replay.size(), 60);

  std::map<int64_t, int64_t> counts;
  RandomStream random(/*seed=*/3, "sampling");
  for (int batch = 0; batch < 2'000; ++batch) {
    for (const int64_t id : replay.sample(30, random).ids) ++counts[id];
  }
  ASSERT_EQ(counts.size(), 60U);
  double chi_square = 0;
  for (const auto& [id, count] : counts) {
    chi_square += std::pow(static_cast<double>(count) - 1'000, 2) / 1'000;
  }
  EXPECT_LT(chi_square, 106.4);  // 59 degrees of freedom
  EXPECT_GT(chi_square, 24.9);   // too even would not be random either
}

// oracle: the replay that was never saved; saved before, at and after the boundaries of chunks
TEST(Replay, ContinuesIdenticallyFromEverySavedState) {
  const ReplaySpec spec{.observation_shape = {3},
                        .stack_size = 4,
                        .update_horizon = 3,
                        .num_streams = 2,
                        .chunk_size = 16};
  const ReplayOptions options{.max_capacity = 100, .batch_size = 32};
  for (int saved_at = 0; saved_at < 100; saved_at += 1) {
    RandomEpisodes episodes(spec, "episodes");
    Replay replay(options, spec);
    for (int step = 0; step < saved_at; ++step) replay.append(episodes.next(), episodes.actions());
    const auto loaded = saved_and_loaded(replay, options, spec);
    ASSERT_EQ(loaded->check_valid(), std::nullopt);

    for (int step = 0; step < 20; ++step) {
      const TimeStep time_step = episodes.next();
      const torch::Tensor actions = episodes.actions();
      replay.append(time_step, actions);
      loaded->append(time_step, actions);
    }
    RandomStream random(/*seed=*/1, "sampling");
    RandomStream same_random(/*seed=*/1, "sampling");
    const Batch batch = replay.sample(32, random);
    const Batch same_batch = loaded->sample(32, same_random);
    ASSERT_EQ(batch.ids, same_batch.ids);
    ASSERT_TRUE(batch.s_tm1.equal(same_batch.s_tm1));
    ASSERT_TRUE(batch.a_tm1.equal(same_batch.a_tm1));
    ASSERT_TRUE(batch.r_t.equal(same_batch.r_t));
    ASSERT_TRUE(batch.discount_t.equal(same_batch.discount_t));
    ASSERT_TRUE(batch.s_t.equal(same_batch.s_t));
  }
}

// a checkpoint writes a chunk once: its memory, name and content stay
TEST(Replay, UnchangedChunksStayTheSameFrozenTensors) {
  const ReplaySpec spec{.observation_shape = {3}, .update_horizon = 3, .chunk_size = 10};
  const ReplayOptions options{.max_capacity = 1'000, .batch_size = 32};
  Replay replay(options, spec);
  RandomEpisodes episodes(spec, "episodes");
  const auto append_and_save = [&](int steps) {
    for (int step = 0; step < steps; ++step) replay.append(episodes.next(), episodes.actions());
    StateTree tree;
    replay.state(tree);
    return tree.contents();
  };

  // 45 steps: four chunks are full, and the fourth is known; 5 steps are left
  const StateTree::Contents before = append_and_save(45);
  ASSERT_EQ(before.frozen.size(), 2U * 4);
  EXPECT_EQ(before.tensors.at("frames_000004").size(0), 5);
  std::map<std::string, torch::Tensor> copies;
  for (const auto& [name, frozen] : before.frozen) copies[name] = frozen.data.clone();

  const StateTree::Contents after = append_and_save(40);
  ASSERT_EQ(after.frozen.size(), 2U * 8);
  for (const auto& [name, frozen] : before.frozen) {
    EXPECT_EQ(after.frozen.at(name).data.data_ptr(), frozen.data.data_ptr()) << name;
    EXPECT_TRUE(after.frozen.at(name).data.equal(copies.at(name))) << name;
  }

  // a full chunk with open windows is not frozen yet
  const StateTree::Contents open = append_and_save(7);
  EXPECT_EQ(open.frozen.size(), 2U * 8);
  EXPECT_EQ(open.tensors.at("frames_000008").size(0), 10);
  EXPECT_EQ(open.tensors.at("frames_000009").size(0), 2);
}

TEST(Replay, LoadsIntoAnotherCapacity) {
  const ReplaySpec spec{.observation_shape = {3}, .stack_size = 4, .chunk_size = 10};
  Replay replay({.max_capacity = 50, .batch_size = 32}, spec);
  RandomEpisodes episodes(spec, "episodes");
  for (int step = 0; step < 200; ++step) replay.append(episodes.next(), episodes.actions());
  ASSERT_EQ(replay.size(), 50);
  for (const int64_t capacity : {20, 80}) {
    const auto loaded =
        saved_and_loaded(replay, {.max_capacity = capacity, .batch_size = 32}, spec);
    ASSERT_EQ(loaded->check_valid(), std::nullopt);
    RandomEpisodes more(spec, "more");
    for (int step = 0; step < 100; ++step) loaded->append(more.next(), more.actions());
    EXPECT_EQ(loaded->check_valid(), std::nullopt);
    EXPECT_EQ(loaded->size(), capacity);
  }
}

TEST(Replay, RefusesTheStateOfAnotherSpec) {
  const ReplaySpec spec{.observation_shape = {3}, .chunk_size = 10};
  Replay replay({}, spec);
  RandomEpisodes episodes(spec, "episodes");
  for (int step = 0; step < 20; ++step) replay.append(episodes.next(), episodes.actions());

  ReplaySpec horizon = spec;
  horizon.update_horizon = 3;
  EXPECT_THAT([&] { saved_and_loaded(replay, {}, horizon); },
              ThrowsMessage<Error>(HasSubstr("update_horizon")));
  ReplaySpec shape = spec;
  shape.observation_shape = {4};
  EXPECT_THAT([&] { saved_and_loaded(replay, {}, shape); },
              ThrowsMessage<Error>(HasSubstr("other observations")));
}

// oracle: what a replay can be; a forged file must not make it read outside of its memory
TEST(Replay, RefusesAStateThatItCannotBeIn) {
  const ReplaySpec spec{.observation_shape = {3}, .chunk_size = 10};
  const PrioritizationOptions prioritization{};
  Replay replay({}, spec, prioritization);
  RandomEpisodes episodes(spec, "episodes");
  for (int step = 0; step < 25; ++step) replay.append(episodes.next(), episodes.actions());
  StateTree saved;
  replay.state(saved);
  const auto load = [&](const StateTree::Contents& contents) {
    Replay loaded({}, spec, prioritization);
    StateTree tree(contents);
    loaded.state(tree);
  };
  EXPECT_NO_THROW(load(saved.contents()));

  const std::vector<std::pair<std::string, nlohmann::json>> forged = {{"head", -1},
                                                                      {"head", int64_t{1} << 60},
                                                                      {"head", 200},
                                                                      {"begin", -1},
                                                                      {"begin", 26},
                                                                      {"size", 26},
                                                                      {"size", -1},
                                                                      {"added", -1},
                                                                      {"added", 26},
                                                                      {"begin", 25},
                                                                      {"episode_start", {26}},
                                                                      {"episode_start", {-1}},
                                                                      {"episode_start", {0, 0}}};
  for (const auto& [key, value] : forged) {
    StateTree::Contents contents = saved.contents();
    contents.values[key] = value;
    EXPECT_THROW(load(contents), Error) << key << " = " << value;
  }
  const torch::Tensor weights = saved.contents().tensors.at("prioritization/weights");
  const auto expect_refused = [&](const torch::Tensor& forged_weights) {
    StateTree::Contents contents = saved.contents();
    contents.tensors["prioritization/weights"] = forged_weights;
    EXPECT_THROW(load(contents), Error) << forged_weights;
  };
  expect_refused(torch::ones({3}, torch::kFloat64));
  for (const double weight : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    torch::Tensor wrong = weights.clone();
    wrong[3] = weight;
    expect_refused(wrong);
  }
  expect_refused(torch::ones_like(weights));  // the newest is no transition yet
  StateTree::Contents contents = saved.contents();
  contents.values["prioritization/max_priority"] = "inf";
  EXPECT_THROW(load(contents), Error);
}

// changes the step of a row in a saved replay
void forge_step(StateTree::Contents& contents, const ReplaySpec& spec, int64_t row, int64_t stream,
                const std::function<void(StepStore::Step&)>& change) {
  const int64_t rows_per_chunk = spec.chunk_size / spec.num_streams;
  std::string number = std::to_string(row / rows_per_chunk);
  number.insert(0, 6 - number.size(), '0');
  const std::string key = "steps_" + number;
  const bool frozen = contents.frozen.contains(key);
  const torch::Tensor steps =
      (frozen ? contents.frozen.at(key).data : contents.tensors.at(key)).clone();
  auto* step = steps[row % rows_per_chunk][stream].mutable_data_ptr<uint8_t>();
  change(*reinterpret_cast<StepStore::Step*>(step));
  if (frozen) {
    contents.frozen[key] = FrozenTensor{steps};
  } else {
    contents.tensors[key] = steps;
  }
}

// oracle: FIRST comes after LAST alone, and transitions are known where their steps are: no other
// flag of those that matter can be turned; what was really saved loads into every capacity
TEST(Replay, RefusesFlagsThatDoNotFollowOneAnother) {
  for (const bool compress : {false, true}) {
    for (const auto& prioritization :
         {std::optional<PrioritizationOptions>(), std::optional(PrioritizationOptions{})}) {
      const ReplaySpec spec{.observation_shape = {3},
                            .stack_size = 4,
                            .update_horizon = 3,
                            .num_streams = 2,
                            .chunk_size = 16};
      Replay replay({.max_capacity = 40, .batch_size = 8, .compress = compress}, spec,
                    prioritization);
      RandomEpisodes episodes(spec, "episodes");
      for (int step = 0; step < 97; ++step) replay.append(episodes.next(), episodes.actions());
      StateTree saved;
      replay.state(saved);
      const auto load = [&](const StateTree::Contents& contents, int64_t capacity) {
        Replay loaded({.max_capacity = capacity, .batch_size = 1, .compress = compress}, spec,
                      prioritization);
        StateTree tree(contents);
        loaded.state(tree);
        return loaded.check_valid();
      };
      for (const int64_t capacity : {6, 20, 40, 100}) {
        EXPECT_EQ(load(saved.contents(), capacity), std::nullopt) << capacity;
      }

      const int64_t begin = saved.contents().values.at("begin").get<int64_t>();
      ASSERT_GT(begin, 50);
      for (int64_t id = begin - 3 * 2; id < 96 * 2; ++id) {
        for (const uint32_t flag : {1, 2, 4, 8}) {
          // nobody asks for what is forgotten, nor for the start of an episode before the oldest
          // stack
          if (id < begin && flag == 4) continue;
          if (id / 2 == begin / 2 - 3 && flag == 1) continue;
          StateTree::Contents contents = saved.contents();
          forge_step(contents, spec, id / 2, id % 2,
                     [&](StepStore::Step& step) { step.flags ^= flag; });
          EXPECT_THAT([&] { load(contents, 40); },
                      ThrowsMessage<Error>(HasSubstr("the saved replay is none")))
              << id << " " << flag;
        }
      }
    }
  }
}

// oracle: the spec
TEST(Replay, RefusesNumbersThatNothingCanBeLearnedFrom) {
  const ReplaySpec discrete{
      .observation_shape = {3}, .num_actions = 18, .num_streams = 2, .chunk_size = 16};
  ReplaySpec continuous = discrete;
  continuous.num_actions = 0;
  continuous.action_size = 2;
  const float infinity = std::numeric_limits<float>::infinity();
  const auto refused = [&](const ReplaySpec& spec, const std::string& what,
                           const std::function<void(StepStore::Step&)>& change) {
    Replay replay({}, spec);
    RandomEpisodes episodes(spec, "episodes");
    for (int step = 0; step < 45; ++step) {
      replay.append(episodes.next(),
                    spec.action_size > 0 ? torch::ones({2, 2}) : episodes.actions());
    }
    for (const int64_t row : {3, 43}) {  // of a settled chunk, and of an open one
      StateTree saved;
      replay.state(saved);
      forge_step(saved.contents(), spec, row, 1, change);
      Replay loaded({}, spec);
      StateTree tree(saved.contents());
      EXPECT_THAT([&] { loaded.state(tree); },
                  ThrowsMessage<Error>(HasSubstr(what + " at row " + std::to_string(row))));
    }
  };
  using Step = StepStore::Step;
  refused(discrete, "a reward that is not finite", [&](Step& step) { step.reward = infinity; });
  refused(discrete, "a discount that is not finite",
          [&](Step& step) { step.discount = std::nanf(""); });
  for (const int32_t action : {-1, 18}) {
    refused(discrete, "the action " + std::to_string(action) + ", where actions are 0 to 17,",
            [&](Step& step) { step.action = action; });
  }
  refused(continuous, "an action that is not finite",
          [&](Step& step) { reinterpret_cast<float*>(&step + 1)[1] = infinity; });
}

// oracle: the spec; nothing is stored of what is refused
TEST(Replay, RefusesActionsThatThereAreNot) {
  ReplaySpec spec = number_spec(/*stack_size=*/1, /*update_horizon=*/1);
  spec.num_actions = 4;
  Replay replay({}, spec);
  append(replay, number_step(StepType::kFirst, 1), 9);  // ignored
  for (const int64_t action : {int64_t{-1}, int64_t{4}, int64_t{1} << 32}) {
    EXPECT_THAT([&] { append(replay, number_step(StepType::kMid, 2), action); },
                ThrowsMessage<Error>(HasSubstr("action " + std::to_string(action) + ", where")));
  }
  append(replay, number_step(StepType::kMid, 2), 3);
  EXPECT_THAT(floats(replay.get({0}).a_tm1), ElementsAre(3));
}

// oracle: arithmetic; 1,000,000 frames of 84 x 84 are 7.056 GB
TEST(Replay, MillionAtariTransitionsNeedAtMostSevenPointThreeGigabytes) {
  for (const int64_t horizon : {1, 3}) {
    for (const int64_t streams : {1, 8}) {
      const ReplaySpec spec{.observation_shape = {84, 84},
                            .stack_size = 4,
                            .update_horizon = horizon,
                            .num_streams = streams};
      EXPECT_LE(Replay::bytes_needed({}, spec), 7'300'000'000);
      EXPECT_GE(Replay::bytes_needed({}, spec), 7'056'000'000);
    }
  }
}

// oracle: arithmetic; 4 KiB of steps and frames of which only those of open chunks are not packed
TEST(Replay, PackedFramesAreNotCountedBeforeTheyAreThere) {
  const ReplaySpec spec{.observation_shape = {84, 84}, .stack_size = 4};
  const ReplayOptions options{.max_capacity = 1'000'000, .batch_size = 32, .compress = true};
  const int64_t steps = 1'000'000 * 16;
  const int64_t open_frames = 3 * 4'096 * 84 * 84;
  EXPECT_GE(Replay::bytes_needed(options, spec), steps);
  EXPECT_LE(Replay::bytes_needed(options, spec), steps * 11 / 10 + open_frames);
}

// oracle: arithmetic; every second observation is final, so half the rows hold transitions
TEST(Replay, ShortEpisodesDoNotTakeMoreMemoryThanPromised) {
  Replay replay({.max_capacity = 8'192, .batch_size = 32}, number_spec(1, 1));
  const torch::Tensor action = torch::zeros({1}, torch::kInt64);
  for (int episode = 0; episode < 10'000; ++episode) {
    replay.append(number_step(StepType::kFirst, 1), action);
    replay.append(number_step(StepType::kLast, 2), action);
  }
  EXPECT_EQ(replay.check_valid(), std::nullopt);
  EXPECT_EQ(replay.size(), (8'192 + 4'096 + 2) / 2);

  // one long episode fills the capacity again
  replay.append(number_step(StepType::kFirst, 1), action);
  for (int step = 0; step < 10'000; ++step) replay.append(number_step(StepType::kMid, 2), action);
  EXPECT_EQ(replay.check_valid(), std::nullopt);
  EXPECT_EQ(replay.size(), 8'192);
}

TEST(Replay, TooLittleMemoryNamesTheCapacityThatFits) {
  const ReplaySpec spec{.observation_shape = {84, 84}, .stack_size = 4};
  EXPECT_NO_THROW(Replay::require_memory({}, spec, false, {7'300'000'000, "here"}));
  try {
    Replay::require_memory({}, spec, false, {3'000'000'000, "here"});
    FAIL();
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    EXPECT_THAT(message,
                AllOf(HasSubstr("1000000 transitions"), HasSubstr("7.2 GB"), HasSubstr("3.0 GB")));
    const auto number = message.find("at most ");
    ASSERT_NE(number, std::string::npos) << message;
    const int64_t fitting = std::stoll(message.substr(number + 8));
    EXPECT_LE(Replay::bytes_needed({.max_capacity = fitting, .batch_size = 1}, spec),
              3'000'000'000);
    EXPECT_GT(Replay::bytes_needed({.max_capacity = fitting + 1, .batch_size = 1}, spec),
              3'000'000'000);
  }
}

// oracle: arithmetic; numbers that 64 bits do not hold
TEST(Replay, WhatIsTooLargeToBeCountedDoesNotFit) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const ReplaySpec large{.observation_shape = {4'096, 4'096}};
  EXPECT_EQ(Replay::bytes_needed({.max_capacity = 1'000'000'000'000}, large), most);
  const ReplaySpec deep{.observation_shape = {4'096, 4'096}, .stack_size = 1'000};
  EXPECT_THAT(
      [&] {
        Replay::require_memory({.max_capacity = 1'000'000'000, .batch_size = 1'000'000'000}, deep,
                               false, {most - 1, "here"});
      },
      ThrowsMessage<ConfigError>(
          AllOf(HasSubstr("a batch of 1000000000 transitions"), HasSubstr("batch_size"))));
}

TEST(Replay, MisuseFailsAndChangesNothing) {
  EXPECT_THAT([] { Replay({.max_capacity = 2, .batch_size = 32}, number_spec(1, 3)); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("max_capacity"), HasSubstr("least 3"))));

  Replay replay({}, number_spec(1, 1));
  RandomStream random(/*seed=*/1, "sampling");
  EXPECT_THAT([&] { replay.sample(1, random); }, ThrowsMessage<Error>(HasSubstr("empty")));
  EXPECT_THAT([&] { append(replay, number_step(StepType::kMid, 1)); },
              ThrowsMessage<Error>(HasSubstr("FIRST")));
  append(replay, number_step(StepType::kFirst, 1));
  append(replay, number_step(StepType::kLast, 2));
  EXPECT_THAT([&] { append(replay, number_step(StepType::kMid, 3)); },
              ThrowsMessage<Error>(HasSubstr("FIRST")));
  TimeStep wrong = number_step(StepType::kFirst, 3);
  wrong.observation = torch::zeros({1, 2});
  EXPECT_THAT([&] { append(replay, wrong); }, ThrowsMessage<Error>(HasSubstr("[1, 2]")));
  for (const int64_t id : {-1, 1, 2, 100}) {
    EXPECT_THAT([&] { replay.get({id}); }, ThrowsMessage<Error>(HasSubstr(std::to_string(id))));
  }
  EXPECT_EQ(replay.check_valid(), std::nullopt);
  EXPECT_THAT(ids_of(replay), ElementsAre(0));
}

}  // namespace
}  // namespace accumbens
