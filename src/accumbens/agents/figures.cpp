#include "accumbens/agents/figures.h"

#include <torch/utils.h>

#include <cmath>

#include "accumbens/core/error.h"

namespace accumbens {

void Figures::set(const std::vector<torch::Tensor>& tensors) {
  tensors_.clear();
  for (const torch::Tensor& tensor : tensors) tensors_.push_back(tensor.detach());
}

std::map<std::string, double> Figures::values() const {
  std::map<std::string, double> figures;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    figures[names_[i]] = tensors_[i].mean().item<double>();
  }
  return figures;
}

void Figures::state(StateTree& tree) {
  std::vector<torch::Tensor> means;
  for (const torch::Tensor& tensor : tensors_) means.push_back(tensor.mean());
  torch::Tensor all = known() ? torch::stack(means) : torch::Tensor();
  tree("figures", all);
  tree.require("figures", !all.defined() || (all.dim() == 1 &&
                                             all.numel() == static_cast<int64_t>(names_.size())));
  if (tree.loading()) tensors_ = all.defined() ? all.unbind() : std::vector<torch::Tensor>();
}

void require_finite_loss(double loss, int64_t agent_step) {
  if (std::isfinite(loss)) return;
  throw Diverged("the loss is " + std::to_string(loss) + " at agent step " +
                 std::to_string(agent_step));
}

}  // namespace accumbens
