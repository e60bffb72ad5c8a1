#include "accumbens/agents/exploration_noise.h"

#include <torch/utils.h>

#include <cmath>

#include "accumbens/core/random_tensor.h"

namespace accumbens {

torch::Tensor GaussianNoise::draw(const TimeStep& time_step, int64_t action_size,
                                  RandomStream& random) {
  return options_.scale * normals({time_step.batch_size(), action_size}, random);
}

torch::Tensor OrnsteinUhlenbeckNoise::draw(const TimeStep& time_step, int64_t action_size,
                                           RandomStream& random) {
  const torch::Tensor added =
      options_.scale * normals({time_step.batch_size(), action_size}, random);  // [B, D]
  if (!noise_.defined()) noise_ = torch::zeros_like(added);
  for (int64_t b = 0; b < time_step.batch_size(); ++b) {
    if (time_step.first(b)) noise_[b].zero_();
  }
  noise_ = (1.0 - options_.mean_reversion) * noise_ + added;
  return noise_;
}

torch::Tensor GumbelNoise::draw(const TimeStep& time_step, int64_t action_size,
                                RandomStream& random) {
  // in double precision, as float32 would round one in 2^25 to 1, and its noise to infinity
  return drawn_tensor({time_step.batch_size(), action_size},
                      [&] { return options_.scale * -std::log(-std::log(random.uniform())); });
}

}  // namespace accumbens
