#include "accumbens/run/parts.h"

#include <memory>
#include <string>
#include <utility>

#include "accumbens/core/error.h"

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

const std::vector<std::string> kDqnModules = {"dopamine.jax.agents.dqn.dqn_agent",
                                              "dopamine.tf.agents.dqn.dqn_agent"};

void add_epsilon_functions(Catalogue& catalogue) {
  const auto add = [&](const std::string& name, const std::string& summary,
                       std::vector<std::string> modules,
                       Schedule (*epsilon)(const EpsilonContext&)) {
    catalogue.registry.add_reference(name, {.modules = std::move(modules), .summary = summary});
    catalogue.epsilon_functions[name] = {
        summary, [=](const Configuration&, const EpsilonContext& x) { return epsilon(x); }};
  };
  add("linearly_decaying_epsilon", "on a line, after the warm-up (Dopamine)", kDqnModules,
      [](const EpsilonContext& x) {
        return linearly_decaying_epsilon(x.decay_period, x.warmup_steps, x.epsilon);
      });
  add("linear_epsilon", "on a line, from the first step on (CleanRL)", {},
      [](const EpsilonContext& x) {
        return linearly_decaying_epsilon(x.decay_period, /*warmup_steps=*/0, x.epsilon);
      });
  add("exponential_epsilon", "exponentially, after the warm-up (for-ai/rl)", {},
      [](const EpsilonContext& x) {
        return exponentially_decaying_epsilon(x.decay_period, x.warmup_steps, x.epsilon);
      });
  add("identity_epsilon", "always epsilon_train", kDqnModules,
      [](const EpsilonContext& x) { return constant_epsilon(x.epsilon); });
  add("zero_epsilon", "never a random action",
      {"dopamine.jax.agents.full_rainbow.full_rainbow_agent"},
      [](const EpsilonContext&) { return constant_epsilon(0.0); });
}

void add_action_functions(Catalogue& catalogue) {
  const auto add = [&](const std::string& name, const std::string& summary,
                       const Catalogue::MakeAction& make) {
    catalogue.action_functions[name] = {summary, make};
  };
  const auto add_simple = [&](const std::string& name, const std::string& summary,
                              const ActionFunction& action) {
    catalogue.registry.add_reference(name, {.summary = summary});
    add(name, summary, [=](const Configuration&, const EnvironmentSpec&) { return action; });
  };
  add_simple("max_action", "of the greatest value or probability; the mean of continuous ones",
             max_action);
  add_simple("sampled_action", "drawn by their probabilities, a softmax of values, or the normal",
             sampled_action);

  const std::string random = "any, all alike; discrete ones";
  catalogue.registry.add_reference("random_action", {.summary = random});
  add("random_action", random, [](const Configuration&, const EnvironmentSpec& environment) {
    require_discrete(environment, "random_action", "action_functions");
    return epsilon_greedy_action(1.0);
  });
  const std::string greedy = "of the greatest value, or now and then any; discrete ones";
  catalogue.registry.add<EpsilonGreedyOptions>("epsilon_greedy_action", {.summary = greedy});
  add("epsilon_greedy_action", greedy,
      [](const Configuration& configuration, const EnvironmentSpec& environment) {
        require_discrete(environment, "epsilon_greedy_action", "action_functions");
        return epsilon_greedy_action(
            configuration.get<EpsilonGreedyOptions>("epsilon_greedy_action").epsilon);
      });
}

void add_exploration_noises(Catalogue& catalogue) {
  const std::string gaussian = "normal, drawn anew at every agent step";
  catalogue.registry.add<GaussianNoiseOptions>("GaussianNoise", {.summary = gaussian});
  catalogue.exploration_noises["GaussianNoise"] = {
      gaussian, [](const Configuration& configuration, const EnvironmentSpec&) {
        return std::make_unique<GaussianNoise>(
            configuration.get<GaussianNoiseOptions>("GaussianNoise"));
      }};

  const std::string wandering = "it wanders from zero within an episode (Lillicrap et al., 2016)";
  catalogue.registry.add<OrnsteinUhlenbeckNoiseOptions>("OrnsteinUhlenbeckNoise",
                                                        {.summary = wandering});
  catalogue.exploration_noises["OrnsteinUhlenbeckNoise"] = {
      wandering, [](const Configuration& configuration, const EnvironmentSpec&) {
        return std::make_unique<OrnsteinUhlenbeckNoise>(
            configuration.get<OrnsteinUhlenbeckNoiseOptions>("OrnsteinUhlenbeckNoise"));
      }};

  const std::string gumbel = "discrete actions are samples of a softmax of shares (for-ai/rl)";
  catalogue.registry.add<GumbelNoiseOptions>("GumbelNoise", {.summary = gumbel});
  catalogue.exploration_noises["GumbelNoise"] = {
      gumbel, [](const Configuration& configuration, const EnvironmentSpec& environment) {
        require_discrete(environment, "GumbelNoise", "exploration_noises");
        return std::make_unique<GumbelNoise>(configuration.get<GumbelNoiseOptions>("GumbelNoise"));
      }};
}

void add_advantage_estimators(Catalogue& catalogue) {
  const auto generalized = [](double lambda) -> AdvantageEstimator {
    return [=](const auto&... rows) { return generalized_advantages(rows..., lambda); };
  };
  const std::string gae = "with lambda_ between one step and all (Schulman et al., 2016)";
  catalogue.registry.add_reference("generalized_advantages", {.summary = gae});
  catalogue.advantage_estimators["generalized_advantages"] = {
      gae, [=](const Configuration&, double lambda) { return generalized(lambda); }};

  const std::string all = "returns to the end of the rollout, less the value: lambda_ 1";
  catalogue.registry.add_reference("discounted_returns", {.summary = all});
  catalogue.advantage_estimators["discounted_returns"] = {
      all, [=](const Configuration&, double) { return generalized(1.0); }};

  const std::string n_step = "returns of n steps and a value, less the value";
  catalogue.registry.add<NStepOptions>("n_step_advantages", {.summary = n_step});
  catalogue.advantage_estimators["n_step_advantages"] = {
      n_step, [](const Configuration& configuration, double) -> AdvantageEstimator {
        const int64_t n = configuration.get<NStepOptions>("n_step_advantages").n;
        return [=](const auto&... rows) { return n_step_advantages(rows..., n); };
      }};
}

void add_learning_rate_schedules(Catalogue& catalogue) {
  const auto add = [&](const std::string& name, const std::string& summary,
                       Schedule (*schedule)(const OptimizerOptions&)) {
    catalogue.registry.add_reference(name, {.summary = summary});
    catalogue.learning_rate_schedules[name] = {
        summary, [=](const Configuration&, const OptimizerOptions& x) { return schedule(x); }};
  };
  add("constant_schedule", "always learning_rate",
      [](const OptimizerOptions&) -> Schedule { return [](int64_t) { return 1.0; }; });
  add("linear_schedule", "on a line to 0 over anneal_steps",
      [](const OptimizerOptions& x) { return linear_decay(x.anneal_steps); });
  add("cosine_schedule", "along half a cosine to 0 over anneal_steps (Loshchilov & Hutter, 2017)",
      [](const OptimizerOptions& x) { return cosine_decay(x.anneal_steps); });
  add("exponential_schedule", "times learning_rate_decay in each anneal_steps",
      [](const OptimizerOptions& x) {
        return exponential_decay(x.anneal_steps, x.learning_rate_decay);
      });
}

void add_gradient_transforms(Catalogue& catalogue) {
  const std::string norm = "a longer gradient is shortened (Pascanu et al., 2013)";
  catalogue.registry.add<GlobalNormOptions>("clip_by_global_norm", {.summary = norm});
  catalogue.gradient_transforms["clip_by_global_norm"] = {
      norm, [](const Configuration& configuration) {
        return clip_by_global_norm(
            configuration.get<GlobalNormOptions>("clip_by_global_norm").max_norm);
      }};
  const std::string value = "each number of the gradients is cut off";
  catalogue.registry.add<ClipOptions>("clip_by_value", {.summary = value});
  catalogue.gradient_transforms["clip_by_value"] = {
      value, [](const Configuration& configuration) {
        return clip_by_value(configuration.get<ClipOptions>("clip_by_value").max_value);
      }};
  const std::string decay = "a share of the parameters is added to their gradients";
  catalogue.registry.add<WeightDecayOptions>("add_weight_decay", {.summary = decay});
  catalogue.gradient_transforms["add_weight_decay"] = {
      decay, [](const Configuration& configuration) {
        return add_weight_decay(configuration.get<WeightDecayOptions>("add_weight_decay").decay);
      }};
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
