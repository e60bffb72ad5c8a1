#include "accumbens/agents/rainbow.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/losses/categorical.h"

namespace accumbens {
namespace {

torch::Tensor support_of(const RainbowOptions& options) {
  return torch::linspace(options.vmin.value_or(-options.vmax), options.vmax, options.num_atoms);
}

}  // namespace

void RainbowOptions::check() const {
  DqnOptions::check();
  if (vmin.value_or(-vmax) >= vmax) throw ConfigError("vmin must be below vmax");
}

void FullRainbowOptions::check() const {
  RainbowOptions::check();
  if (!distributional) {
    throw ConfigError(
        "distributional = False is not for this agent: bind create_agent.agent_name = 'dqn', and "
        "DQNAgent.double_dqn, dueling, noisy and replay_scheme");
  }
  if (num_updates_per_train_step != 1) {
    throw ConfigError("num_updates_per_train_step must be 1; bind a smaller update_period");
  }
}

HeadSpec RainbowOptions::head(int64_t num_actions) const {
  HeadSpec spec = DqnOptions::head(num_actions);
  spec.kind = HeadSpec::Kind::kCategorical;
  spec.num_atoms = num_atoms;
  spec.support = support_of(*this);
  return spec;
}

RainbowAgent::RainbowAgent(const RainbowOptions& options, int64_t batch_size, int64_t num_actions,
                           torch::Device device, Parts parts)
    : DqnAgent(options, batch_size, num_actions, device, std::move(parts)),
      clipped_priorities_(options.priority == "clipped_loss"),
      support_(support_of(options).to(device)) {}

DqnAgent::Losses RainbowAgent::losses(const Batch& batch) {
  // the next states' distributions, and the actions that are greedy there
  QOutput z_t;
  torch::Tensor a_t;  // [N]
  {
    const torch::NoGradGuard no_grad;
    z_t = target_network().forward(batch.s_t);
    a_t = selector(batch.s_t, z_t.q_values).argmax(/*dim=*/1);
  }
  const QOutput z_tm1 = network().forward(batch.s_tm1);
  const torch::Tensor losses =
      categorical_q_learning_loss(z_tm1.logits, batch.a_tm1, batch.r_t, batch.discount_t,
                                  z_t.probabilities, a_t, support_);  // [N]
  Losses result = losses_of_distributions(losses, z_tm1.q_values);
  if (clipped_priorities_) result.priorities = losses.detach().clamp(0.0, 100.0);
  return result;
}

}  // namespace accumbens
