#include "accumbens/core/random.h"

#include <ATen/core/PhiloxRNGEngine.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "accumbens/core/error.h"
#include "accumbens/core/state_tree.h"

namespace accumbens {
namespace {

// a stream at a given place of its sequence
RandomStream stream_at(uint64_t key, uint64_t counter) {
  StateTree::Contents contents;
  contents.values = {
      {"key", key}, {"counter", counter}, {"position", 2}, {"block_0", 0}, {"block_1", 0}};
  StateTree tree(contents);
  RandomStream stream(0, "");
  stream.state(tree);
  return stream;
}

// oracle: Random123's known answer for counter 0 and key 0 (Salmon et al., 2011)
TEST(RandomStream, IsPhilox4x32With10Rounds) {
  RandomStream stream = stream_at(/*key=*/0, /*counter=*/0);
  EXPECT_EQ(stream.bits(), 0xe169c58d6627e8d5U);
  EXPECT_EQ(stream.bits(), 0x9b00dbd8bc57ac4cU);
}

// oracle: PyTorch's own Philox, for keys and counters that use all 32-bit words
TEST(RandomStream, EqualsThePhiloxOfPyTorch) {
  for (const uint64_t key : {0x0ULL, 0x299f31d0a4093822ULL, ~0x0ULL}) {
    for (const uint64_t counter : {0x0ULL, 0xfffffffeULL, 0x85a308d3243f6a88ULL}) {
      RandomStream stream = stream_at(key, counter);
      at::Philox4_32 engine(key, /*subsequence=*/0, /*offset=*/counter);
      for (int i = 0; i < 20; ++i) {
        const uint64_t low = engine();
        const uint64_t high = engine();
        ASSERT_EQ(stream.bits(), low | high << 32);
      }
    }
  }
}

// oracle: tests/oracles/philox.py
TEST(RandomStream, DrawsTheGoldenValuesOfItsSeedAndName) {
  std::ifstream file(ACCUMBENS_SOURCE_DIR "/tests/oracles/philox.json");
  const auto cases = nlohmann::json::parse(file);
  ASSERT_EQ(cases.size(), 4U);
  for (const auto& golden : cases) {
    const auto seed = golden["seed"].get<uint64_t>();
    const auto name = golden["name"].get<std::string>();
    RandomStream bits(seed, name);
    for (const auto& value : golden["bits"]) EXPECT_EQ(bits.bits(), value.get<uint64_t>());
    RandomStream uniform(seed, name);
    for (const auto& value : golden["uniform"]) EXPECT_EQ(uniform.uniform(), value.get<double>());
    RandomStream normal(seed, name);
    for (const auto& value : golden["normal"]) {
      EXPECT_NEAR(normal.normal(), value.get<double>(), 1e-13);
    }

    RandomStream below(seed, name);
    const std::vector<int64_t> bounds{1, 2, 6, 1000, 3LL << 61, (1LL << 62) + 1, INT64_MAX, 10};
    for (size_t i = 0; i < bounds.size(); ++i) {
      EXPECT_EQ(below.below(bounds[i]), golden["below"][i].get<int64_t>());
    }
  }
}

// oracle: chi-square; 1 of 10,000 by chance, fixed seed
TEST(RandomStream, BelowIsUniform) {
  RandomStream stream(/*seed=*/1, "dice");
  std::vector<int64_t> counts(20, 0);
  for (int i = 0; i < 200'000; ++i) ++counts[stream.below(20)];
  double chi_square = 0;
  for (const int64_t count : counts) chi_square += std::pow(count - 10'000.0, 2) / 10'000;
  EXPECT_LT(chi_square, 52.4);  // 19 degrees of freedom
  EXPECT_GT(chi_square, 3.0);
}

// oracle: without rejection, the lower half of 3 * 2^61 values would be drawn 2/3 of the time
// instead of 1/2; 5 standard errors
TEST(RandomStream, BelowIsUniformWhereTheRangeDoesNotDivide) {
  RandomStream stream(/*seed=*/1, "large");
  const int64_t n = 3LL << 61;
  int64_t low = 0;
  for (int i = 0; i < 100'000; ++i) low += stream.below(n) < n / 2 ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(low) / 100'000, 0.5, 5 * 0.5 / std::sqrt(100'000));
  EXPECT_THROW(stream.below(0), std::invalid_argument);
}

// oracle: moments of the uniform and the normal distribution; 5 standard errors
TEST(RandomStream, MomentsAreThoseOfTheDistributions) {
  constexpr int kDraws = 200'000;
  RandomStream stream(/*seed=*/1, "moments");
  double uniform_sum = 0;
  double normal_sum = 0;
  double square_sum = 0;
  double fourth_sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double uniform = stream.uniform(-1, 3);
    ASSERT_GE(uniform, -1);
    ASSERT_LT(uniform, 3);
    uniform_sum += uniform;
    const double normal = stream.normal();
    ASSERT_TRUE(std::isfinite(normal));
    normal_sum += normal;
    square_sum += normal * normal;
    fourth_sum += std::pow(normal, 4);
  }
  const double error = 5 / std::sqrt(kDraws);
  EXPECT_NEAR(uniform_sum / kDraws, 1, error * 4 / std::sqrt(12));
  EXPECT_NEAR(normal_sum / kDraws, 0, error);
  EXPECT_NEAR(square_sum / kDraws, 1, error * std::sqrt(2));
  EXPECT_NEAR(fourth_sum / kDraws, 3, error * std::sqrt(96));
}

// oracle: independent streams are uncorrelated; 5 standard errors
TEST(RandomStream, NeighbouringSeedsAndNamesAreUncorrelated) {
  constexpr int kDraws = 100'000;
  RandomStream stream(1, "environment/0");
  RandomStream other_name(1, "environment/1");
  RandomStream other_seed(2, "environment/0");
  double name_product = 0;
  double seed_product = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.uniform(-1, 1);
    name_product += value * other_name.uniform(-1, 1);
    seed_product += value * other_seed.uniform(-1, 1);
  }
  EXPECT_NEAR(name_product / kDraws, 0, 5.0 / 3 / std::sqrt(kDraws));
  EXPECT_NEAR(seed_product / kDraws, 0, 5.0 / 3 / std::sqrt(kDraws));
}

// oracle: the stream that was never saved, at both places within a block
TEST(RandomStream, ContinuesIdenticallyFromItsSavedState) {
  RandomStream stream(~0ULL, "saved");
  for (int i = 0; i < 5; ++i) {
    StateTree saved;
    stream.state(saved);
    RandomStream loaded(0, "another");
    StateTree tree(saved.contents());
    loaded.state(tree);
    RandomStream copy = stream;
    for (int j = 0; j < 5; ++j) ASSERT_EQ(loaded.bits(), copy.bits());
    stream.bits();
  }
}

// oracle: a block has two values
TEST(RandomStream, RefusesAPlaceOutsideItsBlock) {
  RandomStream stream(1, "stream");
  StateTree saved;
  stream.state(saved);
  saved.contents().values["position"] = 3;
  StateTree tree(saved.contents());
  EXPECT_THROW(stream.state(tree), Error);
}

}  // namespace
}  // namespace accumbens
