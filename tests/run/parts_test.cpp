#include "accumbens/run/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/agents/dqn.h"
#include "accumbens/core/error.h"
#include "accumbens/envs/single_environment.h"
#include "accumbens/run/experiment.h"

namespace accumbens {
namespace {

using testing::HasSubstr;

// trains for one iteration; what comes of it is in the folder of that name
void train(const Catalogue& catalogue, const std::string& file,
           const std::vector<std::string>& bindings, const std::string& folder) {
  std::vector<std::string> all = bindings;
  all.insert(all.end(), {"Runner.num_iterations = 1", "Runner.training_steps = 150",
                         "Runner.num_threads = 1"});
  const Configuration configuration(catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/" + file},
                                    all);
  catalogue.check(configuration);
  const std::string base_dir = testing::TempDir() + "parts_" + folder;
  std::filesystem::remove_all(base_dir);
  Experiment experiment(catalogue, configuration, base_dir, [](const std::string&) {});
  const std::atomic<bool> stop = false;
  EXPECT_EQ(experiment.train(stop), Runner::Outcome::kDone);
}

// every part that ships, in an agent that takes it
TEST(Parts, CanBeSwappedInGin) {
  const Catalogue catalogue;
  const auto parts = catalogue.parts();
  const std::vector<std::string> small_a2c = {"A2CAgent.update_period = 40"};
  const std::vector<std::string> small_dqn = {"DQNAgent.min_replay_history = 50",
                                              "ReplayBuffer.batch_size = 8"};
  const std::vector<std::string> small_td3 = {"TD3Agent.min_replay_history = 50",
                                              "ReplayBuffer.batch_size = 8"};
  const std::vector<std::string> small_sac = {"SACAgent.min_replay_history = 50",
                                              "ReplayBuffer.batch_size = 8"};
  struct Swap {
    std::string kind, file, binding, tail;
    std::vector<std::string> small;
  };
  const std::vector<Swap> swaps = {
      {"epsilon_functions", "dopamine/dqn_cartpole.gin", "DQNAgent.epsilon_fn = @", "", small_dqn},
      {"action_functions", "dopamine/dqn_cartpole.gin", "DQNAgent.action_fn = @", "", small_dqn},
      {"action_functions", "literature/a2c_cartpole.gin", "A2CAgent.action_fn = @", "", small_a2c},
      {"advantage_estimators", "literature/a2c_cartpole.gin", "A2CAgent.advantage_estimator = @",
       "", small_a2c},
      {"learning_rate_schedules", "literature/a2c_cartpole.gin",
       "create_optimizer.learning_rate_schedule = @", "", small_a2c},
      {"gradient_transforms", "literature/a2c_cartpole.gin",
       "create_optimizer.gradient_transforms = (@", ",)", small_a2c},
      {"gradient_transforms", "literature/td3_pendulum.gin",
       "create_optimizer.gradient_transforms = (@", ",)", small_td3},
      {"continuous_networks", "literature/sac_pendulum.gin", "SACAgent.network = @", "",
       small_sac}};
  for (const Swap& swap : swaps) {
    for (const auto& [name, summary] : parts.at(swap.kind)) {
      if (name == "PixelActorCriticNetwork") continue;  // Pendulum has no images
      SCOPED_TRACE(swap.binding + name);
      std::vector<std::string> bindings = swap.small;
      bindings.push_back(swap.binding + name + swap.tail);
      EXPECT_NO_THROW(train(catalogue, swap.file, bindings, name + swap.kind));
    }
  }
  for (const std::string name : {"GaussianNoise", "OrnsteinUhlenbeckNoise"}) {
    std::vector<std::string> bindings = small_td3;
    bindings.push_back("TD3Agent.exploration_noise = @" + name);
    EXPECT_NO_THROW(train(catalogue, "literature/td3_pendulum.gin", bindings, name));
  }
  try {
    train(catalogue, "literature/td3_pendulum.gin", {"TD3Agent.exploration_noise = @GumbelNoise"},
          "gumbel");
    ADD_FAILURE() << "noise for discrete actions was accepted";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("@GumbelNoise is for discrete actions"),
                                             HasSubstr("`accumbens list exploration_noises`")));
  }
  EXPECT_THAT(
      [&] {
        train(catalogue, "literature/sac_pendulum.gin",
              {"SACAgent.network = @PixelActorCriticNetwork"}, "pixels");
      },
      testing::ThrowsMessage<ConfigError>(HasSubstr("needs images of bytes, at least 36 x 36")));
}

// oracle: the definitions at a few places; what a name in Gin builds has what its file binds
TEST(Parts, AreWhatTheirNamesSay) {
  const Catalogue catalogue;
  const Configuration configuration(
      catalogue.registry, {},
      {"create_optimizer.anneal_steps = 4", "create_optimizer.learning_rate_decay = 0.25",
       "n_step_advantages.n = 2", "clip_by_value.max_value = 0.5",
       "clip_by_global_norm.max_norm = 2.5", "add_weight_decay.decay = 0.125",
       "epsilon_greedy_action.epsilon = 0.0", "OrnsteinUhlenbeckNoise.mean_reversion = 1.0",
       "OrnsteinUhlenbeckNoise.scale = 0.0", "GaussianNoise.scale = 0.0"});
  const auto build = [&](const std::string& kind, const auto& parts, const std::string& name,
                         const auto&... more) {
    return Catalogue::build(kind, parts, {name}, configuration, more...);
  };

  // shares of the learning rate after two and six of four updates
  const auto rates = configuration.get<OptimizerOptions>("create_optimizer");
  const std::map<std::string, std::pair<double, double>> schedules = {
      {"constant_schedule", {1, 1}},
      {"linear_schedule", {0.5, 0}},
      {"cosine_schedule", {0.5, 0}},
      {"exponential_schedule", {0.5, 0.125}}};
  for (const auto& [name, shares] : schedules) {
    const Schedule schedule =
        build("learning_rate_schedules", catalogue.learning_rate_schedules, name, rates);
    EXPECT_NEAR(schedule(2), shares.first, 1e-12) << name;
    EXPECT_NEAR(schedule(6), shares.second, 1e-12) << name;
  }
  EXPECT_NEAR(build("learning_rate_schedules", catalogue.learning_rate_schedules, "cosine_schedule",
                    rates)(1),
              0.5 + std::sqrt(0.125), 1e-12);

  // epsilon after 10 and 30 steps, of which 20 are the warm-up
  const EpsilonContext decay{.decay_period = 20, .warmup_steps = 20, .epsilon = 0.1};
  const std::map<std::string, std::pair<double, double>> epsilons = {
      {"linearly_decaying_epsilon", {1, 0.55}},
      {"linear_epsilon", {0.55, 0.1}},
      {"exponential_epsilon", {1, std::exp(-0.5)}},
      {"identity_epsilon", {0.1, 0.1}},
      {"zero_epsilon", {0, 0}}};
  for (const auto& [name, values] : epsilons) {
    const Schedule epsilon = build("epsilon_functions", catalogue.epsilon_functions, name, decay);
    EXPECT_NEAR(epsilon(10), values.first, 1e-12) << name;
    EXPECT_NEAR(epsilon(30), values.second, 1e-12) << name;
  }

  // three rewards of 1, no discount, values of 10 that the steps do not change
  const torch::Tensor ones = torch::ones({3, 1}), tens = torch::full({3, 1}, 10.0F);
  const std::map<std::string, float> advantages = {
      {"generalized_advantages", 1.75F}, {"discounted_returns", 3}, {"n_step_advantages", 2}};
  for (const auto& [name, first] : advantages) {
    const AdvantageEstimator estimate =
        build("advantage_estimators", catalogue.advantage_estimators, name, /*lambda=*/0.5);
    const torch::Tensor a = estimate(ones, ones, tens, tens, torch::ones({3, 1}, torch::kBool));
    EXPECT_FLOAT_EQ(a[0].item<float>(), first) << name;
  }

  // a gradient of 3 and 4 at parameters of 8
  const std::map<std::string, std::pair<float, float>> transforms = {
      {"clip_by_global_norm", {1.5F, 2}},
      {"clip_by_value", {0.5F, 0.5F}},
      {"add_weight_decay", {4, 5}}};
  for (const auto& [name, changed] : transforms) {
    std::vector<torch::Tensor> gradients{torch::tensor({3.0F, 4.0F})};
    build("gradient_transforms", catalogue.gradient_transforms, name)(gradients,
                                                                      {torch::full({2}, 8.0F)});
    EXPECT_FLOAT_EQ(gradients[0][0].item<float>(), changed.first) << name;
    EXPECT_FLOAT_EQ(gradients[0][1].item<float>(), changed.second) << name;
  }

  // the second of two actions is preferred: how often is it chosen of 1,000 times?
  const EnvironmentSpec environment{.name = "two", .observation_shape = {1}, .num_actions = 2};
  const PolicyOutput policy{.logits = torch::tensor({{0.0F, std::log(3.0F)}}).expand({1000, 2})};
  const std::map<std::string, std::pair<int64_t, int64_t>> actions = {
      {"max_action", {1000, 1000}},
      {"epsilon_greedy_action", {1000, 1000}},
      {"sampled_action", {695, 805}},
      {"random_action", {437, 563}}};
  for (const auto& [name, range] : actions) {
    RandomStream random(1, "actions");
    const ActionFunction choose =
        build("action_functions", catalogue.action_functions, name, environment);
    const int64_t second = choose(policy, random).sum().item<int64_t>();
    EXPECT_GE(second, range.first) << name;
    EXPECT_LE(second, range.second) << name;
  }
  for (const std::string name : {"GaussianNoise", "OrnsteinUhlenbeckNoise"}) {
    RandomStream random(1, "noise");
    const auto noise = build("exploration_noises", catalogue.exploration_noises, name, environment);
    const torch::Tensor drawn = noise->draw(empty_time_step(environment), 2, random);
    EXPECT_EQ(drawn.abs().sum().item<float>(), 0) << name;
  }
}

// oracle: calls are counted
TEST(Parts, TrainingAndEvaluationHaveActionFunctionsOfTheirOwn) {
  Catalogue catalogue;
  auto calls = std::make_shared<std::pair<int64_t, int64_t>>();
  for (const std::string name : {"in_training", "in_evaluation"}) {
    catalogue.registry.add_reference(name);
    catalogue.action_functions[name] = {
        "", [=](const Configuration&, const EnvironmentSpec&) -> ActionFunction {
          return [=](const PolicyOutput& policy, RandomStream& random) {
            ++(name == "in_training" ? calls->first : calls->second);
            return max_action(policy, random);
          };
        }};
  }
  const auto train_by = [&](const std::string& schedule) {
    *calls = {};
    train(catalogue, "literature/a2c_cartpole.gin",
          {"A2CAgent.update_period = 40", "A2CAgent.action_fn = @in_training",
           "A2CAgent.eval_action_fn = @in_evaluation", "Runner.evaluation_steps = 20",
           "create_runner.schedule = '" + schedule + "'"},
          schedule);
  };
  train_by("continuous_train");
  EXPECT_GT(calls->first, 10);
  EXPECT_EQ(calls->second, 0);
  train_by("continuous_train_and_eval");
  EXPECT_GT(calls->first, 10);
  EXPECT_GT(calls->second, 10);
}

TEST(Parts, ARateThatIsAnnealedTwiceIsRefused) {
  Catalogue catalogue;
  catalogue.registry.add_reference("my_linear_schedule");
  const auto bind = [&](const std::string& schedule) {
    return Configuration(catalogue.registry, {},
                         {"create_optimizer.anneal_learning_rate = True",
                          "create_optimizer.learning_rate_schedule = @" + schedule});
  };
  EXPECT_NO_THROW(bind("linear_schedule"));
  EXPECT_NO_THROW(bind("scope/linear_schedule"));
  for (const std::string schedule : {"cosine_schedule", "my_linear_schedule"}) {
    EXPECT_THAT([&] { bind(schedule); },
                testing::ThrowsMessage<ConfigError>(HasSubstr("bind one of the two")));
  }
}

// oracle: calls are counted: a program's own parts do their work where a file names them
TEST(Parts, OfOnesOwnAreNamedInGinLikeOurs) {
  Catalogue catalogue;
  struct Counts {
    int64_t epsilon = 0, action = 0, noise = 0, advantages = 0, rates = 0, transform = 0,
            encoder = 0;
  };
  auto counts = std::make_shared<Counts>();
  for (const std::string name : {"my_epsilon", "my_action", "MyNoise", "my_advantages", "my_rates",
                                 "my_transform", "MyNetwork"}) {
    catalogue.registry.add_reference(name);
  }
  catalogue.epsilon_functions["my_epsilon"] = {
      "", [=](const Configuration&, const EpsilonContext&) -> Schedule {
        return [=](int64_t) { return ++counts->epsilon > 0 ? 0.0 : 1.0; };
      }};
  catalogue.action_functions["my_action"] = {
      "", [=](const Configuration&, const EnvironmentSpec&) -> ActionFunction {
        return [=](const PolicyOutput& policy, RandomStream& random) {
          ++counts->action;
          return max_action(policy, random);
        };
      }};
  struct MyNoise final : ExplorationNoise {
    explicit MyNoise(std::shared_ptr<Counts> counts) : counts_(std::move(counts)) {}
    torch::Tensor draw(const TimeStep& time_step, int64_t size, RandomStream&) override {
      ++counts_->noise;
      return torch::zeros({time_step.batch_size(), size});
    }
    std::shared_ptr<Counts> counts_;
  };
  catalogue.exploration_noises["MyNoise"] = {
      "", [=](const Configuration&, const EnvironmentSpec&) -> std::unique_ptr<ExplorationNoise> {
        return std::make_unique<MyNoise>(counts);
      }};
  struct MyEncoder final : StateEncoder {
    MyEncoder(int64_t inputs, std::shared_ptr<Counts> counts)
        : inputs_(inputs), counts_(std::move(counts)) {}
    torch::Tensor forward(const torch::Tensor& s) override {
      ++counts_->encoder;
      return s.flatten(1).tanh();
    }
    int64_t features() const override { return inputs_; }
    int64_t inputs_;
    std::shared_ptr<Counts> counts_;
  };
  catalogue.continuous_networks["MyNetwork"] = {
      "", [=](const Configuration&, const ContinuousContext& context, RandomStream& random) {
        const int64_t inputs = context.stack_size * context.environment.observation_size();
        return std::make_shared<DenseActorCritic>(std::make_shared<MyEncoder>(inputs, counts),
                                                  context.heads, random);
      }};
  catalogue.advantage_estimators["my_advantages"] = {
      "", [=](const Configuration&, double) -> AdvantageEstimator {
        return [=](const auto& r_t, const auto&...) {
          ++counts->advantages;
          return torch::zeros_like(r_t);
        };
      }};
  catalogue.learning_rate_schedules["my_rates"] = {
      "", [=](const Configuration&, const OptimizerOptions&) -> Schedule {
        return [=](int64_t) { return ++counts->rates > 0 ? 0.5 : 1.0; };
      }};
  catalogue.gradient_transforms["my_transform"] = {
      "", [=](const Configuration&) -> GradientTransform {
        return [=](std::vector<torch::Tensor>&, const std::vector<torch::Tensor>&) {
          ++counts->transform;
        };
      }};

  train(catalogue, "dopamine/dqn_cartpole.gin",
        {"DQNAgent.min_replay_history = 50", "DQNAgent.epsilon_fn = @my_epsilon",
         "DQNAgent.action_fn = @my_action", "create_optimizer.learning_rate_schedule = @my_rates",
         "create_optimizer.gradient_transforms = (@my_transform, @clip_by_value)"},
        "my_dqn");
  EXPECT_GE(counts->epsilon, 150);
  EXPECT_GE(counts->action, 150);
  EXPECT_GT(counts->rates, 10);
  EXPECT_EQ(counts->transform, counts->rates);
  train(catalogue, "literature/td3_pendulum.gin",
        {"TD3Agent.min_replay_history = 50", "TD3Agent.exploration_noise = @MyNoise",
         "TD3Agent.network = @MyNetwork", "TD3Agent.stack_size = 2"},
        "my_td3");
  EXPECT_GT(counts->noise, 50);
  EXPECT_GE(counts->encoder, 150);
  train(catalogue, "literature/a2c_cartpole.gin",
        {"A2CAgent.update_period = 40", "A2CAgent.advantage_estimator = @my_advantages"}, "my_a2c");
  EXPECT_GT(counts->advantages, 2);
}

// oracle: the contract of networks/continuous.h; each network breaks one of its promises
TEST(Parts, AContinuousNetworkThatIsNotWhatItsAgentAsksForIsRefused) {
  struct Broken final : ContinuousActorCritic {
    Broken(std::string how, const ActorCriticHeads& heads) : how_(std::move(how)), heads_(heads) {
      weight_ = register_parameter("weight", torch::ones({1}));
    }
    torch::Tensor encode(const torch::Tensor& s) override {
      return how_ == "encoding" ? s : s.flatten(1);
    }
    std::vector<torch::Tensor> encoder_parameters() const override { return {}; }
    std::vector<torch::Tensor> policy_parameters() const override {
      if (how_ == "nothing would train it") return {};
      return how_ == "twice" ? std::vector{weight_, weight_} : std::vector{weight_};
    }
    std::vector<torch::Tensor> value_parameters() const override { return {}; }
    torch::Tensor policy_of(const torch::Tensor& x) override {
      const int64_t outputs = how_ == "policy outputs" ? 1 : heads_.policy_outputs;
      return weight_ * torch::zeros({x.size(0), outputs * heads_.action_size});
    }
    torch::Tensor values_of(const torch::Tensor& x, const torch::Tensor&) override {
      const torch::Tensor values = torch::zeros({heads_.num_critics, x.size(0)});
      return how_ == "values" ? values.unsqueeze(2) : values;
    }
    std::string how_;
    ActorCriticHeads heads_;
    torch::Tensor weight_;
  };
  for (const std::string how :
       {"none", "encoding", "policy outputs", "values", "nothing would train it", "twice"}) {
    Catalogue catalogue;
    catalogue.registry.add_reference("Broken");
    catalogue.continuous_networks["Broken"] = {
        "", [=](const Configuration&, const ContinuousContext& context, RandomStream&) {
          return std::make_shared<Broken>(how, context.heads);
        }};
    const Configuration configuration(catalogue.registry,
                                      {ACCUMBENS_SOURCE_DIR "/configs/literature/sac_pendulum.gin"},
                                      {"SACAgent.network = @Broken"});
    const auto environment =
        catalogue.make_environment(configuration, configuration.get<RunnerOptions>("Runner"));
    const AgentContext context{.environment = environment->spec()};
    if (how == "none") {
      EXPECT_NO_THROW(catalogue.make_agent(configuration, context));
      continue;
    }
    EXPECT_THAT([&] { catalogue.make_agent(configuration, context); },
                testing::ThrowsMessage<ConfigError>(
                    testing::AllOf(HasSubstr("the network @Broken"), HasSubstr(how))));
  }
}

// oracle: the bounds that are bound
TEST(Parts, AgentsSeeTheEnvironmentThroughTheirWrappers) {
  Catalogue catalogue;
  EnvironmentSpec seen;
  catalogue.agents["looking"] = {
      "",
      [&](const Catalogue&, const Configuration&, const AgentContext& context) {
        seen = context.environment;
        return nullptr;
      },
      "SACAgent"};
  const Configuration configuration(
      catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/literature/sac_pendulum.gin"},
      {"create_agent.agent_name = 'looking'",
       "create_agent.wrappers = [@RescaleAction, @NormalizeObservation]",
       "RescaleAction.low = -3.0", "RescaleAction.high = 5.0"});
  const auto environment =
      catalogue.make_environment(configuration, configuration.get<RunnerOptions>("Runner"));
  catalogue.make_agent(configuration, {.environment = environment->spec()});
  EXPECT_EQ(seen.action_low, std::vector<float>{-3.0F});
  EXPECT_EQ(seen.action_high, std::vector<float>{5.0F});
  EXPECT_EQ(environment->spec().action_high, std::vector<float>{2.0F});
}

TEST(Parts, OfAnotherKindAreRefusedWhereTheyAreBound) {
  Catalogue catalogue;
  const auto refusal = [&](const std::string& file, const std::string& binding) {
    const Configuration configuration(catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/" + file},
                                      {binding});
    try {
      catalogue.check(configuration);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  const std::string dqn = "dopamine/dqn_cartpole.gin", a2c = "literature/a2c_cartpole.gin";
  EXPECT_EQ(refusal(dqn, "DQNAgent.epsilon_fn = @max_action"),
            "--gin_bindings:1: DQNAgent.epsilon_fn: @max_action is none of the epsilon_functions; "
            "known are @exponential_epsilon, @identity_epsilon, @linear_epsilon, "
            "@linearly_decaying_epsilon, @zero_epsilon");
  EXPECT_THAT(refusal(a2c, "A2CAgent.advantage_estimator = @clip_by_value"),
              HasSubstr("--gin_bindings:1: A2CAgent.advantage_estimator: @clip_by_value is none of "
                        "the advantage_estimators"));
  EXPECT_THAT(refusal(a2c, "create_optimizer.gradient_transforms = (@clip_by_value, @max_action)"),
              HasSubstr("@max_action is none of the gradient_transforms"));
  EXPECT_THAT(refusal(a2c, "create_agent.wrappers = (@max_action,)"),
              HasSubstr("@max_action is none of the wrappers"));
  EXPECT_THAT(refusal(a2c, "A2CAgent.network = @NatureDQNNetwork"),
              HasSubstr("@NatureDQNNetwork is none of the actor_critic_networks"));
  EXPECT_THAT(refusal("literature/sac_pendulum.gin", "SACAgent.network = @NatureDQNNetwork"),
              HasSubstr("@NatureDQNNetwork is none of the continuous_networks; known are "
                        "@ActorCriticNetwork, @PixelActorCriticNetwork"));

  // agents of one's own, too
  struct MyOptions : DqnOptions {};
  catalogue.registry.add<MyOptions>("MyAgent", {.base = "DQNAgent"});
  catalogue.agents["mine"] = {"", nullptr, "MyAgent"};
  EXPECT_EQ(refusal("dopamine/dqn_cartpole.gin", "create_agent.agent_name = 'mine'"), "none");
  EXPECT_THAT(refusal("dopamine/dqn_cartpole.gin",
                      "create_agent.agent_name = 'mine'\nMyAgent.network = @max_action"),
              HasSubstr("--gin_bindings:2: MyAgent.network: @max_action is none of the networks"));
  EXPECT_THAT(refusal(dqn, "Runner.create_environment_fn = @max_action"),
              HasSubstr("@max_action is none of the environments"));
  EXPECT_EQ(refusal(dqn, "DQNAgent.epsilon_fn = @dqn_agent.identity_epsilon"), "none");
}

}  // namespace
}  // namespace accumbens
