#include "accumbens/replay/prioritization.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <tuple>

#include "accumbens/core/error.h"
#include "accumbens/replay/replay.h"
#include "replay/episodes.h"

namespace accumbens {
namespace {

ReplaySpec small_spec(int64_t streams, int64_t horizon) {
  return {.observation_shape = {2},
          .stack_size = 2,
          .update_horizon = horizon,
          .num_streams = streams,
          .chunk_size = 7};
}

std::unique_ptr<Replay> saved_and_loaded(Replay& replay, const ReplayOptions& options,
                                         const ReplaySpec& spec,
                                         const PrioritizationOptions& prioritization) {
  StateTree saved;
  replay.state(saved);
  auto loaded = std::make_unique<Replay>(options, spec, prioritization);
  StateTree tree(std::move(saved.contents()));
  loaded->state(tree);
  return loaded;
}

class PrioritizedReplay : public testing::TestWithParam<std::tuple<int64_t, int64_t, int64_t>> {};

// oracle: a map from ids to priorities
TEST_P(PrioritizedReplay, DrawsEachTransitionWithItsProbability) {
  const auto [streams, horizon, capacity] = GetParam();
  const ReplaySpec spec = small_spec(streams, horizon);
  const ReplayOptions options{.max_capacity = capacity, .batch_size = 8};
  const PrioritizationOptions prioritization{.priority_exponent = 0.6,
                                             .uniform_sample_probability = 0.1};
  auto replay = std::make_unique<Replay>(options, spec, prioritization);
  RandomEpisodes episodes(spec, "episodes");
  RandomStream random(/*seed=*/3, "test");
  std::map<int64_t, double> priorities;
  double greatest = 1.0;
  for (int64_t row = 1; row <= 400; ++row) {
    replay->append(episodes.next(), episodes.actions());

    // what is new has the greatest priority so far, what is gone has none
    std::map<int64_t, double> now;
    std::vector<int64_t> ids;
    for (int64_t id = 0; id < row * streams; ++id) {
      if (!replay->contains(id)) continue;
      now[id] = priorities.contains(id) ? priorities[id] : greatest;
      ids.push_back(id);
    }
    priorities = std::move(now);
    if (ids.empty()) continue;

    // the probabilities are those of the map
    double total = 0;
    for (const auto& [id, priority] : priorities) {
      total += priority == 0 ? 0.0 : std::pow(priority, 0.6);
    }
    const torch::Tensor probabilities = replay->get(ids).probabilities;
    for (size_t i = 0; i < ids.size(); ++i) {
      const double priority = priorities[ids[i]];
      const double share = priority == 0 ? 0.0 : std::pow(priority, 0.6) / total;
      const double uniform = 1.0 / static_cast<double>(ids.size());
      ASSERT_NEAR(probabilities[static_cast<int64_t>(i)].item<double>(),
                  total == 0 ? uniform : 0.1 * uniform + 0.9 * share, 1e-12);
    }

    // new priorities for a batch, in which the last of equal ids counts, and for what is gone
    Batch batch = replay->sample(8, random);
    batch.ids.push_back(-1);
    torch::Tensor updated = torch::empty({9});
    for (int64_t i = 0; i < 9; ++i) {
      const double priority = random.below(5) == 0 ? 0.0 : 3.0 * random.uniform();
      updated[i] = priority;
      if (i == 8) break;
      priorities[batch.ids[i]] = updated[i].item<double>();
      greatest = std::max(greatest, updated[i].item<double>());
    }
    replay->update_priorities(batch.ids, updated);
    if (random.below(30) == 0) replay = saved_and_loaded(*replay, options, spec, prioritization);
  }
}

INSTANTIATE_TEST_SUITE_P(RandomEpisodes, PrioritizedReplay,
                         testing::Combine(testing::Values(1, 3), testing::Values(1, 3),
                                          testing::Values(9, 50)));

// oracle: the probabilities, within five standard deviations of the binomial distribution
TEST(Prioritization, FrequenciesAreTheProbabilities) {
  for (const auto& [sampling, uniform] :
       {std::pair{"independent", 0.0}, std::pair{"stratified", 0.0}, std::pair{"independent", 0.3},
        std::pair{"stratified", 0.3}}) {
    SCOPED_TRACE(sampling + std::to_string(uniform));
    const ReplaySpec spec = small_spec(1, 1);
    Replay replay(
        {.max_capacity = 20, .batch_size = 8}, spec,
        PrioritizationOptions{.uniform_sample_probability = uniform, .sampling = sampling});
    RandomEpisodes episodes(spec, "episodes");
    for (int i = 0; i < 60; ++i) replay.append(episodes.next(), episodes.actions());
    std::vector<int64_t> ids;
    for (int64_t id = 0; id < 60; ++id) {
      if (replay.contains(id)) ids.push_back(id);
    }
    ASSERT_EQ(std::ssize(ids), 20);
    replay.update_priorities(ids, torch::arange(20));

    RandomStream random(/*seed=*/1, "test");
    std::map<int64_t, double> count;
    constexpr int kBatches = 4000;
    for (int i = 0; i < kBatches; ++i) {
      for (const int64_t id : replay.sample(8, random).ids) ++count[id];
    }
    const torch::Tensor probabilities = replay.get(ids).probabilities;
    for (int64_t i = 0; i < 20; ++i) {
      const double p = probabilities[i].item<double>();
      const double draws = 8.0 * kBatches;
      EXPECT_NEAR(count[ids[i]], draws * p, 5 * std::sqrt(draws * p * (1 - p)) + 1e-9) << i;
    }
  }
}

// ids begin ... begin + kIds - 1 with random priorities, the transitions of a replay that has
// forgotten those before
constexpr int64_t kIds = 200;

Prioritization randomly_prioritized(const std::string& sampling, int64_t begin) {
  Prioritization prioritization({.sampling = sampling}, /*max_span=*/kIds);
  RandomStream random(/*seed=*/2, "priorities");
  for (int64_t id = 0; id < begin + kIds; ++id) {
    if (id >= kIds) prioritization.remove(id - kIds);
    prioritization.add(id);
    prioritization.set(id, random.uniform());
  }
  return prioritization;
}

// how many draws of all batches lie in the share of the mass that belongs to their place
int64_t draws_in_their_share(const std::string& sampling, int64_t begin, int64_t count,
                             int64_t batches) {
  const Prioritization prioritization = randomly_prioritized(sampling, begin);
  const auto no_draw = [] { return int64_t{-1}; };

  // the mass of each id is a part of [0, 1), in the order in which their sums are made
  std::vector<int64_t> ordered;
  for (int64_t slot = 0; slot < kIds; ++slot) {
    ordered.push_back(slot >= begin % kIds ? begin - begin % kIds + slot
                                           : begin - begin % kIds + kIds + slot);
  }
  std::map<int64_t, std::pair<double, double>> part;
  double mass = 0.0;
  for (const int64_t id : ordered) {
    const double before = mass;
    mass += prioritization.probability(id, kIds);
    part[id] = {before, mass};
  }
  EXPECT_NEAR(mass, 1.0, 1e-12);

  RandomStream random(/*seed=*/1, "draws");
  int64_t inside = 0;
  for (int64_t batch = 0; batch < batches; ++batch) {
    const std::vector<int64_t> ids = prioritization.sample(count, begin, random, no_draw);
    for (int64_t i = 0; i < count; ++i) {
      const auto& [low, high] = part.at(ids[i]);
      const double n = static_cast<double>(count);
      inside += high > static_cast<double>(i) / n && low < static_cast<double>(i + 1) / n;
    }
  }
  return inside;
}

// oracle: brute force, the sums of all probabilities before an id; independent draws lie in their
// share once in so many, but for ids on a border
TEST(Prioritization, StratifiedDrawsLieEachInItsShareOfTheMass) {
  constexpr int64_t kBatches = 500;
  for (const int64_t begin : {0, 270}) {
    for (const int64_t count : {1, 8, 32}) {
      const int64_t draws = count * kBatches;
      EXPECT_EQ(draws_in_their_share("stratified", begin, count, kBatches), draws)
          << begin << " " << count;
      if (count == 1) continue;
      EXPECT_LT(draws_in_their_share("independent", begin, count, kBatches), draws / 4)
          << begin << " " << count;
    }
  }
}

// oracle: equal priorities, of which each share has exactly two; both are drawn as often
TEST(Prioritization, StratifiedDrawsGoOverTheWholeOfTheirShare) {
  Prioritization prioritization({.sampling = "stratified"}, /*max_span=*/16);
  for (int64_t id = 0; id < 16; ++id) prioritization.add(id);
  RandomStream random(/*seed=*/1, "draws");
  constexpr int64_t kBatches = 1000;
  std::vector<int64_t> second(8, 0);
  for (int64_t batch = 0; batch < kBatches; ++batch) {
    const auto ids = prioritization.sample(8, /*begin=*/0, random, [] { return int64_t{-1}; });
    for (int64_t i = 0; i < 8; ++i) {
      ASSERT_EQ(ids[i] / 2, i);
      second[i] += ids[i] % 2;
    }
  }
  for (const int64_t count : second) {
    EXPECT_NEAR(static_cast<double>(count), 0.5 * kBatches, 5 * std::sqrt(0.25 * kBatches));
  }
}

// oracle: 0^0 is 0 here, as in DQN Zoo, and all that is above 0 counts alike
TEST(Prioritization, APriorityOfZeroStaysZeroWithAnExponentOfZero) {
  Prioritization prioritization({.priority_exponent = 0.0}, /*max_span=*/4);
  for (int64_t id = 0; id < 4; ++id) prioritization.add(id);
  prioritization.set(0, 0.0);
  prioritization.set(1, 1e-30);
  prioritization.set(2, 100.0);
  EXPECT_EQ(prioritization.probability(0, 4), 0.0);
  for (const int64_t id : {1, 2, 3}) {
    EXPECT_DOUBLE_EQ(prioritization.probability(id, 4), 1.0 / 3.0) << id;
  }
  RandomStream random(/*seed=*/1, "draws");
  for (const int64_t id : prioritization.sample(1000, 0, random, [] { return int64_t{-1}; })) {
    EXPECT_GT(id, 0);
  }

  // with nothing left but zeros, draws are uniform
  for (const int64_t id : {1, 2, 3}) prioritization.set(id, 0.0);
  EXPECT_EQ(prioritization.probability(2, 4), 0.25);
  EXPECT_EQ(prioritization.sample(1, 0, random, [] { return int64_t{3}; }).front(), 3);
}

// oracle: the capacity that is loaded into
TEST(Prioritization, ASmallerCapacityKeepsTheNewest) {
  const ReplaySpec spec = small_spec(1, 1);
  const PrioritizationOptions prioritization;
  Replay replay({.max_capacity = 30'000}, spec, prioritization);
  RandomEpisodes episodes(spec, "episodes");
  for (int i = 0; i < 20'000; ++i) replay.append(episodes.next(), episodes.actions());
  std::vector<int64_t> newest;
  for (int64_t id = 19'999; std::ssize(newest) < 10; --id) {
    if (replay.contains(id)) newest.push_back(id);
  }
  replay.update_priorities(newest, torch::arange(1, 11));

  const auto loaded = saved_and_loaded(replay, {.max_capacity = 10}, spec, prioritization);
  EXPECT_EQ(loaded->size(), 10);
  EXPECT_TRUE(torch::allclose(loaded->get(newest).probabilities,
                              torch::arange(1, 11).to(torch::kFloat64) / 55.0));
}

TEST(Prioritization, APriorityThatIsNotFiniteIsAnError) {
  const ReplaySpec spec = small_spec(1, 1);
  Replay replay({.max_capacity = 20}, spec, PrioritizationOptions{});
  RandomEpisodes episodes(spec, "episodes");
  for (int i = 0; i < 30; ++i) replay.append(episodes.next(), episodes.actions());
  RandomStream random(/*seed=*/1, "test");
  const Batch batch = replay.sample(1, random);
  EXPECT_THROW(replay.update_priorities(batch.ids,
                                        torch::full({1}, std::numeric_limits<float>::quiet_NaN())),
               Error);
}

// oracle: written out by hand, w = (1 / p)^beta / max
TEST(ImportanceWeights, AreDividedByTheGreatest) {
  const torch::Tensor weights =
      importance_weights(torch::tensor({0.25, 0.5, 0.0625}, torch::kFloat64), 0.5);
  EXPECT_TRUE(torch::allclose(weights, torch::tensor({0.5F, 0.353553391F, 1.0F})));
}

}  // namespace
}  // namespace accumbens
