#include "accumbens/replay/prioritization.h"

#include <torch/utils.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "accumbens/core/error.h"

namespace accumbens {

Prioritization::Prioritization(const PrioritizationOptions& options, int64_t max_span)
    : options_(options), tree_(max_span) {}

void Prioritization::add(int64_t id) {
  set(id, max_priority_);
}

void Prioritization::remove(int64_t id) {
  tree_.set(slot(id), 0.0);
}

void Prioritization::set(int64_t id, double priority) {
  if (!(priority >= 0) || !std::isfinite(priority)) {
    throw Error("the priority of a transition is " + std::to_string(priority) +
                ": the loss is not finite; lower create_optimizer.learning_rate");
  }
  max_priority_ = std::max(max_priority_, priority);

  // 0 stays 0 with every exponent
  tree_.set(slot(id), priority == 0 ? 0.0 : std::pow(priority, options_.priority_exponent));
}

int64_t Prioritization::draw(int64_t index, int64_t count, int64_t begin,
                             RandomStream& random) const {
  const double place =
      options_.sampling == "stratified"
          ? (static_cast<double>(index) + random.uniform()) / static_cast<double>(count)
          : random.uniform();
  const int64_t slot = tree_.find(place * tree_.total());

  // the one id from `begin` on that has this slot
  const int64_t offset = (slot - begin) % tree_.size();
  return begin + (offset < 0 ? offset + tree_.size() : offset);
}

double Prioritization::probability(int64_t id, int64_t size) const {
  const double uniform = 1.0 / static_cast<double>(size);
  if (tree_.total() == 0) return uniform;
  return options_.uniform_sample_probability * uniform +
         (1.0 - options_.uniform_sample_probability) * weight(id) / tree_.total();
}

int64_t Prioritization::bytes_needed(int64_t max_span) {
  return static_cast<int64_t>(2 * sizeof(double) * std::bit_ceil(static_cast<uint64_t>(max_span)));
}

void Prioritization::state(StateTree& tree, int64_t begin, int64_t end) {
  torch::Tensor weights;  // [ids]
  if (tree.saving()) {
    weights = torch::empty({end - begin}, torch::kFloat64);
    auto* data = weights.mutable_data_ptr<double>();
    for (int64_t id = begin; id < end; ++id) data[id - begin] = weight(id);
  }
  tree("weights", weights)("max_priority", max_priority_);

  // what a smaller capacity forgets stands at the front
  if (tree.loading()) {
    tree.require("weights", weights.defined() && weights.scalar_type() == torch::kFloat64 &&
                                weights.is_contiguous() && weights.numel() >= end - begin);
    tree.require("max_priority", std::isfinite(max_priority_) && max_priority_ >= 1.0);
    const double* data = weights.const_data_ptr<double>() + weights.numel() - (end - begin);
    tree.require("weights", std::all_of(data, data + (end - begin), [](double weight) {
                   return weight >= 0 && std::isfinite(weight);
                 }));
    for (int64_t id = begin; id < end; ++id) tree_.set(slot(id), data[id - begin]);
  }
}

torch::Tensor importance_weights(const torch::Tensor& probabilities, double exponent) {
  const torch::Tensor weights = probabilities.reciprocal().pow(exponent);  // [N]
  return (weights / weights.max()).to(torch::kFloat32);
}

}  // namespace accumbens
