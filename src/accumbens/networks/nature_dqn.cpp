#include "accumbens/networks/nature_dqn.h"

#include <torch/nn/functional/padding.h>
#include <torch/utils.h>

#include <algorithm>

#include "accumbens/core/error.h"
#include "accumbens/networks/pixels.h"

namespace accumbens {
namespace {

// what SAME adds before and after an axis: the output has ceil(size / stride) places, and an odd
// remainder goes behind (TensorFlow, flax)
std::pair<int64_t, int64_t> same_padding(int64_t size, int64_t kernel, int64_t stride) {
  const int64_t places = (size + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((places - 1) * stride + kernel - size, 0);
  return {total / 2, total - total / 2};
}

}  // namespace

NatureConvolutions::NatureConvolutions(torch::nn::Module& owner, const std::string& padding,
                                       int64_t stack_size, int64_t height, int64_t width,
                                       const Initialize& initialize) {
  const bool same = padding == "SAME";
  const std::string size = std::to_string(height) + " x " + std::to_string(width);

  // three convolutions, each on what the one before leaves
  struct Shape {
    int64_t filters, kernel, stride;
  };
  int64_t channels = stack_size;
  for (const auto& [filters, kernel, stride] :
       {Shape{32, 8, 4}, Shape{64, 4, 2}, Shape{64, 3, 1}}) {
    Convolution convolution;
    convolution.layer = owner.register_module(
        "conv" + std::to_string(convolutions_.size()),
        torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, filters, kernel).stride(stride)));
    if (same) {
      const auto [left, right] = same_padding(width, kernel, stride);
      const auto [top, bottom] = same_padding(height, kernel, stride);
      convolution.padding = {left, right, top, bottom};
      width += left + right;
      height += top + bottom;
    }
    if (width < kernel || height < kernel) {
      throw ConfigError("observations of " + size +
                        " pixels are too small for the network's convolutions, which need 36 x 36; "
                        "raise AtariPreprocessing.screen_size, or bind another network");
    }
    convolutions_.push_back(convolution);
    width = (width - kernel) / stride + 1;
    height = (height - kernel) / stride + 1;
    channels = filters;
  }

  for (auto& [layer, around] : convolutions_) {
    initialize(layer->weight, layer->bias);

    // channels-last is the layout that CPUs and GPUs convolve fastest
    const torch::NoGradGuard no_grad;
    layer->weight.set_data(layer->weight.contiguous(torch::MemoryFormat::ChannelsLast));

    // what is the same on both sides is left to the convolution itself
    if (!around.empty() && around[0] == around[1] && around[2] == around[3]) {
      layer->options.padding(torch::ExpandingArray<2>({around[2], around[0]}));
      around.clear();
    }
  }
  features_ = height * width * channels;
}

torch::Tensor NatureConvolutions::operator()(const torch::Tensor& s) {
  torch::Tensor x = scale_pixels(s);  // [B, stack, height, width]

  for (auto& [layer, padding] : convolutions_) {
    if (!padding.empty()) {
      x = torch::nn::functional::pad(x, torch::nn::functional::PadFuncOptions(padding));
    }
    x = layer->forward(x).relu_();
  }

  return x.permute({0, 2, 3, 1}).flatten(1);  // [B, height * width * channels]
}

NatureDqnNetwork::NatureDqnNetwork(const NatureDqnOptions& options, int64_t stack_size,
                                   int64_t height, int64_t width, const HeadSpec& head,
                                   RandomStream& random)
    : convolutions_(*this, options.padding, stack_size, height, width,
                    [&](torch::Tensor& weight, torch::Tensor& bias) {
                      initialize_layer(weight, bias, initialization_named(options.initialization),
                                       random);
                    }) {
  make_head(head, convolutions_.features(), /*hidden_units=*/512,
            initialization_named(options.initialization), random);
}

}  // namespace accumbens
