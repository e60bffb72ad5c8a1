#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace accumbens {

/// Weights that can be drawn in proportion in logarithmic time (Schaul et al., 2016, appendix B).
/// Sums are of doubles and made anew from their two parts at every change, so they do not drift.
class SumTree {
 public:
  /// All weights begin as 0.
  explicit SumTree(int64_t size);

  /// Weights, drawn or not.
  int64_t size() const { return size_; }

  /// The sum of all weights.
  double total() const { return nodes_[1]; }

  /// One weight.
  double get(int64_t index) const { return nodes_[first_leaf_ + index]; }

  /// weight: finite, not negative; throws std::invalid_argument otherwise.
  void set(int64_t index, double weight);

  /// The index i with sum_{j<i} w_j <= mass < sum_{j<=i} w_j. Where rounding would lead to a weight
  /// of 0, a neighbour that has one is taken. mass: in [0, total()); total() must be above 0.
  int64_t find(double mass) const;

  /// What is wrong inside, if anything; for tests.
  std::optional<std::string> check_valid() const;

 private:
  int64_t size_;
  int64_t first_leaf_;         // a power of two
  std::vector<double> nodes_;  // node i has the parts 2i and 2i + 1; the root is 1
};

}  // namespace accumbens
