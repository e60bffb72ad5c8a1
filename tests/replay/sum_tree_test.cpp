#include "accumbens/replay/sum_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "accumbens/core/random.h"

namespace accumbens {
namespace {

// oracle: a list that is searched from the front
TEST(SumTree, EqualsBruteForceOverAMillionOperations) {
  RandomStream random(/*seed=*/1, "sum_tree");
  int64_t operations = 0;
  for (const int64_t size : {1, 2, 3, 7, 64, 100, 257}) {
    SumTree tree(size);
    std::vector<double> list(size, 0.0);
    for (int i = 0; i < 150'000; ++i, ++operations) {
      // mostly changes, of all magnitudes and to 0
      const int64_t index = random.below(size);
      if (random.below(10) != 0 || tree.total() == 0) {
        const double weight =
            random.below(4) == 0 ? 0.0 : std::pow(10.0, random.uniform(-8.0, 3.0));
        tree.set(index, weight);
        list[index] = weight;
        continue;
      }

      double total = 0;
      for (const double weight : list) total += weight;
      ASSERT_NEAR(tree.total(), total, 1e-12 * total);
      ASSERT_EQ(tree.get(index), list[index]);

      // the weight that the mass lies in; near a border rounding may choose the neighbour
      const double mass = random.uniform() * tree.total();
      const int64_t found = tree.find(mass);
      double before = 0;
      for (int64_t j = 0; j < found; ++j) before += list[j];
      ASSERT_GT(list[found], 0);
      ASSERT_LE(before, mass + 1e-12 * total);
      ASSERT_GE(before + list[found], mass - 1e-12 * total);
    }
    ASSERT_EQ(tree.check_valid(), std::nullopt);
  }
  EXPECT_GE(operations, 1'000'000);
}

// oracle: a weight of 0 has no mass
TEST(SumTree, NeverFindsAWeightOfZero) {
  SumTree tree(8);
  tree.set(2, 0.1);
  tree.set(5, 0.2);
  for (const double mass : {0.0, 0.05, 0.1, 0.1000001, 0.3, 0.31, 1.0}) {
    const int64_t found = tree.find(mass);
    EXPECT_TRUE(found == 2 || found == 5) << mass;
  }
  EXPECT_EQ(tree.find(0.0), 2);
  EXPECT_EQ(tree.find(0.2), 5);
}

TEST(SumTree, RefusesWhatIsNoWeight) {
  SumTree tree(4);
  EXPECT_THROW(tree.set(0, -1.0), std::invalid_argument);
  EXPECT_THROW(tree.set(0, std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
  EXPECT_THROW(tree.set(0, std::numeric_limits<double>::infinity()), std::invalid_argument);
  EXPECT_EQ(tree.total(), 0);
}

}  // namespace
}  // namespace accumbens
