#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/core/schedule.h"
#include "accumbens/core/state_tree.h"
#include "accumbens/networks/gradient_transforms.h"

namespace accumbens {

/// Options of the gradient descent; what Dopamine's create_optimizer has is named as there, with
/// the same default.
struct OptimizerOptions {
  double learning_rate = 6.25e-5;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1.5e-4;
  bool eps_hat = false;
  bool centered = false;
  double momentum = 0.0;
  bool anneal_learning_rate = false;
  Reference learning_rate_schedule{"constant_schedule"};
  int64_t anneal_steps = 1'000'000;
  double learning_rate_decay = 0.1;
  std::optional<double> max_gradient_norm = std::nullopt;
  std::vector<Reference> gradient_transforms{};

  template <class Visitor>
  void fields(Visitor& field) {
    field("learning_rate", learning_rate, "step size", above(0));
    field("beta1", beta1, "decay of Adam's mean of gradients", in_half_open(0, 1));
    field("beta2", beta2, "decay of the mean of squared gradients (Adam and RMSProp)",
          in_half_open(0, 1));
    field("eps", eps, "added to the denominator: Adam outside the root, RMSProp inside", above(0));
    field("eps_hat", eps_hat,
          "Adam: eps is added before the bias of the squares is corrected (TensorFlow 1)");
    field("centered", centered, "RMSProp: divide by the standard deviation of gradients");
    field("momentum", momentum, "RMSProp: what is left of each step in the next", in_closed(0, 1));
    field("anneal_learning_rate", anneal_learning_rate,
          "Dopamine's name of @linear_schedule, instead of @constant_schedule");
    field("learning_rate_schedule", learning_rate_schedule,
          "how the step size goes on from learning_rate", part("learning_rate_schedules"));
    field("anneal_steps", anneal_steps, "updates that the learning rate's schedule takes",
          at_least(1));
    field("learning_rate_decay", learning_rate_decay,
          "@exponential_schedule: the factor in anneal_steps", above(0));
    field("max_gradient_norm", max_gradient_norm,
          "a longer gradient, over all parameters, is shortened to this; None: it is not",
          above(0));
    field("gradient_transforms", gradient_transforms,
          "what else happens to gradients, in this order, before the optimizer sees them",
          part("gradient_transforms"));
  }

  void check() const;
};

/// What an Optimizer has beside its options.
struct OptimizerParts {
  Schedule learning_rate{};                     // its share of the options', by updates; none: 1
  std::vector<GradientTransform> transforms{};  // in this order, after max_gradient_norm
};

/// Adam (Kingma & Ba, 2015), RMSProp (Hinton, 2012; Graves, 2013 when centered) or plain SGD.
///
/// RMSProp divides by sqrt(E[g^2] - E[g]^2 + eps), as TensorFlow and optax do; torch adds eps
/// outside of the root. With momentum a parameter moves by its step plus momentum times its move
/// before, as in TensorFlow and optax. Adam corrects the bias first and adds eps outside, as optax
/// and torch do; with eps_hat it adds eps first (Kingma & Ba, end of section 2; TensorFlow 1).
class Optimizer {
 public:
  /// name: adam, rmsprop or sgd; throws ConfigError on any other. Of options, the schedule and the
  /// transforms are what `parts` says, except anneal_learning_rate.
  Optimizer(const std::string& name, const OptimizerOptions& options,
            std::vector<torch::Tensor> parameters, OptimizerParts parts = {});

  /// One update by the gradient of a scalar loss, which stays in the parameters' grad().
  void minimize(const torch::Tensor& loss);

  /// The global norm of the last update's gradient, before it is shortened or transformed.
  double gradient_norm() const;

  void state(StateTree& tree);

 private:
  enum class Rule { kAdam, kRmsProp, kSgd };

  double learning_rate() const;
  void rmsprop(size_t i, const torch::Tensor& gradient, double rate);

  Rule rule_;
  OptimizerOptions options_;
  OptimizerParts parts_;
  std::vector<torch::Tensor> parameters_;
  std::vector<torch::Tensor> mean_;         // of gradients, like parameters_
  std::vector<torch::Tensor> mean_square_;  // of gradients, like parameters_
  std::vector<torch::Tensor> move_;         // with momentum: the last one, like parameters_
  std::vector<torch::Tensor> adam_steps_;   // as the fused kernel wants them: one float, for each
  torch::Tensor original_norm_;             // of gradients that are changed
  int64_t updates_ = 0;
  double loaded_gradient_norm_ = 0.0;  // until the first update after loading
};

}  // namespace accumbens
