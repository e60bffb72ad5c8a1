#pragma once

#include <torch/nn/modules/conv.h>

#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/networks/value_head.h"

namespace accumbens {

/// Options of the network on IMPALA's encoder.
struct ImpalaOptions {
  int64_t nn_scale = 1;

  template <class Visitor>
  void fields(Visitor& field) {
    field("nn_scale", nn_scale, "multiplies the channels of all stacks", in_closed(1, 1000));
  }
};

/// Options of IMPALA's encoder.
struct ImpalaEncoderOptions {
  std::vector<int64_t> stack_sizes = {16, 32, 32};
  int64_t num_blocks = 2;

  template <class Visitor>
  void fields(Visitor& field) {
    field("stack_sizes", stack_sizes, "channels of one stack after the other", in_closed(1, 1e5));
    field("num_blocks", num_blocks, "residual blocks in each stack", in_closed(0, 1000));
  }
};

/// The deep residual encoder of Espeholt et al. (2018), "IMPALA: scalable distributed deep-RL with
/// importance weighted actor-learner architectures", as in Dopamine: per stack a 3x3 convolution,
/// a 3x3 maximum with stride 2, and residual blocks of two 3x3 convolutions, all with SAME padding;
/// then 512 hidden units with ReLU and the head that the agent asks for.
class ImpalaNetwork final : public EncodedNetwork {
 public:
  /// height, width: of a frame, in pixels; stack_size: frames in an observation; random: draws all
  /// weights.
  ImpalaNetwork(const ImpalaOptions& options, const ImpalaEncoderOptions& encoder,
                int64_t stack_size, int64_t height, int64_t width, const HeadSpec& head,
                RandomStream& random);

 protected:
  /// s: [B, stack, height, width] uint8, scaled to [0, 1] here.
  torch::Tensor encode(const torch::Tensor& s) override;

 private:
  struct Block {
    torch::nn::Conv2d first{nullptr};
    torch::nn::Conv2d second{nullptr};
  };
  struct Stack {
    torch::nn::Conv2d convolution{nullptr};
    std::vector<Block> blocks;
  };

  std::vector<Stack> stacks_;
};

}  // namespace accumbens
