#include "accumbens/run/parts.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/core/error.h"
#include "accumbens/run/dopamine.h"

namespace accumbens {
namespace {

/// Options of epsilon_greedy_action.
struct EpsilonGreedyOptions {
  double epsilon = 0.05;

  template <class Visitor>
  void fields(Visitor& field) {
    field("epsilon", epsilon, "probability of a random action", in_closed(0, 1));
  }
};

/// Options of n_step_advantages.
struct NStepOptions {
  int64_t n = 5;

  template <class Visitor>
  void fields(Visitor& field) {
    field("n", n, "agent steps of each return, fewer at the end of a rollout", at_least(1));
  }
};

/// Options of clip_by_global_norm.
struct GlobalNormOptions {
  double max_norm = 1.0;

  template <class Visitor>
  void fields(Visitor& field) {
    field("max_norm", max_norm, "a longer gradient, over all parameters, is shortened to this",
          above(0));
  }
};

/// Options of clip_by_value.
struct ClipOptions {
  double max_value = 1.0;

  template <class Visitor>
  void fields(Visitor& field) {
    field("max_value", max_value, "greatest size of a number of the gradients", above(0));
  }
};

/// Options of add_weight_decay.
struct WeightDecayOptions {
  double decay = 1e-4;

  template <class Visitor>
  void fields(Visitor& field) {
    field("decay", decay, "the share of the parameters that is added to their gradients",
          at_least(0));
  }
};

void require_discrete(const EnvironmentSpec& environment, const std::string& part,
                      const std::string& kind) {
  if (environment.num_actions > 0) return;
  throw ConfigError("@" + part + " is for discrete actions, but those of " + environment.name +
                    " are continuous; bind another that `accumbens list " + kind + "` names");
}

void add_epsilon_functions(Catalogue& catalogue) {
  Registry& registry = catalogue.registry;
  auto& parts = catalogue.epsilon_functions;
  add_part(
      registry, parts, "linearly_decaying_epsilon", "on a line, after the warm-up (Dopamine)",
      [](const EpsilonContext& x) {
        return linearly_decaying_epsilon(x.decay_period, x.warmup_steps, x.epsilon);
      },
      kDqnModules);
  add_part(registry, parts, "linear_epsilon", "on a line, from the first step on (CleanRL)",
           [](const EpsilonContext& x) {
             return linearly_decaying_epsilon(x.decay_period, /*warmup_steps=*/0, x.epsilon);
           });
  add_part(registry, parts, "exponential_epsilon", "exponentially, after the warm-up (for-ai/rl)",
           [](const EpsilonContext& x) {
             return exponentially_decaying_epsilon(x.decay_period, x.warmup_steps, x.epsilon);
           });
  add_part(
      registry, parts, "identity_epsilon", "always epsilon_train",
      [](const EpsilonContext& x) { return constant_epsilon(x.epsilon); }, kDqnModules);
  add_part(registry, parts, "zero_epsilon", "never a random action",
           [](const EpsilonContext&) { return constant_epsilon(0.0); },
           {"dopamine.jax.agents.full_rainbow.full_rainbow_agent"});
}

void add_action_functions(Catalogue& catalogue) {
  Registry& registry = catalogue.registry;
  auto& parts = catalogue.action_functions;
  add_part(registry, parts, "max_action",
           "of the greatest value or probability; the mean of continuous ones",
           [](const EnvironmentSpec&) { return max_action; });
  add_part(registry, parts, "sampled_action",
           "drawn by their probabilities, a softmax of values, or the normal",
           [](const EnvironmentSpec&) { return sampled_action; });
  add_part(registry, parts, "random_action", "any, all alike; discrete ones",
           [](const EnvironmentSpec& environment) {
             require_discrete(environment, "random_action", "action_functions");
             return epsilon_greedy_action(1.0);
           });
  add_part_with<EpsilonGreedyOptions>(
      registry, parts, "epsilon_greedy_action",
      {.summary = "of the greatest value, or now and then any; discrete ones"},
      [](const EpsilonGreedyOptions& options, const EnvironmentSpec& environment) {
        require_discrete(environment, "epsilon_greedy_action", "action_functions");
        return epsilon_greedy_action(options.epsilon);
      });
}

void add_exploration_noises(Catalogue& catalogue) {
  Registry& registry = catalogue.registry;
  auto& parts = catalogue.exploration_noises;
  add_part_with<GaussianNoiseOptions>(
      registry, parts, "GaussianNoise", {.summary = "normal, drawn anew at every agent step"},
      [](const GaussianNoiseOptions& options, const EnvironmentSpec&) {
        return std::make_unique<GaussianNoise>(options);
      });
  add_part_with<OrnsteinUhlenbeckNoiseOptions>(
      registry, parts, "OrnsteinUhlenbeckNoise",
      {.summary = "it wanders from zero within an episode (Lillicrap et al., 2016)"},
      [](const OrnsteinUhlenbeckNoiseOptions& options, const EnvironmentSpec&) {
        return std::make_unique<OrnsteinUhlenbeckNoise>(options);
      });
  add_part_with<GumbelNoiseOptions>(
      registry, parts, "GumbelNoise",
      {.summary = "discrete actions are samples of a softmax of shares (for-ai/rl)"},
      [](const GumbelNoiseOptions& options, const EnvironmentSpec& environment) {
        require_discrete(environment, "GumbelNoise", "exploration_noises");
        return std::make_unique<GumbelNoise>(options);
      });
}

void add_advantage_estimators(Catalogue& catalogue) {
  Registry& registry = catalogue.registry;
  auto& parts = catalogue.advantage_estimators;
  const auto generalized = [](double lambda) -> AdvantageEstimator {
    return [=](const auto&... rows) { return generalized_advantages(rows..., lambda); };
  };
  add_part(registry, parts, "generalized_advantages",
           "with lambda_ between one step and all (Schulman et al., 2016)", generalized);
  add_part(registry, parts, "discounted_returns",
           "returns to the end of the rollout, less the value: lambda_ 1",
           [=](double) { return generalized(1.0); });
  add_part_with<NStepOptions>(registry, parts, "n_step_advantages",
                              {.summary = "returns of n steps and a value, less the value"},
                              [](const NStepOptions& options, double) -> AdvantageEstimator {
                                return [n = options.n](const auto&... rows) {
                                  return n_step_advantages(rows..., n);
                                };
                              });
}

void add_learning_rate_schedules(Catalogue& catalogue) {
  Registry& registry = catalogue.registry;
  auto& parts = catalogue.learning_rate_schedules;
  add_part(registry, parts, "constant_schedule", "always learning_rate",
           [](const OptimizerOptions&) -> Schedule { return [](int64_t) { return 1.0; }; });
  add_part(registry, parts, "linear_schedule", "on a line to 0 over anneal_steps",
           [](const OptimizerOptions& x) { return linear_decay(x.anneal_steps); });
  add_part(registry, parts, "cosine_schedule",
           "along half a cosine to 0 over anneal_steps (Loshchilov & Hutter, 2017)",
           [](const OptimizerOptions& x) { return cosine_decay(x.anneal_steps); });
  add_part(registry, parts, "exponential_schedule",
           "times learning_rate_decay in each anneal_steps", [](const OptimizerOptions& x) {
             return exponential_decay(x.anneal_steps, x.learning_rate_decay);
           });
}

void add_gradient_transforms(Catalogue& catalogue) {
  Registry& registry = catalogue.registry;
  auto& parts = catalogue.gradient_transforms;
  add_part_with<GlobalNormOptions>(
      registry, parts, "clip_by_global_norm",
      {.summary = "a longer gradient is shortened (Pascanu et al., 2013)"},
      [](const GlobalNormOptions& options) { return clip_by_global_norm(options.max_norm); });
  add_part_with<ClipOptions>(
      registry, parts, "clip_by_value", {.summary = "each number of the gradients is cut off"},
      [](const ClipOptions& options) { return clip_by_value(options.max_value); });
  add_part_with<WeightDecayOptions>(
      registry, parts, "add_weight_decay",
      {.summary = "a share of the parameters is added to their gradients"},
      [](const WeightDecayOptions& options) { return add_weight_decay(options.decay); });
}

}  // namespace

void add_parts(Catalogue& catalogue) {
  add_epsilon_functions(catalogue);
  add_action_functions(catalogue);
  add_exploration_noises(catalogue);
  add_advantage_estimators(catalogue);
  add_learning_rate_schedules(catalogue);
  add_gradient_transforms(catalogue);
}

}  // namespace accumbens
