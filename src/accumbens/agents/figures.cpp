#include "accumbens/agents/figures.h"

#include <torch/utils.h>

#include <cmath>

#include "accumbens/core/error.h"

namespace accumbens {

void Figures::set(const std::vector<torch::Tensor>& scalars) {
  scalars_.clear();
  for (const torch::Tensor& scalar : scalars) scalars_.push_back(scalar.detach());
}

std::map<std::string, double> Figures::values() const {
  std::map<std::string, double> figures;
  for (size_t i = 0; i < scalars_.size(); ++i) figures[names_[i]] = scalars_[i].item<double>();
  return figures;
}

void Figures::state(StateTree& tree) {
  torch::Tensor all = known() ? torch::stack(scalars_) : torch::Tensor();
  tree("figures", all);
  if (tree.loading()) scalars_ = all.defined() ? all.unbind() : std::vector<torch::Tensor>();
}

void require_finite_loss(double loss, std::optional<int64_t> agent_step) {
  if (std::isfinite(loss)) return;
  throw Error("the loss is " + std::to_string(loss) +
              (agent_step ? " at agent step " + std::to_string(*agent_step) : "") +
              "; lower create_optimizer.learning_rate or look for rewards that are not finite");
}

}  // namespace accumbens
