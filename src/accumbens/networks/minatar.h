#pragma once

#include <torch/nn/modules/conv.h>

#include <string>

#include "accumbens/config/options.h"
#include "accumbens/networks/actor_critic.h"
#include "accumbens/networks/value_head.h"

namespace accumbens {

/// Options of the network for MinAtar.
struct MinAtarDqnOptions {
  std::string initialization = "fan_in_uniform";

  template <class Visitor>
  void fields(Visitor& field) {
    field("initialization", initialization,
          "fan_in_uniform: torch's own, biases too (the paper's code); xavier_uniform and "
          "variance_scaling: Dopamine's",
          one_of({"xavier_uniform", "variance_scaling", "fan_in_uniform"}));
  }
};

/// The network of Young & Tian (2019) for MinAtar: 16 3x3 filters with stride 1 and without
/// padding, 128 hidden units, both with ReLU, and the head that the agent asks for.
class MinAtarDqnNetwork final : public EncodedNetwork {
 public:
  /// channels: of all frames of an observation; height, width: in cells; random: draws all weights.
  MinAtarDqnNetwork(const MinAtarDqnOptions& options, int64_t channels, int64_t height,
                    int64_t width, const HeadSpec& head, RandomStream& random);

 protected:
  /// s: [B, stack, channels, height, width], 0 or 1.
  torch::Tensor encode(const torch::Tensor& s) override;

 private:
  torch::nn::Conv2d convolution_{nullptr};
};

/// The same convolution and 128 hidden units, which a softmax policy and a value share.
class MinAtarActorCriticNetwork final : public EncodedActorCritic {
 public:
  /// channels: of all frames of an observation; height, width: in cells; random: draws all weights.
  MinAtarActorCriticNetwork(int64_t channels, int64_t height, int64_t width, int64_t num_actions,
                            RandomStream& random);

 protected:
  torch::Tensor encode(const torch::Tensor& s) override;

 private:
  torch::nn::Conv2d convolution_{nullptr};
};

}  // namespace accumbens
