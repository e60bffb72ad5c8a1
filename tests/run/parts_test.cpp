#include "accumbens/run/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/core/error.h"
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
       "create_optimizer.gradient_transforms = (@", ",)", small_td3}};
  for (const Swap& swap : swaps) {
    for (const auto& [name, summary] : parts.at(swap.kind)) {
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
    EXPECT_THAT(error.what(), HasSubstr("@GumbelNoise chooses between discrete actions"));
  }
}

// oracle: calls are counted: a program's own parts do their work where a file names them
TEST(Parts, OfOnesOwnAreNamedInGinLikeOurs) {
  Catalogue catalogue;
  struct Counts {
    int64_t epsilon = 0, action = 0, noise = 0, advantages = 0, rates = 0, transform = 0;
  };
  auto counts = std::make_shared<Counts>();
  for (const std::string name :
       {"my_epsilon", "my_action", "MyNoise", "my_advantages", "my_rates", "my_transform"}) {
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
        {"TD3Agent.min_replay_history = 50", "TD3Agent.exploration_noise = @MyNoise"}, "my_td3");
  EXPECT_GT(counts->noise, 50);
  train(catalogue, "literature/a2c_cartpole.gin",
        {"A2CAgent.update_period = 40", "A2CAgent.advantage_estimator = @my_advantages"}, "my_a2c");
  EXPECT_GT(counts->advantages, 2);
}

TEST(Parts, OfAnotherKindAreRefusedWhereTheyAreBound) {
  const Catalogue catalogue;
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
  EXPECT_THAT(refusal(dqn, "Runner.create_environment_fn = @max_action"),
              HasSubstr("@max_action is none of the environments"));
  EXPECT_EQ(refusal(dqn, "DQNAgent.epsilon_fn = @dqn_agent.identity_epsilon"), "none");
}

}  // namespace
}  // namespace accumbens
