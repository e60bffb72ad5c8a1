#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/core/state_tree.h"
#include "accumbens/replay/sum_tree.h"

namespace accumbens {

/// How transitions are drawn where a priority counts; "PrioritizedSamplingDistribution" in Gin, as
/// in Dopamine, whose values are the defaults.
struct PrioritizationOptions {
  double priority_exponent = 1.0;
  double uniform_sample_probability = 0.0;
  double importance_exponent_begin = 0.5;
  double importance_exponent_end = 0.5;
  int64_t importance_exponent_steps = 1;
  std::string sampling = "independent";

  template <class Visitor>
  void fields(Visitor& field) {
    field("priority_exponent", priority_exponent,
          "alpha: transitions are drawn in proportion to priority^alpha", in_closed(0, 10));
    field("uniform_sample_probability", uniform_sample_probability,
          "share of the draws that are uniform (DQN Zoo: 1e-3)", in_closed(0, 1));
    field("importance_exponent_begin", importance_exponent_begin,
          "beta of the importance weights when learning starts", in_closed(0, 1));
    field("importance_exponent_end", importance_exponent_end,
          "beta of the importance weights in the end", in_closed(0, 1));
    field("importance_exponent_steps", importance_exponent_steps,
          "agent steps over which beta goes from begin to end", at_least(1));
    field("sampling", sampling,
          "independent draws, or stratified: one in each of batch_size equal shares of the mass",
          one_of({"independent", "stratified"}));
  }
};

/// Proportional prioritization (Schaul et al., 2016, "Prioritized experience replay") of the
/// transitions that a replay holds, by id. A new transition gets the greatest priority ever seen.
class Prioritization {
 public:
  /// max_span: an upper bound of (newest id - oldest id + 1).
  Prioritization(const PrioritizationOptions& options, int64_t max_span);

  /// A transition that can be drawn from now on.
  void add(int64_t id);

  /// One that cannot any more.
  void remove(int64_t id);

  /// A new priority, at least 0, before the exponent; a priority of 0 is never drawn again except
  /// uniformly. Throws Error where it is not finite.
  void set(int64_t id, double priority);

  /// Of an id, after the exponent; 0 for those that were removed or never added.
  double weight(int64_t id) const { return tree_.get(slot(id)); }

  /// The greatest priority that set() was given, before the exponent; 1 at first.
  double max_priority() const { return max_priority_; }

  /// Draws ids. begin: the oldest id; uniform: draws one id uniformly.
  template <class Uniform>
  std::vector<int64_t> sample(int64_t count, int64_t begin, RandomStream& random,
                              Uniform&& uniform) const {
    std::vector<int64_t> ids;
    ids.reserve(count);
    for (int64_t i = 0; i < count; ++i) {
      const bool uniformly = (options_.uniform_sample_probability > 0 &&
                              random.uniform() < options_.uniform_sample_probability) ||
                             tree_.total() == 0;
      ids.push_back(uniformly ? uniform() : draw(i, count, begin, random));
    }
    return ids;
  }

  /// The probability with which sample() draws an id where there are `size`.
  double probability(int64_t id, int64_t size) const;

  /// The most memory that it needs.
  static int64_t bytes_needed(int64_t max_span);

  /// begin, end: the ids that there are, [begin, end); loading needs an object that is new.
  void state(StateTree& tree, int64_t begin, int64_t end);

 private:
  int64_t slot(int64_t id) const { return id % tree_.size(); }
  int64_t draw(int64_t index, int64_t count, int64_t begin, RandomStream& random) const;

  PrioritizationOptions options_;
  SumTree tree_;  // priority^alpha of id, at id modulo its size
  double max_priority_ = 1.0;
};

/// Weights that correct for drawing with unequal probabilities: (1 / probability)^exponent, divided
/// by the greatest of the batch. [N] float32.
torch::Tensor importance_weights(const torch::Tensor& probabilities,  // [N] float64
                                 double exponent);                    // at least 0

}  // namespace accumbens
