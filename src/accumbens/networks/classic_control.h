#pragma once

#include <torch/nn/modules/linear.h>

#include <optional>
#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/networks/dense.h"
#include "accumbens/networks/rescaling.h"
#include "accumbens/networks/value_head.h"

namespace accumbens {

/// Options of the network for low-dimensional observations.
struct ClassicControlDqnOptions {
  int64_t num_layers = 2;
  int64_t hidden_units = 512;
  std::optional<std::vector<int64_t>> layer_sizes = std::nullopt;
  std::string initialization = "xavier_uniform";
  std::optional<std::vector<double>> min_vals = std::nullopt;
  std::optional<std::vector<double>> max_vals = std::nullopt;

  template <class Visitor>
  void fields(Visitor& field) {
    field("num_layers", num_layers, "hidden layers", in_closed(1, 1'000));
    field("hidden_units", hidden_units, "units in each hidden layer", in_closed(1, 1e6));
    field("layer_sizes", layer_sizes,
          "units of one hidden layer after the other, instead of num_layers and hidden_units",
          in_closed(1, 1e6));
    field("initialization", initialization,
          "xavier_uniform: Dopamine; fan_in_uniform: torch's own (CleanRL), biases too",
          one_of({"xavier_uniform", "variance_scaling", "fan_in_uniform"}));
    field("min_vals", min_vals, "lowest value of each observation, mapped to -1; None: unscaled");
    field("max_vals", max_vals, "highest value of each observation, mapped to 1; None: unscaled");
  }

  void check() const {
    Rescaling::check(min_vals, max_vals);
    if (layer_sizes) require_layers(*layer_sizes);
  }
};

/// Dopamine's network for CartPole, Acrobot and the like: observations rescaled to [-1, 1], then
/// dense layers with ReLU (Castro et al., 2018), and the head that the agent asks for.
class ClassicControlDqnNetwork final : public EncodedNetwork {
 public:
  /// Throws ConfigError where min_vals does not have one value per observation.
  ClassicControlDqnNetwork(const ClassicControlDqnOptions& options, int64_t observation_size,
                           int64_t stack_size, const HeadSpec& head, RandomStream& random);

 protected:
  /// s: [B, stack, ...]
  torch::Tensor encode(const torch::Tensor& s) override;

 private:
  Rescaling rescale_;
  std::vector<torch::nn::Linear> layers_;
};

}  // namespace accumbens
