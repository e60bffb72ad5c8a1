#include "accumbens/networks/minatar.h"

namespace accumbens {

MinAtarDqnNetwork::MinAtarDqnNetwork(const MinAtarDqnOptions& options, int64_t channels,
                                     int64_t height, int64_t width, const HeadSpec& head,
                                     RandomStream& random) {
  constexpr int64_t kFilters = 16;
  constexpr int64_t kKernel = 3;
  const Initialization initialization = initialization_named(options.initialization);
  convolution_ = register_module("conv", torch::nn::Conv2d(channels, kFilters, kKernel));
  initialize_layer(convolution_->weight, convolution_->bias, initialization, random);
  make_head(head, kFilters * (height - kKernel + 1) * (width - kKernel + 1), /*hidden_units=*/128,
            initialization, random);
}

torch::Tensor MinAtarDqnNetwork::encode(const torch::Tensor& s) {
  const torch::Tensor x = s.flatten(1, 2).to(torch::kFloat32);  // [B, stack * channels, H, W]
  return convolution_->forward(x).relu_().flatten(1);           // [B, 16 * (H - 2) * (W - 2)]
}

}  // namespace accumbens
