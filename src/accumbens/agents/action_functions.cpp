#include "accumbens/agents/action_functions.h"

#include <torch/utils.h>

namespace accumbens {

bool names_max_action(const Reference& action_fn) {
  return action_fn.name.ends_with("max_action");
}

torch::Tensor max_actions(const torch::Tensor& preferences) {
  return preferences.argmax(/*dim=*/1);
}

torch::Tensor sampled_actions(const torch::Tensor& logits, RandomStream& random) {
  const torch::Tensor probabilities = logits.to(torch::kFloat64).softmax(/*dim=*/1);  // [B, A]
  torch::Tensor actions = torch::empty({logits.size(0)}, torch::kInt64);
  for (int64_t b = 0; b < logits.size(0); ++b) {
    const double* p = probabilities.const_data_ptr<double>() + b * logits.size(1);
    double left = random.uniform();
    int64_t a = 0;
    while (a + 1 < logits.size(1) && left >= p[a]) left -= p[a++];
    actions.mutable_data_ptr<int64_t>()[b] = a;
  }
  return actions;
}

}  // namespace accumbens
