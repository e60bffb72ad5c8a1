#include "accumbens/losses/categorical.h"

#include "accumbens/losses/q_learning.h"

namespace accumbens {

torch::Tensor project_distribution(const torch::Tensor& atoms, const torch::Tensor& probabilities,
                                   const torch::Tensor& support) {
  const int64_t n = support.size(0);
  const torch::Tensor low = support[0];
  const torch::Tensor high = support[n - 1];

  // where the atoms lie, in units of the support's spacing
  const torch::Tensor place =
      (atoms.clamp(low, high) - low) * (static_cast<double>(n - 1) / (high - low));  // [B, M]
  const torch::Tensor below = place.floor().clamp_max(static_cast<double>(n - 2));
  const torch::Tensor share_above = (place - below).clamp(0.0, 1.0);  // rounding aside
  const torch::Tensor index = below.nan_to_num().to(torch::kInt64);   // the shares stay NaN

  return torch::zeros({atoms.size(0), n}, probabilities.options())
      .scatter_add(1, index, probabilities * (1.0 - share_above))
      .scatter_add(1, index + 1, probabilities * share_above);
}

torch::Tensor categorical_q_learning_loss(const torch::Tensor& logits_tm1,
                                          const torch::Tensor& a_tm1, const torch::Tensor& r_t,
                                          const torch::Tensor& discount_t,
                                          const torch::Tensor& probabilities_t,
                                          const torch::Tensor& a_t, const torch::Tensor& support) {
  const torch::Tensor atoms = r_t.unsqueeze(1) + discount_t.unsqueeze(1) * support;  // [B, N]
  const torch::Tensor target =
      project_distribution(atoms, gather_actions(probabilities_t, a_t), support);  // [B, N]
  const torch::Tensor log_probabilities = gather_actions(logits_tm1, a_tm1).log_softmax(1);
  return -(target.detach() * log_probabilities).sum(1);
}

}  // namespace accumbens
