#include "accumbens/agents/a2c.h"

#include <optional>
#include <utility>

#include "accumbens/losses/policy_gradient.h"

namespace accumbens {

A2cAgent::A2cAgent(const A2cOptions& options, int64_t num_streams, torch::Device device,
                   Parts parts)
    : OnPolicyAgent(options, num_streams, device, std::move(parts)),
      normalize_advantages_(options.normalize_advantages) {}

void A2cAgent::update(const Samples& samples) {
  const torch::Tensor advantage =
      normalize_advantages_ ? normalized(samples.advantage) : samples.advantage;  // [N]
  const PolicyOutput output = look_at(samples.s_tm1);
  const torch::Tensor policy_losses =
      policy_gradient_loss(log_probability(output, samples.a_tm1), advantage);  // [N]
  const torch::Tensor value_losses =
      value_loss(output.value, samples.v_tm1, samples.target, std::nullopt);  // [N]
  minimize(policy_losses.mean(), value_losses.mean(), entropy(output).mean());
}

}  // namespace accumbens
