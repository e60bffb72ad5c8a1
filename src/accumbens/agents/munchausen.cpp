#include "accumbens/agents/munchausen.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/losses/munchausen.h"
#include "accumbens/losses/q_learning.h"

namespace accumbens {

void MunchausenTerms::check_with(const DqnOptions& options) {
  if (!options.double_dqn) return;
  throw ConfigError("double_dqn does not go with Munchausen, whose next actions are not greedy");
}

void MunchausenOptions::check() const {
  DqnOptions::check();
  check_with(*this);
}

MunchausenAgent::MunchausenAgent(const MunchausenOptions& options, int64_t batch_size,
                                 int64_t num_actions, torch::Device device, Parts parts)
    : DqnAgent(options, batch_size, num_actions, device, std::move(parts)), options_(options) {}

DqnAgent::Losses MunchausenAgent::losses(const Batch& batch) {
  // the reward and its addition, and the soft value of the next states
  torch::Tensor target;  // [N]
  {
    const torch::NoGradGuard no_grad;
    const torch::Tensor bonus =
        munchausen_bonus(target_network().forward(batch.s_tm1).q_values, batch.a_tm1,
                         options_.temperature, options_.alpha, options_.clip);
    const torch::Tensor q_t = target_network().forward(batch.s_t).q_values;  // [N, A]
    target = batch.r_t + bonus + batch.discount_t * soft_value(q_t, options_.temperature);
  }
  const torch::Tensor q_tm1 = network().forward(batch.s_tm1).q_values;  // [N, A]
  return losses_of(target - gather_actions(q_tm1, batch.a_tm1), q_tm1);
}

}  // namespace accumbens
