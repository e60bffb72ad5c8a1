#include "accumbens/networks/rescaling.h"

#include <torch/utils.h>

#include "accumbens/core/error.h"
#include "accumbens/networks/q_network.h"

namespace accumbens {

void Rescaling::check(const Values& min_vals, const Values& max_vals) {
  if (min_vals.has_value() != max_vals.has_value()) {
    throw ConfigError("min_vals and max_vals must be given together");
  }
  if (!min_vals) return;
  if (min_vals->size() != max_vals->size()) {
    throw ConfigError("min_vals and max_vals must have one value for each observation");
  }
  for (size_t i = 0; i < min_vals->size(); ++i) {
    if ((*min_vals)[i] >= (*max_vals)[i]) throw ConfigError("min_vals must be below max_vals");
  }
}

Rescaling::Rescaling(torch::nn::Module& owner, const std::string& network, const Values& min_vals,
                     const Values& max_vals, int64_t observation_size) {
  check(min_vals, max_vals);
  if (!min_vals) return;
  if (static_cast<int64_t>(min_vals->size()) != observation_size) {
    throw ConfigError(network + ".min_vals has " + std::to_string(min_vals->size()) +
                      " values, but observations have " + std::to_string(observation_size) +
                      "; give one for each");
  }
  min_vals_ = register_constant(owner, "min_vals", torch::tensor(*min_vals, torch::kFloat32));
  max_vals_ = register_constant(owner, "max_vals", torch::tensor(*max_vals, torch::kFloat32));
}

torch::Tensor Rescaling::operator()(const torch::Tensor& x) const {
  return given() ? (x - min_vals_) / (max_vals_ - min_vals_) : x;
}

}  // namespace accumbens
