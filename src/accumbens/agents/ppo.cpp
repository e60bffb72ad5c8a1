#include "accumbens/agents/ppo.h"

#include <torch/utils.h>

#include <optional>
#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/losses/policy_gradient.h"

namespace accumbens {
namespace {

// 0 ... count-1 in an order of its own
torch::Tensor permutation(int64_t count, RandomStream& random) {
  torch::Tensor rows = torch::arange(count);
  auto* data = rows.mutable_data_ptr<int64_t>();
  for (int64_t i = count; i-- > 1;) std::swap(data[i], data[random.below(i + 1)]);
  return rows;
}

}  // namespace

void PpoOptions::check() const {
  if (update_period % batch_size == 0) return;
  throw ConfigError("update_period (" + std::to_string(update_period) +
                    ") must be a multiple of batch_size (" + std::to_string(batch_size) + ")");
}

PpoAgent::PpoAgent(const PpoOptions& options, int64_t num_streams, torch::Device device,
                   Parts parts)
    : OnPolicyAgent(options, num_streams, device, std::move(parts),
                    {"approximate_kl", "clip_fraction"}),
      options_(options) {}

void PpoAgent::update(const Samples& samples) {
  std::vector<torch::Tensor> minibatches;
  for (int64_t epoch = 0; epoch < options_.num_epochs; ++epoch) {
    if (epoch == 0 || options_.shuffle == "samples") minibatches = draw_minibatches(samples.size());
    for (const torch::Tensor& rows : minibatches) {
      if (rows.numel() > 1) update_on(samples.select(rows));
    }
  }
}

std::vector<torch::Tensor> PpoAgent::draw_minibatches(int64_t size) {
  // of nearly equal sizes, as agent steps without an outcome are missing
  const int64_t count = options_.update_period / options_.batch_size;
  if (options_.shuffle == "samples") return permutation(size, minibatches()).tensor_split(count);

  const std::vector<torch::Tensor> neighbours = torch::arange(size).tensor_split(count);
  const torch::Tensor order = permutation(count, minibatches());
  std::vector<torch::Tensor> drawn;
  for (int64_t i = 0; i < count; ++i) drawn.push_back(neighbours[order[i].item<int64_t>()]);
  return drawn;
}

void PpoAgent::update_on(const Samples& minibatch) {
  // the policy moves, but not far; the value follows
  const PolicyOutput output = look_at(minibatch.s_tm1);
  const torch::Tensor log_prob = log_probability(output, minibatch.a_tm1);  // [N]
  const torch::Tensor policy_losses = clipped_surrogate_loss(
      log_prob, minibatch.log_prob_tm1, normalized(minibatch.advantage), options_.epsilon);  // [N]
  const torch::Tensor value_losses =
      value_loss(output.value, minibatch.v_tm1, minibatch.target,
                 options_.clip_critic_loss ? std::optional(options_.epsilon) : std::nullopt);

  // how far it moved already
  const torch::Tensor log_ratio = (log_prob - minibatch.log_prob_tm1).detach();  // [N]
  const torch::Tensor moved = log_ratio.exp() - 1.0;                             // [N]
  minimize(
      policy_losses.mean(), value_losses.mean(), entropy(output).mean(),
      {(moved - log_ratio).mean(), (moved.abs() > options_.epsilon).to(torch::kFloat32).mean()});
}

}  // namespace accumbens
