#include <gmock/gmock.h>
#include <torch/utils.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "accumbens/run/catalogue.h"

namespace accumbens {
namespace {

// another value of an option, and what it needs beside it to matter
struct Change {
  std::string binding;
  std::vector<std::string> beside{};
};

// a small experiment, and the configurables of which each option must be changed there
struct Setting {
  std::string file;
  std::vector<std::string> bindings;
  std::vector<std::string> configurables;
  std::vector<Change> changes;
  std::set<std::string> without_effect{};  // and rightly so
  bool like_dqn = false;                   // only options that DQNAgent lacks must be changed
};

std::vector<std::string> joined(std::vector<std::string> first,
                                const std::vector<std::string>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

// all that came of a short training: the parameters, and what the agent does in evaluation
std::vector<torch::Tensor> outcome(const Catalogue& catalogue, const std::string& file,
                                   const std::vector<std::string>& bindings) {
  torch::set_num_threads(1);
  const Configuration configuration(catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/" + file},
                                    bindings);
  const auto environment =
      catalogue.make_environment(configuration, configuration.get<RunnerOptions>("Runner"));
  const auto agent = catalogue.make_agent(configuration, {.environment = environment->spec()});
  std::vector<torch::Tensor> seen;
  torch::Tensor action = zero_actions(environment->spec());
  for (int step = 0; step < 120; ++step) action = agent->step(environment->step(action));
  EXPECT_TRUE(agent->statistics().contains("loss"));

  StateTree tree;
  agent->state(tree);
  for (const auto& [name, tensor] : tree.contents().tensors) {
    if (name.starts_with("network/")) seen.push_back(tensor.clone());
  }
  agent->set_eval_mode(true);
  for (int step = 0; step < 30; ++step) {
    action = agent->step(environment->step(action));
    seen.push_back(action.clone());
  }
  return seen;
}

bool same(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  return std::ranges::equal(a, b, [](const torch::Tensor& x, const torch::Tensor& y) {
    return x.sizes() == y.sizes() && torch::equal(x, y);
  });
}

// oracle: the same experiment without the change; options that the code ignores change nothing
void expect_all_to_matter(const Setting& setting) {
  const Catalogue catalogue;
  std::map<std::vector<std::string>, std::vector<torch::Tensor>> unchanged;
  std::set<std::string> changed = setting.without_effect;
  for (const auto& [binding, beside] : setting.changes) {
    SCOPED_TRACE(binding);
    const auto before = joined(setting.bindings, beside);
    if (!unchanged.contains(before)) {
      unchanged[before] = outcome(catalogue, setting.file, before);
    }
    const auto after = outcome(catalogue, setting.file, joined(before, {binding}));
    EXPECT_FALSE(same(after, unchanged[before]));
    changed.insert(binding.substr(0, binding.find(' ')));
  }

  // none is forgotten
  const Configurable& dqn = catalogue.registry.resolve("DQNAgent");
  for (const std::string& name : setting.configurables) {
    for (const Field& field : catalogue.registry.resolve(name).fields) {
      if (setting.like_dqn && dqn.find(field.name)) continue;
      EXPECT_TRUE(changed.contains(name + "." + field.name)) << name << "." << field.name;
    }
  }
}

const std::vector<std::string> kSmallReplay{"ReplayBuffer.batch_size = 8",
                                            "ReplayBuffer.max_capacity = 1_000",
                                            "Runner.max_steps_per_episode = None"};

// in MinAtar's Breakout, with random actions in evaluation too
std::vector<std::string> value_agent(const std::string& name, const std::string& class_name) {
  std::vector<std::string> bindings = kSmallReplay;
  bindings.push_back("create_agent.agent_name = '" + name + "'");
  for (const std::string option :
       {"network = @MinAtarDQNNetwork", "min_replay_history = 40", "update_period = 2",
        "target_update_period = 10", "epsilon_fn = @linearly_decaying_epsilon",
        "epsilon_decay_period = 100", "epsilon_train = 0.3", "epsilon_eval = 0.3", "stack_size = 2",
        "optimizer = 'adam'"}) {
    bindings.push_back(class_name + "." + option);
  }
  bindings.emplace_back("create_optimizer.learning_rate = 0.01");
  return bindings;
}

// oracle: 64 bits hold sums of counts, and their products with 1,000 frames per step
TEST(Options, WholeNumbersHaveAnUpperBound) {
  const Catalogue catalogue;
  const Value much = int64_t{1} << 53;
  const std::set<std::string> others{
      "Runner.seed",                                  // nothing is computed from it
      "FullRainbowAgent.num_updates_per_train_step",  // the agent takes 1 only
  };
  int64_t whole_numbers = 0;
  for (const Configurable* configurable : catalogue.registry.configurables()) {
    for (const Field& field : configurable->fields) {
      if (field.type != FieldType::kInt && field.type != FieldType::kIntList) continue;
      const std::string name = configurable->name + "." + field.name;
      if (others.contains(name)) continue;
      ++whole_numbers;
      const Value value = field.type == FieldType::kInt ? much : Value(ListValue{.items = {much}});
      EXPECT_THAT(field.refusal(value), testing::HasSubstr("must be")) << name;
    }
  }
  EXPECT_GT(whole_numbers, 50);
}

// oracle: of priorities up to 1e30, the tenth power is a double, and the thousandth is none
TEST(Options, ThePriorityExponentHasAnUpperBound) {
  const Catalogue catalogue;
  const Field* exponent =
      catalogue.registry.resolve("PrioritizedSamplingDistribution").find("priority_exponent");
  ASSERT_TRUE(exponent);
  EXPECT_EQ(exponent->refusal(10.0), "");
  EXPECT_THAT(exponent->refusal(1'000.0), testing::HasSubstr("must be in [0, 10]"));
}

TEST(Options, OfDqnItsReplayAndItsOptimizerMatter) {
  const std::vector<std::string> prioritized{"DQNAgent.replay_scheme = 'prioritized'"},
      noisy{"DQNAgent.noisy = True"}, rmsprop{"DQNAgent.optimizer = 'rmsprop'"},
      exponential{"create_optimizer.learning_rate_schedule = @exponential_schedule",
                  "create_optimizer.anneal_steps = 20"};
  auto bindings = value_agent("dqn", "DQNAgent");
  bindings.emplace_back("DQNAgent.loss_type = 'mse'");
  bindings.emplace_back("clip_by_value.max_value = 1e-5");
  expect_all_to_matter(
      {.file = "minatar/dqn.gin",
       .bindings = bindings,
       .configurables = {"DQNAgent", "ReplayBuffer", "PrioritizedSamplingDistribution",
                         "create_optimizer"},
       .changes = {{"DQNAgent.gamma = 0.5"},
                   {"DQNAgent.update_horizon = 3"},
                   {"DQNAgent.min_replay_history = 60"},
                   {"DQNAgent.update_period = 4"},
                   {"DQNAgent.target_update_period = 20"},
                   {"DQNAgent.epsilon_fn = @zero_epsilon"},
                   {"DQNAgent.action_fn = @sampled_action"},
                   {"DQNAgent.epsilon_train = 0.6"},
                   {"DQNAgent.epsilon_eval = 0.9"},
                   {"DQNAgent.epsilon_decay_period = 1_000"},
                   {"DQNAgent.network = @LunarLanderDQNNetwork"},
                   {"DQNAgent.optimizer = 'sgd'"},
                   {"DQNAgent.update_dtype = 'bfloat16'"},
                   {"DQNAgent.loss_type = 'huber'"},
                   {"DQNAgent.stack_size = 1"},
                   {"DQNAgent.stack_padding = 'trailing'"},
                   {prioritized[0]},
                   {"DQNAgent.weighted_losses = False", prioritized},
                   {"DQNAgent.double_dqn = True"},
                   {"DQNAgent.dueling = True"},
                   {"DQNAgent.separate_streams = True", {"DQNAgent.dueling = True"}},
                   {"DQNAgent.shared_bias = True"},
                   {"DQNAgent.output_bias = False"},
                   {noisy[0]},
                   {"DQNAgent.noise_kind = 'independent'", noisy},
                   {"DQNAgent.noise_distribution = 'truncated_normal'", noisy},
                   {"DQNAgent.noise_sigma = 0.5", noisy},
                   {"DQNAgent.noisy_eval = True", noisy},
                   {"DQNAgent.output_bias = False", noisy},
                   {"ReplayBuffer.batch_size = 4"},
                   {"ReplayBuffer.max_capacity = 50"},
                   {"PrioritizedSamplingDistribution.priority_exponent = 0.5", prioritized},
                   {"PrioritizedSamplingDistribution.uniform_sample_probability = 0.5",
                    prioritized},
                   {"PrioritizedSamplingDistribution.importance_exponent_begin = 0.1",
                    joined(prioritized,
                           {"PrioritizedSamplingDistribution.importance_exponent_steps = 1_000"})},
                   {"PrioritizedSamplingDistribution.importance_exponent_end = 1.0", prioritized},
                   {"PrioritizedSamplingDistribution.importance_exponent_steps = 1_000",
                    joined(prioritized,
                           {"PrioritizedSamplingDistribution.importance_exponent_end = 1.0"})},
                   {"PrioritizedSamplingDistribution.sampling = 'stratified'", prioritized},
                   {"create_optimizer.learning_rate = 0.02"},
                   {"create_optimizer.beta1 = 0.5"},
                   {"create_optimizer.beta2 = 0.5"},
                   {"create_optimizer.eps = 0.1"},
                   {"create_optimizer.eps_hat = True"},
                   {"create_optimizer.centered = False", rmsprop},
                   {"create_optimizer.momentum = 0.5", rmsprop},
                   {"create_optimizer.anneal_learning_rate = True",
                    {"create_optimizer.anneal_steps = 100"}},
                   {exponential[0], {exponential[1]}},
                   {"create_optimizer.anneal_steps = 40", exponential},
                   {"create_optimizer.learning_rate_decay = 0.9", exponential},
                   {"create_optimizer.max_gradient_norm = 0.001", {"DQNAgent.optimizer = 'sgd'"}},
                   {"create_optimizer.gradient_transforms = (@clip_by_value,)"}},
       .without_effect = {"ReplayBuffer.compress"}});
}

TEST(Options, OfTheOtherValueBasedAgentsMatter) {
  const auto with = [](const std::string& name, const std::string& class_name,
                       std::vector<Change> changes) {
    expect_all_to_matter(
        {.file = "minatar/dqn.gin",
         .bindings = value_agent(name, class_name),
         .configurables = {class_name},
         .changes = std::move(changes),
         .without_effect =
             {"FullRainbowAgent.distributional",
              "FullRainbowAgent.num_updates_per_train_step"},  // other values are refused
         .like_dqn = true});
  };
  const auto shared = [](const std::string& name, std::vector<Change> own) {
    for (const std::string option :
         {"gamma = 0.5", "update_horizon = 3", "update_dtype = 'bfloat16'", "noisy = True"}) {
      own.push_back({name + "." + option});
    }
    return own;
  };
  with("rainbow", "RainbowAgent",
       shared("RainbowAgent", {{"RainbowAgent.dueling = True"},
                               {"RainbowAgent.double_dqn = True"},
                               {"RainbowAgent.num_atoms = 21"},
                               {"RainbowAgent.vmin = -1.0"},
                               {"RainbowAgent.vmax = 2.0"},
                               {"RainbowAgent.replay_scheme = 'uniform'"},
                               {"RainbowAgent.priority = 'clipped_loss'"}}));
  with("full_rainbow", "FullRainbowAgent",
       {{"FullRainbowAgent.num_atoms = 21"},
        {"FullRainbowAgent.vmin = -1.0"},
        {"FullRainbowAgent.vmax = 2.0"},
        {"FullRainbowAgent.priority = 'clipped_loss'"}});
  with("quantile", "QuantileAgent",
       shared("QuantileAgent", {{"QuantileAgent.dueling = True"},
                                {"QuantileAgent.num_atoms = 50"},
                                {"QuantileAgent.kappa = 0.01"}}));

  const auto of = [](const std::string& name, const std::vector<std::string>& options) {
    std::vector<Change> changes;
    for (const std::string& option : options) changes.push_back({name + "." + option});
    return changes;
  };
  const std::vector<std::string> quantiles{"num_tau_samples = 4", "num_tau_prime_samples = 4",
                                           "num_quantile_samples = 4", "quantile_embedding_dim = 8",
                                           "kappa = 0.01"};
  const std::vector<std::string> munchausen{"gamma = 0.5", "temperature = 0.5", "alpha = 0.1",
                                            "clip = -0.001"};
  with("implicit_quantile", "ImplicitQuantileAgent",
       shared("ImplicitQuantileAgent",
              of("ImplicitQuantileAgent", joined(quantiles, {"double_dqn = True"}))));
  with("munchausen_dqn", "MunchausenDQNAgent", of("MunchausenDQNAgent", munchausen));
  with("munchausen_iqn", "MunchausenIQNAgent",
       of("MunchausenIQNAgent", joined(quantiles, munchausen)));
}

TEST(Options, OfPolicyAgentsMatter) {
  const std::vector<std::string> small{"Runner.num_environments = 2",
                                       "create_optimizer.learning_rate = 0.01",
                                       "create_optimizer.anneal_learning_rate = False",
                                       "PPOAgent.update_period = 64",
                                       "PPOAgent.batch_size = 32",
                                       "PPOAgent.num_epochs = 2"};
  const std::vector<std::string> sgd{"PPOAgent.optimizer = 'sgd'"};
  expect_all_to_matter(
      {.file = "minatar/ppo.gin",
       .bindings = small,
       .configurables = {"PPOAgent"},
       .changes = {{"PPOAgent.gamma = 0.5"},
                   {"PPOAgent.advantage_estimator = @discounted_returns"},
                   {"PPOAgent.lambda_ = 0.3"},
                   {"PPOAgent.update_period = 32"},
                   {"PPOAgent.vf_coefficient = 5.0"},
                   {"PPOAgent.entropy_coefficient = 1.0"},
                   {"PPOAgent.max_gradient_norm = 0.001", sgd},
                   {sgd[0]},
                   {"PPOAgent.network = @ClassicControlActorCriticNetwork"},
                   {"PPOAgent.network_dtype = 'bfloat16'"},
                   {"PPOAgent.stack_size = 2"},
                   {"PPOAgent.action_fn = @max_action"},
                   {"PPOAgent.eval_action_fn = @max_action"},
                   {"PPOAgent.num_epochs = 1"},
                   {"PPOAgent.batch_size = 16"},
                   {"PPOAgent.epsilon = 0.001"},
                   {"PPOAgent.clip_critic_loss = False", {"PPOAgent.epsilon = 0.001"}},
                   {"PPOAgent.shuffle = 'minibatches'"},
                   {"create_optimizer.learning_rate_schedule = @linear_schedule",
                    {"create_optimizer.anneal_steps = 20"}},
                   {"create_optimizer.gradient_transforms = (@clip_by_value,)",
                    {"clip_by_value.max_value = 1e-5"}}},
       .without_effect = {"PPOAgent.squash_actions"}});  // they are discrete

  expect_all_to_matter({.file = "literature/ppo_pendulum.gin",
                        .bindings = joined(small, {"PPOAgent.squash_actions = True"}),
                        .configurables = {},
                        .changes = {{"PPOAgent.squash_actions = False"}}});

  for (const auto& [file, name] : {std::pair{"literature/a2c_cartpole.gin", "A2CAgent"},
                                   std::pair{"literature/vpg_cartpole.gin", "VPGAgent"}}) {
    const std::string of = name + std::string(".");
    expect_all_to_matter(
        {.file = file,
         .bindings = {"Runner.num_environments = 2", of + "update_period = 40",
                      of + "normalize_advantages = False", of + "max_gradient_norm = None"},
         .configurables = {},
         .changes = {{of + "normalize_advantages = True"},
                     {of + "gamma = 0.5"},
                     {of + "lambda_ = 0.3"},
                     {of + "vf_coefficient = 5.0"},
                     {of + "entropy_coefficient = 1.0"},
                     {of + "max_gradient_norm = 0.001", {of + "optimizer = 'sgd'"}}}});
  }
}

TEST(Options, OfContinuousAgentsMatter) {
  const auto all = [](const std::string& name, std::vector<Change> own) {
    const std::vector<std::string> hard{name + ".target_update_type = 'hard'",
                                        name + ".target_update_period = 10"};
    std::vector<std::string> bindings = kSmallReplay;
    for (const std::string option : {"min_replay_history = 40", "hidden_units = 16",
                                     "target_smoothing_coefficient = 0.1", "optimizer = 'adam'"}) {
      bindings.push_back(name + "." + option);
    }
    for (const std::string option :
         {"gamma = 0.5", "update_horizon = 3", "min_replay_history = 60", "update_period = 2",
          "target_smoothing_coefficient = 0.5", "reward_scale_factor = 0.1", "num_layers = 1",
          "hidden_units = 8", "initialization = 'xavier_uniform'", "optimizer = 'sgd'",
          "stack_size = 2"}) {
      own.push_back({name + "." + option});
    }
    own.push_back({hard[0], {hard[1]}});
    own.push_back({name + ".target_update_period = 20", hard});
    own.push_back({"create_optimizer.learning_rate_schedule = @linear_schedule",
                   {"create_optimizer.anneal_steps = 100"}});
    own.push_back({"create_optimizer.gradient_transforms = (@clip_by_value,)",
                   {"clip_by_value.max_value = 1e-9"}});
    std::string file = name.substr(0, name.find("Agent"));
    std::ranges::transform(file, file.begin(), [](unsigned char c) { return std::tolower(c); });
    expect_all_to_matter({.file = "literature/" + file + "_pendulum.gin",
                          .bindings = bindings,
                          .configurables = {name},
                          .changes = own,
                          .without_effect = {name + ".network",           // there is no other
                                             name + ".logit_penalty"}});  // of discrete actions
  };
  all("DDPGAgent", {{"DDPGAgent.exploration_noise = @GaussianNoise"},
                    {"DDPGAgent.policy_period = 2"},
                    {"DDPGAgent.policy_learning_rate = 0.1"}});
  all("TD3Agent", {{"TD3Agent.exploration_noise = @OrnsteinUhlenbeckNoise"},
                   {"TD3Agent.policy_period = 1"},
                   {"TD3Agent.policy_learning_rate = 0.1"},
                   {"TD3Agent.target_noise = 1.0"},
                   {"TD3Agent.target_noise_clip = 0.01"}});
  all("SACAgent", {{"SACAgent.target_entropy = -5.0"},
                   {"SACAgent.target_policy = 'target'"},
                   {"SACAgent.min_log_std = -0.1"},
                   {"SACAgent.max_log_std = -0.1"},
                   {"SACAgent.policy_period = 1"},
                   {"SACAgent.policy_learning_rate = 0.1", {"SACAgent.policy_period = 1"}}});

  expect_all_to_matter(
      {.file = "literature/ddpg_pendulum.gin",
       .bindings = joined(kSmallReplay, {"DDPGAgent.min_replay_history = 40",
                                         "DDPGAgent.exploration_noise = @GumbelNoise",
                                         "create_gym_environment.environment_name = 'CartPole'"}),
       .configurables = {},
       .changes = {{"DDPGAgent.logit_penalty = 1.0"}}});
}

}  // namespace
}  // namespace accumbens
