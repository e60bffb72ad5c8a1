#include "accumbens/agents/td3.h"

#include <torch/utils.h>

#include <utility>

namespace accumbens {

Td3Agent::Td3Agent(const Td3Options& options, int64_t batch_size, torch::Device device, Parts parts,
                   std::unique_ptr<ExplorationNoise> exploration_noise,
                   const OptimizerOptions& rates, const OptimizerParts& optimizer_parts)
    : DdpgAgent(options, batch_size, device, std::move(parts), std::move(exploration_noise), rates,
                optimizer_parts),
      options_(options) {}

torch::Tensor Td3Agent::target_action(const torch::Tensor& x_t) {
  // neighbouring actions have about the same value
  const torch::Tensor action = DdpgAgent::target_action(x_t);  // [N, D]
  const torch::Tensor noise = (options_.target_noise * update_noise(action.sizes()))
                                  .clamp(-options_.target_noise_clip, options_.target_noise_clip);
  return clip(action + bounds().reach * noise, bounds());
}

}  // namespace accumbens
