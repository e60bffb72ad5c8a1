#pragma once

#include <optional>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/networks/rescaling.h"
#include "accumbens/networks/value_head.h"

namespace accumbens {

/// Options of the linear network on a Fourier basis.
struct FourierOptions {
  int64_t fourier_basis_order = 3;
  std::optional<std::vector<double>> min_vals = std::nullopt;
  std::optional<std::vector<double>> max_vals = std::nullopt;

  template <class Visitor>
  void fields(Visitor& field) {
    field("fourier_basis_order", fourier_basis_order,
          "highest frequency of each observation; features are (order + 1)^observations - 1",
          at_least(1));
    field("min_vals", min_vals, "lowest value of each observation, mapped to 0; None: unscaled");
    field("max_vals", max_vals, "highest value of each observation, mapped to 1; None: unscaled");
  }

  void check() const { Rescaling::check(min_vals, max_vals); }
};

/// A linear network on the Fourier basis of Konidaris et al. (2011), "Value function approximation
/// in reinforcement learning using the Fourier basis", as in Dopamine: features cos(pi * c . x) of
/// observations x rescaled to [0, 1], for every c in {0 ... order}^observations but 0, and outputs
/// without biases.
class FourierNetwork final : public EncodedNetwork {
 public:
  /// Throws ConfigError where min_vals does not have one value per observation, where there would
  /// be more than a million features, and for one bias shared by all outputs.
  FourierNetwork(const FourierOptions& options, int64_t observation_size, int64_t stack_size,
                 const HeadSpec& head, RandomStream& random);

 protected:
  /// s: [B, stack, ...]
  torch::Tensor encode(const torch::Tensor& s) override;

 private:
  Rescaling rescale_;
  torch::Tensor frequencies_;  // [stack * observation, features], c
};

}  // namespace accumbens
