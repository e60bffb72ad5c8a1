#include "accumbens/agents/action_functions.h"

#include <torch/utils.h>

#include "accumbens/core/random_tensor.h"

namespace accumbens {

torch::Tensor max_action(const PolicyOutput& policy, RandomStream&) {
  return policy.logits.defined() ? policy.logits.argmax(/*dim=*/1) : policy.mean;
}

torch::Tensor sampled_action(const PolicyOutput& policy, RandomStream& random) {
  if (!policy.logits.defined()) {
    return policy.mean + policy.log_std.exp() * normals(policy.mean.sizes(), random);
  }
  const torch::Tensor p = policy.logits.to(torch::kFloat64).softmax(/*dim=*/1);  // [B, A]
  torch::Tensor actions = torch::empty({p.size(0)}, torch::kInt64);
  for (int64_t b = 0; b < p.size(0); ++b) {
    const double* p_b = p.const_data_ptr<double>() + b * p.size(1);
    double left = random.uniform();
    int64_t a = 0;
    while (a + 1 < p.size(1) && left >= p_b[a]) left -= p_b[a++];
    actions.mutable_data_ptr<int64_t>()[b] = a;
  }
  return actions;
}

ActionFunction epsilon_greedy_action(double epsilon) {
  return [=](const PolicyOutput& policy, RandomStream& random) {
    torch::Tensor actions = max_action(policy, random);
    int64_t* a = actions.mutable_data_ptr<int64_t>();
    for (int64_t b = 0; b < actions.size(0); ++b) {
      if (random.uniform() < epsilon) a[b] = random.below(policy.logits.size(1));
    }
    return actions;
  };
}

}  // namespace accumbens
