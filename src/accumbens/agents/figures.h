#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "accumbens/core/state_tree.h"

namespace accumbens {

/// What the logs say of an agent's last update.
class Figures {
 public:
  /// names: of the tensors that set() gets, in their order.
  explicit Figures(std::vector<std::string> names) : names_(std::move(names)) {}

  /// Another update. tensors: one for each name, which nothing changes later; a figure is the mean
  /// of its tensor, taken when it is asked for. Their gradients are forgotten.
  void set(const std::vector<torch::Tensor>& tensors);

  /// Whether there was an update.
  bool known() const { return !tensors_.empty(); }

  /// The figures by name; nothing before the first update.
  std::map<std::string, double> values() const;

  /// Saves or loads them as the tensor "figures".
  void state(StateTree& tree);

 private:
  std::vector<std::string> names_;
  std::vector<torch::Tensor> tensors_;
};

/// Throws Diverged unless the loss is finite. agent_step: of training.
void require_finite_loss(double loss, int64_t agent_step);

}  // namespace accumbens
