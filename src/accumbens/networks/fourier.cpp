#include "accumbens/networks/fourier.h"

#include <numbers>
#include <string>

#include "accumbens/core/error.h"
#include "accumbens/networks/autocast.h"

namespace accumbens {
namespace {

constexpr int64_t kMostFeatures = 1'000'000;

// every combination of 0 ... order but the first, the last variable changing fastest: [features,
// variables]
torch::Tensor combinations(int64_t order, int64_t variables) {
  int64_t count = 1;
  for (int64_t i = 0; i < variables; ++i) {
    count *= order + 1;
    if (count <= kMostFeatures) continue;
    throw ConfigError(
        "a Fourier basis of order " + std::to_string(order) + " on " + std::to_string(variables) +
        " numbers has more than " + std::to_string(kMostFeatures) +
        " features; lower fourier_basis_order or stack_size, or bind another network");
  }
  torch::Tensor digits = torch::empty({count - 1, variables}, torch::kFloat32);
  float* data = digits.mutable_data_ptr<float>();
  for (int64_t number = 1; number < count; ++number, data += variables) {
    int64_t rest = number;
    for (int64_t i = variables; i-- > 0; rest /= order + 1) {
      data[i] = static_cast<float>(rest % (order + 1));
    }
  }
  return digits;
}

}  // namespace

FourierNetwork::FourierNetwork(const FourierOptions& options, int64_t observation_size,
                               int64_t stack_size, const HeadSpec& head, RandomStream& random)
    : rescale_(*this, "JaxFourierDQNNetwork", options.min_vals, options.max_vals,
               observation_size) {
  if (head.bias == Bias::kShared) {
    throw ConfigError("shared_bias does not go with a Fourier basis, whose outputs have no biases");
  }
  frequencies_ = register_constant(
      *this, "frequencies",
      combinations(options.fourier_basis_order, observation_size * stack_size).t().contiguous());
  HeadSpec without_bias = head;
  without_bias.bias = Bias::kNone;
  make_head(without_bias, frequencies_.size(1), /*hidden_units=*/0, Initialization::kXavierUniform,
            random);
}

torch::Tensor FourierNetwork::encode(const torch::Tensor& s) {
  const torch::Tensor x = rescale_(s.to(torch::kFloat32).flatten(2));  // [B, stack, observation]

  // angles of many turns need all their digits
  const Autocast exact(x.device().type(), torch::kFloat32);
  return x.flatten(1).matmul(frequencies_).mul_(std::numbers::pi).cos_();  // [B, features]
}

}  // namespace accumbens
