#pragma once

#include <torch/nn/modules/conv.h>

#include <functional>
#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/networks/value_head.h"

namespace accumbens {

/// Options of the convolutional network of Mnih et al. (2015).
struct NatureDqnOptions {
  std::string padding = "SAME";
  std::string initialization = "xavier_uniform";

  template <class Visitor>
  void fields(Visitor& field) {
    field("padding", padding,
          "of the convolutions: SAME gives 11x11x64 features (Dopamine), VALID 7x7x64 (the paper, "
          "DQN Zoo)",
          one_of({"SAME", "VALID"}));
    field(
        "initialization", initialization,
        "xavier_uniform and variance_scaling: Dopamine's DQN and its Rainbow; fan_in_uniform: DQN "
        "Zoo, biases too",
        one_of({"xavier_uniform", "variance_scaling", "fan_in_uniform"}));
  }
};

/// The same with the initialization of Dopamine's Rainbow, QR-DQN and IQN.
struct RainbowNetworkOptions : NatureDqnOptions {
  RainbowNetworkOptions() { initialization = "variance_scaling"; }
};

/// The convolutions of Mnih et al. (2015), "Human-level control through deep reinforcement
/// learning": 32 8x8 filters with stride 4, 64 4x4 with stride 2, 64 3x3 with stride 1, all with
/// ReLU.
class NatureConvolutions {
 public:
  /// Draws the weight and bias of a layer.
  using Initialize = std::function<void(torch::Tensor& weight, torch::Tensor& bias)>;

  /// Registers its layers with `owner`. padding: SAME or VALID; height, width: of a frame, in
  /// pixels; stack_size: frames in an observation.
  NatureConvolutions(torch::nn::Module& owner, const std::string& padding, int64_t stack_size,
                     int64_t height, int64_t width, const Initialize& initialize);

  /// s: [B, stack, height, width] uint8, scaled to [0, 1] here. Returns [B, features].
  torch::Tensor operator()(const torch::Tensor& s);

  /// How many numbers it makes of an observation.
  int64_t features() const { return features_; }

 private:
  struct Convolution {
    torch::nn::Conv2d layer{nullptr};
    std::vector<int64_t> padding;  // left, right, top, bottom
  };

  std::vector<Convolution> convolutions_;
  int64_t features_ = 0;
};

/// The network of Mnih et al. (2015): its convolutions, 512 hidden units with ReLU, and the head
/// that the agent asks for.
class NatureDqnNetwork final : public EncodedNetwork {
 public:
  /// height, width: of a frame, in pixels; stack_size: frames in an observation; random: draws all
  /// weights.
  NatureDqnNetwork(const NatureDqnOptions& options, int64_t stack_size, int64_t height,
                   int64_t width, const HeadSpec& head, RandomStream& random);

 protected:
  /// s: [B, stack, height, width] uint8.
  torch::Tensor encode(const torch::Tensor& s) override { return convolutions_(s); }

 private:
  NatureConvolutions convolutions_;
};

}  // namespace accumbens
