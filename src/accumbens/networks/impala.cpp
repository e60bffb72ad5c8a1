#include "accumbens/networks/impala.h"

#include <torch/nn/functional/pooling.h>
#include <torch/utils.h>

#include <string>

#include "accumbens/networks/pixels.h"

namespace accumbens {

ImpalaNetwork::ImpalaNetwork(const ImpalaOptions& options, const ImpalaEncoderOptions& encoder,
                             int64_t stack_size, int64_t height, int64_t width,
                             const HeadSpec& head, RandomStream& random) {
  int64_t channels = stack_size;
  const auto convolution = [&](const std::string& name, int64_t filters,
                               Initialization initialization) {
    auto layer = register_module(
        name, torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, filters, 3).padding(1)));
    initialize_layer(layer->weight, layer->bias, initialization, random);

    // channels-last is the layout that CPUs and GPUs convolve fastest
    const torch::NoGradGuard no_grad;
    layer->weight.set_data(layer->weight.contiguous(torch::MemoryFormat::ChannelsLast));
    channels = filters;
    return layer;
  };

  // flax's own initialization within the blocks, as in Dopamine
  for (const int64_t size : encoder.stack_sizes) {
    const std::string name = "stack" + std::to_string(stacks_.size());
    const int64_t filters = size * options.nn_scale;
    Stack stack;
    stack.convolution = convolution(name, filters, Initialization::kXavierUniform);
    for (int64_t i = 0; i < encoder.num_blocks; ++i) {
      const std::string block = name + "_block" + std::to_string(i);
      auto first = convolution(block + "_first", filters, Initialization::kLecunNormal);
      auto second = convolution(block + "_second", filters, Initialization::kLecunNormal);
      stack.blocks.push_back({first, second});
    }
    stacks_.push_back(stack);
    height = (height + 1) / 2;
    width = (width + 1) / 2;
  }
  make_head(head, height * width * channels, /*hidden_units=*/512, Initialization::kXavierUniform,
            random);
}

torch::Tensor ImpalaNetwork::encode(const torch::Tensor& s) {
  torch::Tensor x = scale_pixels(s);  // [B, stack, height, width]

  for (Stack& stack : stacks_) {
    x = stack.convolution->forward(x);

    // SAME: an odd axis is padded on both sides, an even one behind only
    x = torch::nn::functional::max_pool2d(x, torch::nn::functional::MaxPool2dFuncOptions(3)
                                                 .stride(2)
                                                 .padding({x.size(2) % 2, x.size(3) % 2})
                                                 .ceil_mode(true));
    for (Block& block : stack.blocks) {
      x = x + block.second->forward(block.first->forward(x.relu()).relu_());
    }
  }
  return x.relu_().permute({0, 2, 3, 1}).flatten(1);  // [B, height * width * channels]
}

}  // namespace accumbens
