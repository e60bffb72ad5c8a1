#include "accumbens/replay/sum_tree.h"

#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>

namespace accumbens {

SumTree::SumTree(int64_t size)
    : size_(size),
      first_leaf_(static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(size)))),
      nodes_(2 * first_leaf_, 0.0) {}

void SumTree::set(int64_t index, double weight) {
  if (!(weight >= 0) || !std::isfinite(weight)) {
    throw std::invalid_argument("a priority must be finite and not negative, not " +
                                std::to_string(weight));
  }
  int64_t node = first_leaf_ + index;
  nodes_[node] = weight;
  for (node /= 2; node > 0; node /= 2) nodes_[node] = nodes_[2 * node] + nodes_[2 * node + 1];
}

int64_t SumTree::find(double mass) const {
  int64_t node = 1;
  while (node < first_leaf_) {
    node *= 2;

    // to the right where the mass lies there, but never into an empty part
    if ((mass >= nodes_[node] && nodes_[node + 1] > 0) || nodes_[node] == 0) {
      mass -= nodes_[node];
      ++node;
    }
  }
  return node - first_leaf_;
}

std::optional<std::string> SumTree::check_valid() const {
  for (int64_t node = 1; node < first_leaf_; ++node) {
    if (nodes_[node] != nodes_[2 * node] + nodes_[2 * node + 1]) {
      return "node " + std::to_string(node) + " is not the sum of its parts";
    }
  }
  return std::nullopt;
}

}  // namespace accumbens
