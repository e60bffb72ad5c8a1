#include <gmock/gmock.h>
#include <torch/utils.h>

#include "accumbens/agents/ppo.h"
#include "accumbens/core/error.h"
#include "accumbens/run/catalogue.h"

namespace accumbens {
namespace {

// says what it is told to say
struct Talking final : ActorCriticNetwork {
  PolicyOutput forward(const torch::Tensor&) override { return output; }
  PolicyOutput output;
  torch::Tensor weight = register_parameter("weight", torch::ones({1}));
};

// why PPO in an environment refuses a network that says this of three states
std::string refusal(const std::string& environment, const PolicyOutput& output) {
  Catalogue catalogue;
  catalogue.registry.add_reference("MyNetwork");
  catalogue.actor_critics["MyNetwork"] = {
      "", [=](const Configuration&, const NetworkContext&, RandomStream&) {
        const auto network = std::make_shared<Talking>();
        network->output = output;
        return network;
      }};
  const Configuration configuration(catalogue.registry,
                                    {ACCUMBENS_SOURCE_DIR "/configs/" + environment + ".gin"},
                                    {"PPOAgent.network = @MyNetwork"});
  const auto made =
      catalogue.make_environment(configuration, configuration.get<RunnerOptions>("Runner"));
  try {
    catalogue.make_agent(configuration, {.environment = made->spec()});
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

// oracle: PolicyOutput's list, for CartPole's two actions and Pendulum's one number
TEST(PolicyAgents, RefuseANetworkThatLacksWhatTheyNeed) {
  const std::string discrete = "cleanrl/ppo", continuous = "literature/ppo_pendulum";
  const torch::Tensor value = torch::zeros({3}), logits = torch::zeros({3, 2}),
                      number = torch::zeros({3, 1});
  const auto logits_and = [&](const torch::Tensor& v) {
    return refusal(discrete, {.logits = logits, .value = v});
  };
  const auto value_and = [&](const torch::Tensor& l) {
    return refusal(discrete, {.logits = l, .value = value});
  };
  EXPECT_EQ(logits_and(value), "none");
  EXPECT_EQ(logits_and({}),
            "the network @MyNetwork says of three states no value, where CartPole needs Float "
            "[3]; bind another, see `accumbens list actor_critic_networks`");
  EXPECT_THAT(logits_and(number), testing::HasSubstr("three states Float [3, 1] as value, where"));
  EXPECT_THAT(logits_and(value.to(torch::kBFloat16)),
              testing::AllOf(testing::HasSubstr("BFloat16 [3] as value"),
                             testing::HasSubstr("under an Autocast")));
  EXPECT_THAT(value_and({}), testing::HasSubstr("no logits, where CartPole needs Float [3, 2]"));
  EXPECT_THAT(value_and(number), testing::HasSubstr("Float [3, 1] as logits"));
  EXPECT_THAT(refusal(discrete, {.logits = logits, .mean = number, .log_std = {}, .value = value}),
              testing::HasSubstr("says mean or log_std, but the actions of CartPole are discrete"));

  const auto with = [&](const torch::Tensor& l, const torch::Tensor& mean,
                        const torch::Tensor& log_std) {
    return refusal(continuous, {.logits = l, .mean = mean, .log_std = log_std, .value = value});
  };
  EXPECT_EQ(with({}, number, number), "none");
  EXPECT_THAT(with(logits, number, number), testing::HasSubstr("says logits, but the actions of"));
  EXPECT_THAT(with({}, {}, number), testing::HasSubstr("no mean"));
  EXPECT_THAT(with({}, number, {}), testing::HasSubstr("no log_std"));
  EXPECT_THAT(with({}, logits, number), testing::HasSubstr("Float [3, 2] as mean"));
}

// figures of PPO's updates on MinAtar's Breakout, each of one step on all of 64 agent steps
std::vector<std::map<std::string, double>> updates(const std::string& dtype, int64_t count) {
  torch::set_num_threads(1);
  const Catalogue catalogue;
  const Configuration configuration(
      catalogue.registry, {ACCUMBENS_SOURCE_DIR "/configs/minatar/ppo.gin"},
      {"PPOAgent.network_dtype = '" + dtype + "'", "PPOAgent.update_period = 64",
       "PPOAgent.batch_size = 64", "PPOAgent.num_epochs = 1", "Runner.num_environments = 1",
       "create_optimizer.learning_rate = 0.01"});
  const auto environment =
      catalogue.make_environment(configuration, configuration.get<RunnerOptions>("Runner"));
  const auto agent = catalogue.make_agent(configuration, {.environment = environment->spec()});
  std::vector<std::map<std::string, double>> figures;
  torch::Tensor action = zero_actions(environment->spec());
  while (static_cast<int64_t>(figures.size()) < count) {
    action = agent->step(environment->step(action));
    const auto now = agent->statistics();
    if (!now.contains("loss")) continue;
    if (figures.empty() || now != figures.back()) figures.push_back(now);
  }
  return figures;
}

// oracle: float32, of which bfloat16 keeps two to three digits; and that no probability has moved
// before an update, where acting and learning round alike
TEST(PolicyAgents, ActAndLearnInBfloat16WhereAskedFor) {
  const auto exact = updates("float32", 1).front();
  const auto coarse = updates("bfloat16", 20);
  for (const std::string name : {"loss", "value_loss", "gradient_norm"}) {
    EXPECT_NE(coarse.front().at(name), exact.at(name)) << name;
    EXPECT_NEAR(coarse.front().at(name) / exact.at(name), 1.0, 0.03) << name;
  }
  for (const auto& update : coarse) EXPECT_LT(update.at("approximate_kl"), 1e-7);
}

}  // namespace
}  // namespace accumbens
