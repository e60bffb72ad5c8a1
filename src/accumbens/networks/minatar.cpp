#include "accumbens/networks/minatar.h"

#include <cmath>

namespace accumbens {
namespace {

constexpr int64_t kFilters = 16;
constexpr int64_t kKernel = 3;

// of the convolution, flattened
int64_t features(int64_t height, int64_t width) {
  return kFilters * (height - kKernel + 1) * (width - kKernel + 1);
}

// s: [B, stack, channels, H, W]; returns [B, features]
torch::Tensor convolve(torch::nn::Conv2d& convolution, const torch::Tensor& s) {
  const torch::Tensor x = s.flatten(1, 2).to(torch::kFloat32);  // [B, stack * channels, H, W]
  return convolution->forward(x).relu_().flatten(1);
}

}  // namespace

MinAtarDqnNetwork::MinAtarDqnNetwork(const MinAtarDqnOptions& options, int64_t channels,
                                     int64_t height, int64_t width, const HeadSpec& head,
                                     RandomStream& random) {
  const Initialization initialization = initialization_named(options.initialization);
  convolution_ = register_module("conv", torch::nn::Conv2d(channels, kFilters, kKernel));
  initialize_layer(convolution_->weight, convolution_->bias, initialization, random);
  make_head(head, features(height, width), /*hidden_units=*/128, initialization, random);
}

torch::Tensor MinAtarDqnNetwork::encode(const torch::Tensor& s) {
  return convolve(convolution_, s);
}

MinAtarActorCriticNetwork::MinAtarActorCriticNetwork(int64_t channels, int64_t height,
                                                     int64_t width, int64_t num_actions,
                                                     RandomStream& random) {
  convolution_ = register_module("conv", torch::nn::Conv2d(channels, kFilters, kKernel));
  initialize_orthogonal(convolution_->weight, convolution_->bias, std::sqrt(2.0), random);
  make_outputs(features(height, width), /*hidden_units=*/128, num_actions, random);
}

torch::Tensor MinAtarActorCriticNetwork::encode(const torch::Tensor& s) {
  return convolve(convolution_, s);
}

}  // namespace accumbens
