#pragma once

#include <torch/nn/modules/linear.h>

#include <optional>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/core/error.h"
#include "accumbens/networks/value_head.h"

namespace accumbens {

/// Options of the network for low-dimensional observations.
struct ClassicControlDqnOptions {
  int64_t num_layers = 2;
  int64_t hidden_units = 512;
  std::optional<std::vector<double>> min_vals = std::nullopt;
  std::optional<std::vector<double>> max_vals = std::nullopt;

  template <class Visitor>
  void fields(Visitor& field) {
    field("num_layers", num_layers, "hidden layers", at_least(1));
    field("hidden_units", hidden_units, "units in each hidden layer", at_least(1));
    field("min_vals", min_vals, "lowest value of each observation, mapped to -1; None: unscaled");
    field("max_vals", max_vals, "highest value of each observation, mapped to 1; None: unscaled");
  }

  void check() const {
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
  torch::Tensor min_vals_;  // [observation]
  torch::Tensor max_vals_;  // [observation]
  std::vector<torch::nn::Linear> layers_;
};

}  // namespace accumbens
