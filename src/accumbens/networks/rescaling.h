#pragma once

#include <torch/nn/module.h>

#include <optional>
#include <string>
#include <vector>

namespace accumbens {

/// Maps each observation's range to [0, 1]; values outside of it are not clipped.
class Rescaling {
 public:
  /// One number per observation, or None.
  using Values = std::optional<std::vector<double>>;

  /// Throws ConfigError unless both are given, of one size, and min_vals below max_vals; or none.
  static void check(const Values& min_vals, const Values& max_vals);

  /// Keeps the range in `owner`, so that it moves to the device with it. None: nothing is mapped.
  /// Throws ConfigError, which names the network, where there is not one value per observation.
  Rescaling(torch::nn::Module& owner, const std::string& network, const Values& min_vals,
            const Values& max_vals, int64_t observation_size);

  /// x: [..., observation] float32
  torch::Tensor operator()(const torch::Tensor& x) const;

  /// Whether there is a range to map.
  bool given() const { return min_vals_.defined(); }

 private:
  torch::Tensor min_vals_;  // [observation]
  torch::Tensor max_vals_;  // [observation]
};

}  // namespace accumbens
