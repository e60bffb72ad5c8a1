#include "accumbens/agents/continuous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/agents/ddpg.h"
#include "accumbens/agents/sac.h"
#include "accumbens/agents/td3.h"
#include "accumbens/core/error.h"
#include "accumbens/core/random_tensor.h"
#include "golden_tensors.h"

namespace accumbens {
namespace {

constexpr int64_t kStreams = 2;

constexpr int64_t kSide = 36;  // of an image, in pixels

// state_size: 0 for images
ContinuousAgent::Parts make_parts(int64_t state_size, ActorCriticHeads heads,
                                  const ActionBounds& bounds, int64_t num_actions = 0) {
  heads.initialization = Initialization::kFanInUniform;
  RandomStream random(1, "initialization");
  const auto make_network = [&] {
    std::shared_ptr<StateEncoder> encoder = std::make_shared<FlatEncoder>(state_size);
    if (state_size == 0) {
      encoder = std::make_shared<PixelEncoder>(/*channels=*/1, kSide, kSide, heads.initialization,
                                               random);
    }
    return std::make_shared<DenseActorCritic>(encoder, heads, random);
  };
  const auto network = make_network();
  ReplaySpec spec{.observation_shape = {state_size},
                  .observation_dtype = torch::kFloat32,
                  .gamma = 0.9,
                  .action_size = num_actions > 0 ? 0 : heads.action_size,
                  .num_streams = kStreams};
  if (state_size == 0) {
    spec.observation_shape = {kSide, kSide};
    spec.observation_dtype = torch::kUInt8;
  }
  return {.network = network,
          .target_network = make_network(),
          .replay = Replay({.max_capacity = 2'000, .batch_size = 32}, spec),
          .frame_stack = FrameStack(spec),
          .bounds = bounds,
          .num_actions = num_actions,
          .exploration = RandomStream(1, "exploration"),
          .sampling = RandomStream(1, "sampling"),
          .noise = RandomStream(1, "noise")};
}

// the agents of these tests: for numbers or images, for continuous or discrete actions
struct Kind {
  std::string agent;
  bool images = false;
  bool discrete = false;
  bool in_turn = false;  // SAC's policy, after its critics
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.agent << (kind.images ? " of images" : "")
             << (kind.discrete ? " for discrete actions" : "") << (kind.in_turn ? " in turn" : "");
}

const std::vector<Kind> kContinuousKinds{{"ddpg"}, {"td3"}, {"sac"}};
const std::vector<Kind> kKinds{{"ddpg"},
                               {"td3"},
                               {"sac"},
                               {.agent = "ddpg", .discrete = true},
                               {.agent = "ddpg with gumbels", .discrete = true},
                               {.agent = "ddpg", .images = true},
                               {.agent = "sac", .images = true},
                               {.agent = "sac", .in_turn = true},
                               {.agent = "sac", .images = true, .in_turn = true}};

constexpr int64_t kNumActions = 3;  // where they are discrete

// episodes have one step, which earns -(action - best)^2, or 1 for the best discrete action; the
// streams see different images, or different numbers where actions are discrete. Episodes that are
// only cut off earn 1 whatever is done
struct Target {
  explicit Target(const Kind& kind) : kind(kind) {}

  double best(int64_t stream) const { return kind.images && stream == 1 ? -0.2 : 0.6; }
  static int64_t best_discrete(int64_t stream) { return stream == 0 ? 2 : 0; }

  torch::Tensor no_action() const {
    return kind.discrete ? torch::zeros({kStreams}, torch::kInt64) : torch::zeros({kStreams, 1});
  }

  double reward(const torch::Tensor& actions, int64_t stream) const {
    if (cut_off) return 1.0;
    if (kind.discrete) return actions[stream].item<int64_t>() == best_discrete(stream) ? 1.0 : 0.0;
    return -std::pow(actions[stream][0].item<double>() - best(stream), 2.0);
  }

  TimeStep step(const torch::Tensor& actions) {
    const bool first = count++ % 2 == 0;
    const torch::Tensor states = kind.images || kind.discrete
                                     ? torch::arange(kStreams).unsqueeze(1)
                                     : torch::ones({kStreams, 1});  // [B, 1]
    TimeStep time_step{
        .step_type = {},
        .reward = {},
        .discount = {},
        .lost_life = {0, 0},
        .observation =
            kind.images
                ? (255 * states.unsqueeze(2)).expand({kStreams, kSide, kSide}).to(torch::kUInt8)
                : states.to(torch::kFloat32)};
    for (int64_t b = 0; b < kStreams; ++b) {
      time_step.step_type.push_back(first ? StepType::kFirst : StepType::kLast);
      time_step.reward.push_back(first ? 0.0F : static_cast<float>(reward(actions, b)));
      time_step.discount.push_back(first || cut_off ? 1.0F : 0.0F);
    }
    return time_step;
  }

  Kind kind;
  int64_t count = 0;
  bool cut_off = false;
};

const ActionBounds kBounds{.centre = torch::full({1}, 0.5), .reach = torch::full({1}, 1.5)};

const OptimizerOptions kRates{.learning_rate = 3e-3, .eps = 1e-8};

template <class Options>
Options small(Options options) {
  options.min_replay_history = 50;
  options.hidden_units = 32;
  options.target_smoothing_coefficient = 0.05;
  return options;
}

ContinuousAgent::Parts parts_of(const Kind& kind, int64_t outputs, int64_t critics) {
  return make_parts(/*state_size=*/kind.images ? 0 : 1,
                    {.action_size = kind.discrete ? kNumActions : 1,
                     .policy_outputs = outputs,
                     .num_critics = critics,
                     .hidden_sizes = {32, 32}},
                    kBounds, kind.discrete ? kNumActions : 0);
}

ContinuousAgent::Parts parts_of(const Kind& kind) {
  const int64_t outputs = kind.agent == "sac" ? 2 : 1;
  const int64_t critics = kind.agent == "sac" || kind.agent == "td3" ? 2 : 1;
  return parts_of(kind, outputs, critics);
}

std::unique_ptr<ExplorationNoise> gaussian_noise(double scale) {
  return std::make_unique<GaussianNoise>(GaussianNoiseOptions{.scale = scale});
}

std::unique_ptr<ExplorationNoise> wandering_noise() {
  return std::make_unique<OrnsteinUhlenbeckNoise>(
      OrnsteinUhlenbeckNoiseOptions{.scale = 0.2, .mean_reversion = 0.15});
}

std::unique_ptr<ContinuousAgent> make_agent(const Kind& kind, ContinuousAgent::Parts parts) {
  torch::set_num_threads(1);  // small tensors

  if (kind.agent == "sac") {
    SacOptions options = small(SacOptions{});
    options.target_policy = "online";
    options.target_entropy = -1.0;
    if (kind.in_turn) options.policy_period = 3;
    return std::make_unique<SacAgent>(options, 32, 1, torch::kCPU, std::move(parts), kRates);
  }
  if (kind.agent == "td3") {
    return std::make_unique<Td3Agent>(small(Td3Options{}), 32, torch::kCPU, std::move(parts),
                                      gaussian_noise(0.1), kRates);
  }
  std::unique_ptr<ExplorationNoise> noise = wandering_noise();
  if (kind.agent == "ddpg with gumbels") {
    noise = std::make_unique<GumbelNoise>(GumbelNoiseOptions{.scale = 0.2});
  }
  return std::make_unique<DdpgAgent>(small(DdpgOptions{}), 32, torch::kCPU, std::move(parts),
                                     std::move(noise), kRates);
}

std::unique_ptr<ContinuousAgent> make_agent(const Kind& kind) {
  return make_agent(kind, parts_of(kind));
}

// learns from a given batch
class OpenDdpg final : public DdpgAgent {
 public:
  using DdpgAgent::DdpgAgent;
  using DdpgAgent::select_action;
  using DdpgAgent::update;
};

class OpenTd3 final : public Td3Agent {
 public:
  using Td3Agent::target_action;
  using Td3Agent::Td3Agent;
  using Td3Agent::update;

  torch::Tensor noise;  // of updates

 protected:
  torch::Tensor update_noise(torch::IntArrayRef) override { return noise; }
};

// all numbers of tensors in one
torch::Tensor flat(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> numbers;
  for (const torch::Tensor& one : tensors) numbers.push_back(one.detach().flatten());
  return torch::cat(numbers);
}

// transitions that are all the same
Batch batch_of_ones() {
  const torch::Tensor ones = torch::ones({4, 1});
  return {.s_tm1 = ones,
          .a_tm1 = ones,
          .r_t = torch::ones({4}),
          .discount_t = torch::ones({4}),
          .s_t = ones,
          .ids = {},
          .probabilities = {}};
}

torch::Tensor run(ContinuousAgent& agent, Target& game, torch::Tensor action, int64_t steps) {
  for (int64_t t = 0; t < steps; ++t) action = agent.step(game.step(action));
  return action;
}

// what an agent does in evaluation, after so many steps of training
torch::Tensor learned_actions(const Kind& kind, int64_t steps) {
  const auto agent = make_agent(kind);
  Target game(kind);
  torch::Tensor action = run(*agent, game, game.no_action(), steps);
  agent->set_eval_mode(true);
  action = run(*agent, game, action, 1);
  EXPECT_TRUE(torch::equal(run(*agent, game, action, 1), action))
      << kind << ": evaluates by chance";
  return action;
}

// oracle: the game: the best action is 0.6
TEST(ContinuousAgents, FindTheBestAction) {
  for (const Kind& kind : kContinuousKinds) {
    const torch::Tensor best = learned_actions(kind, 2'000);
    EXPECT_NEAR(best[0].item<double>(), 0.6, 0.05) << kind;
    EXPECT_TRUE(torch::equal(best[0], best[1])) << kind;
  }
}

// oracle: the game: the best actions are 0.6 and -0.2
TEST(ContinuousAgents, TellImagesApart) {
  for (const std::string agent : {"ddpg", "sac"}) {
    const torch::Tensor actions = learned_actions({.agent = agent, .images = true}, 1'500);
    EXPECT_GT(actions[0].item<double>(), 0.3) << agent;
    EXPECT_LT(actions[1].item<double>(), 0.1) << agent;
  }
}

// oracle: closed form: 1 + 0.9 + 0.9^2 + ... = 10, where the one step alone is worth 1; SAC's price
// of entropy falls to nothing, as a policy without a preference has more than it is asked for
TEST(ContinuousAgents, AnEpisodeThatIsCutOffHasTheValueOfGoingOn) {
  for (const Kind& kind : kContinuousKinds) {
    const auto agent = make_agent(kind);
    Target game(kind);
    game.cut_off = true;
    run(*agent, game, game.no_action(), 4'000);
    EXPECT_NEAR(agent->statistics().at("mean_q"), 10.0, 0.5) << kind;
  }
}

// oracle: the weights before and after
TEST(ContinuousAgents, TheEncoderLearnsAndItsTargetFollows) {
  for (const std::string name : {"ddpg", "sac"}) {
    const Kind kind{.agent = name, .images = true};
    auto parts = parts_of(kind, name == "sac" ? 2 : 1, name == "sac" ? 2 : 1);
    const auto network = parts.network, target = parts.target_network;
    const auto weight = [](const std::shared_ptr<ContinuousActorCritic>& of) {
      return of->encoder_parameters().front().detach().clone();
    };
    const torch::Tensor before = weight(network);
    const auto agent = make_agent(kind, std::move(parts));
    EXPECT_TRUE(torch::equal(weight(target), before)) << name;
    Target game(kind);
    run(*agent, game, game.no_action(), 100);
    EXPECT_FALSE(torch::equal(weight(network), before)) << name;
    EXPECT_FALSE(torch::equal(weight(target), before)) << name;
    EXPECT_LT((weight(target) - before).norm().item<double>(),
              (weight(network) - before).norm().item<double>())
        << name << ": the target goes a share of the way";
  }
}

// what an agent may ask of a network, made of torch's own layers, on an encoding that is learned
class PlainActorCritic final : public ContinuousActorCritic {
 public:
  PlainActorCritic(int64_t critics, int64_t outputs) {
    for (int64_t c = 0; c < critics; ++c) values_->push_back(torch::nn::Linear(kFeatures + 1, 1));
    policy_ = torch::nn::Linear(kFeatures, outputs);
    register_module("encoder", encoder_);
    register_module("policy", policy_);
    register_module("values", values_);
  }

  torch::Tensor encode(const torch::Tensor& s) override { return encoder_->forward(s.flatten(1)); }
  std::vector<torch::Tensor> encoder_parameters() const override { return encoder_->parameters(); }
  std::vector<torch::Tensor> policy_parameters() const override { return policy_->parameters(); }
  std::vector<torch::Tensor> value_parameters() const override { return values_->parameters(); }

  static constexpr int64_t kFeatures = 3;

 protected:
  torch::Tensor policy_of(const torch::Tensor& x) override { return policy_->forward(x); }
  torch::Tensor values_of(const torch::Tensor& x, const torch::Tensor& a) override {
    std::vector<torch::Tensor> values;
    for (const auto& critic : *values_) {
      values.push_back(critic->as<torch::nn::Linear>()->forward(torch::cat({x, a}, 1)).squeeze(1));
    }
    return torch::stack(values);
  }

 private:
  torch::nn::Linear encoder_{torch::nn::LinearOptions(1, kFeatures)};
  torch::nn::Linear policy_{nullptr};
  torch::nn::ModuleList values_;
};

// oracle: torch's own layers: gradients stop at the same places in a network of one's own as in
// ours, and have the same values
TEST(ContinuousAgents, ANetworkOfOnesOwnLearnsAsOursDoes) {
  struct LinearEncoder final : StateEncoder {
    LinearEncoder() { register_module("linear", linear); }
    torch::Tensor forward(const torch::Tensor& s) override { return linear->forward(s.flatten(1)); }
    int64_t features() const override { return PlainActorCritic::kFeatures; }
    torch::nn::Linear linear{torch::nn::LinearOptions(1, PlainActorCritic::kFeatures)};
  };
  for (const Kind& kind : kContinuousKinds) {
    const int64_t outputs = kind.agent == "sac" ? 2 : 1, critics = kind.agent == "ddpg" ? 1 : 2;
    const ActorCriticHeads heads{.action_size = 1,
                                 .policy_outputs = outputs,
                                 .num_critics = critics,
                                 .hidden_sizes = {},
                                 .initialization = Initialization::kFanInUniform};
    RandomStream random(1, "initialization");
    const auto dense = [&] {
      return std::make_shared<DenseActorCritic>(std::make_shared<LinearEncoder>(), heads, random);
    };
    const auto ours = dense();
    const auto own = std::make_shared<PlainActorCritic>(critics, outputs);

    // ours has the critics' weights first, and then their biases
    const auto in_our_order = [&] {
      const auto values = own->value_parameters();
      std::vector<torch::Tensor> ordered = own->acting_parameters();
      for (size_t first : {0, 1}) {
        for (size_t i = first; i < values.size(); i += 2) ordered.push_back(values[i]);
      }
      return flat(ordered);
    };
    {
      const torch::NoGradGuard no_grad;
      const auto copy = [](const std::vector<torch::Tensor>& to, const torch::Tensor& from) {
        int64_t at = 0;
        for (const torch::Tensor& one : to) {
          one.copy_(from.narrow(0, at, one.numel()).view(one.sizes()));
          at += one.numel();
        }
      };
      copy(own->acting_parameters(), flat(ours->acting_parameters()));
      for (int64_t c = 0; c < critics; ++c) {
        const auto values = own->value_parameters();
        values[2 * c].copy_(ours->critics->weight(0)[c]);
        values[2 * c + 1].copy_(ours->critics->bias(0)[c][0]);
      }
    }
    ASSERT_TRUE(torch::equal(in_our_order(), flat(ours->parameters()))) << kind;

    const auto learn = [&](const std::shared_ptr<ContinuousActorCritic>& network,
                           const std::shared_ptr<ContinuousActorCritic>& target_network) {
      auto parts = parts_of(kind, outputs, critics);
      parts.network = network;
      parts.target_network = target_network;
      const auto agent = make_agent(kind, std::move(parts));
      Target game(kind);
      run(*agent, game, game.no_action(), 60);
    };
    const torch::Tensor before = flat(ours->parameters());
    learn(ours, dense());
    learn(own, std::make_shared<PlainActorCritic>(critics, outputs));
    const torch::Tensor moved = flat(ours->parameters()) - before;
    EXPECT_GT(moved.abs().min().item<double>(), 0) << kind << ": something does not learn";
    EXPECT_TRUE(torch::allclose(in_our_order(), flat(ours->parameters()), 1e-4, 1e-6)) << kind;
  }
}

// oracle: the agent that learns
TEST(ContinuousAgents, AReplicaThatFollowsActsTheSame) {
  for (const Kind& kind : kKinds) {
    const auto agent = make_agent(kind);
    Target game(kind);
    const torch::Tensor action = run(*agent, game, game.no_action(), 100);
    ActorLearner::Policy policy;
    agent->publish(policy);
    const auto replica = make_agent(kind);
    replica->follow(policy);
    agent->set_eval_mode(true);
    replica->set_eval_mode(true);
    Target same_game = game;
    EXPECT_TRUE(torch::equal(run(*agent, game, action, 1), run(*replica, same_game, action, 1)))
        << kind;
  }
}

// oracle: the network's buffer, which nobody but the test changes: the target network has it after
// the next update, all of it, and a replica when it follows
TEST(ContinuousAgents, TheTargetAndReplicasHaveTheBuffersOfTheNetwork) {
  struct Buffers {
    torch::Tensor of_network, of_target;
  };
  for (const Kind& kind : kContinuousKinds) {
    const auto make = [&](Buffers& buffers) {
      auto parts = parts_of(kind);
      buffers = {.of_network = parts.network->register_buffer("buffer", torch::zeros({2})),
                 .of_target = parts.target_network->register_buffer("buffer", torch::zeros({2}))};
      return make_agent(kind, std::move(parts));
    };
    Buffers own, of_replica;
    const auto agent = make(own);
    const auto replica = make(of_replica);
    Target game(kind);
    torch::Tensor action = run(*agent, game, game.no_action(), 60);
    ActorLearner::Policy policy;
    for (const float number : {3.0F, 4.0F}) {
      own.of_network.fill_(number);
      action = run(*agent, game, action, 2);
      EXPECT_TRUE(torch::equal(own.of_target, own.of_network)) << kind;
      agent->publish(policy);
      replica->follow(policy);
      EXPECT_TRUE(torch::equal(of_replica.of_network, torch::full({2}, number))) << kind;
    }
  }
}

// oracle: the game: the best actions are 2 and 0
TEST(DdpgAgent, FindsTheBestDiscreteActionOfEachState) {
  for (const std::string agent : {"ddpg", "ddpg with gumbels"}) {
    const torch::Tensor actions = learned_actions({.agent = agent, .discrete = true}, 2'000);
    EXPECT_TRUE(torch::equal(actions, torch::tensor({int64_t{2}, int64_t{0}}))) << agent;
  }
}

// oracle: closed form: the mean's gradient by an output is share * (value - mean value), and the
// penalty's 2 * penalty * output / numbers
TEST(DdpgAgent, OfDiscreteActionsThePolicyFollowsTheMeanValue) {
  DdpgOptions options = small(DdpgOptions{});
  options.optimizer = "sgd";
  options.target_update_type = "hard";
  options.logit_penalty = 0.1;
  auto parts = parts_of({.agent = "ddpg", .discrete = true}, 1, 1);
  const auto network = parts.network;
  OpenDdpg agent(options, 32, torch::kCPU, std::move(parts), wandering_noise(),
                 {.learning_rate = 1.0});

  // values are those after the critic's own step, which moves nothing where its error is 0
  const torch::Tensor s = torch::tensor({{0.0F}, {1.0F}});                        // [N, 1]
  const torch::Tensor a = torch::eye(kNumActions).slice(/*dim=*/0, 0, kStreams);  // [N, A]
  torch::Tensor outputs, q, r;  // [N, A], [N, A], [N]
  {
    const torch::NoGradGuard no_grad;
    outputs = network->policy(network->encode(s));
    std::vector<torch::Tensor> of_each;
    for (int64_t action = 0; action < kNumActions; ++action) {
      const torch::Tensor one =
          torch::zeros({kStreams, kNumActions}).index_fill(1, torch::tensor(action), 1.0);
      of_each.push_back(network->values(network->encode(s), one)[0]);
    }
    q = torch::stack(of_each, 1);
    r = (q * a).sum(1);
  }
  const torch::Tensor bias = dynamic_cast<DenseActorCritic&>(*network).actor->bias(2);
  const torch::Tensor before = bias.detach().clone();
  agent.update({.s_tm1 = s,
                .a_tm1 = a,
                .r_t = r,
                .discount_t = torch::zeros({kStreams}),
                .s_t = s,
                .ids = {},
                .probabilities = {}});

  const torch::Tensor shares = outputs.softmax(1);
  const torch::Tensor advantage = q - (shares * q).sum(1, /*keepdim=*/true);
  const torch::Tensor gradient = -(shares * advantage).mean(0) +
                                 0.1 * 2.0 * outputs.sum(0) / static_cast<double>(outputs.numel());
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-3);
  EXPECT_TRUE(torch::allclose(before - bias, gradient, 1e-4, 1e-6));
}

// oracle: the ratio of the rates, in plain descent
TEST(DdpgAgent, ThePolicyMayHaveALearningRateOfItsOwn) {
  const auto moved = [](std::optional<double> policy_learning_rate) {
    DdpgOptions options = small(DdpgOptions{});
    options.optimizer = "sgd";
    options.policy_learning_rate = policy_learning_rate;
    options.min_replay_history = 1;
    options.update_period = 2;  // of both streams together: one update
    auto parts = parts_of({"ddpg"}, 1, 1);
    const auto network = parts.network;
    const auto snapshot = [&](const std::vector<torch::Tensor>& parameters) {
      std::vector<torch::Tensor> flat;
      for (const torch::Tensor& parameter : parameters) flat.push_back(parameter.flatten());
      return torch::cat(flat).detach().clone();
    };
    const torch::Tensor actor = snapshot(network->policy_parameters());
    const torch::Tensor critics = snapshot(network->value_parameters());
    DdpgAgent agent(options, 32, torch::kCPU, std::move(parts), wandering_noise(),
                    {.learning_rate = 0.4});
    Target game({"ddpg"});
    torch::Tensor action = game.no_action();
    while (!agent.statistics().contains("loss")) action = run(agent, game, action, 1);
    return std::pair((snapshot(network->policy_parameters()) - actor).to(torch::kFloat64),
                     (snapshot(network->value_parameters()) - critics).to(torch::kFloat64));
  };
  const auto [actor, critics] = moved(std::nullopt);
  const auto [slow_actor, same_critics] = moved(0.1);
  EXPECT_GT(actor.abs().max().item<double>(), 0.0);
  EXPECT_TRUE(torch::allclose(4.0 * slow_actor, actor, 1e-4, 1e-6));
  EXPECT_TRUE(torch::equal(same_critics, critics));
}

// oracle: the definitions, with a twin of the agent's random stream: gaussian noise is drawn anew,
// Ornstein-Uhlenbeck's is what is left of the last and a draw, from nothing where an episode begins
TEST(DdpgAgent, ExploresWithTheNoiseItIsTold) {
  for (const std::string kind : {"gaussian", "ornstein_uhlenbeck"}) {
    auto parts = parts_of({"ddpg"}, 1, 1);
    const auto network = parts.network;
    OpenDdpg agent(small(DdpgOptions{}), 32, torch::kCPU, std::move(parts),
                   kind == "gaussian" ? gaussian_noise(0.2) : wandering_noise(), kRates);
    RandomStream twin(1, "exploration");
    const torch::NoGradGuard no_grad;
    const torch::Tensor x = torch::ones({kStreams, 1});
    const torch::Tensor policy = squash(network->policy(x), kBounds);  // [B, 1]

    torch::Tensor noise = torch::zeros({kStreams, 1});
    TimeStep time_step = Target({"ddpg"}).step({});
    for (int64_t t = 0; t < 6; ++t) {
      time_step.step_type = {t == 0 || t == 4 ? StepType::kFirst : StepType::kMid,
                             t == 0 ? StepType::kFirst : StepType::kMid};
      if (t == 4) noise[0].zero_();
      const torch::Tensor draw = 0.2 * normals({kStreams, 1}, twin);
      noise = kind == "gaussian" ? draw : 0.85 * noise + draw;
      EXPECT_TRUE(torch::allclose(agent.select_action(time_step, x),
                                  clip(policy + kBounds.reach * noise, kBounds), 1e-5, 1e-6))
          << kind << " " << t;
    }
  }
}

// oracle: the definition (Fujimoto et al., 2018, section 5.3), number by number
TEST(Td3Agent, SmoothsTheTargetPolicyWithinItsBounds) {
  Td3Options options = small(Td3Options{});
  options.target_noise = 0.2;
  options.target_noise_clip = 0.5;
  auto parts = parts_of({"td3"}, 1, 2);
  const auto target_network = parts.target_network;
  OpenTd3 agent(options, 5, torch::kCPU, std::move(parts), gaussian_noise(0.1), kRates);
  const std::vector<float> draws{0.0F, 1.0F, -2.0F, 4.0F, -9.0F};
  agent.noise = torch::tensor(draws).unsqueeze(1);
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::linspace(-9.0, 9.0, 5).unsqueeze(1);
  const torch::Tensor action = agent.target_action(x);  // [5, 1]
  const torch::Tensor u = target_network->policy(x);
  for (int64_t i = 0; i < 5; ++i) {
    const double policy = 0.5 + 1.5 * std::tanh(u[i].item<double>());
    const double noise = std::clamp(0.2 * draws[i], -0.5, 0.5);
    EXPECT_NEAR(action[i].item<double>(), std::clamp(policy + 1.5 * noise, -1.0, 2.0), 1e-5) << i;
  }
}

// oracle: the schedule: critics move with every update, policy and target with every other
TEST(Td3Agent, ThePolicyAndTheTargetMoveWithEveryOtherUpdate) {
  auto parts = parts_of({"td3"}, 1, 2);
  const auto network = parts.network, target_network = parts.target_network;
  OpenTd3 agent(small(Td3Options{}), 4, torch::kCPU, std::move(parts), gaussian_noise(0.1), kRates);
  agent.noise = torch::zeros({4, 1});
  const Batch batch = batch_of_ones();
  const auto snapshot = [&] {
    return std::vector<torch::Tensor>{network->policy_parameters().front().detach().clone(),
                                      network->value_parameters().front().detach().clone(),
                                      target_network->policy_parameters().front().detach().clone(),
                                      target_network->value_parameters().front().detach().clone()};
  };
  for (int64_t update = 0; update < 5; ++update) {
    const auto before = snapshot();
    agent.update(batch);
    const auto after = snapshot();
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(torch::equal(before[i], after[i]), i != 1 && update % 2 == 0) << i << " " << update;
    }
  }
}

// oracle: the uninterrupted agent; after two updates the next one moves the critics alone and logs
// the policy's last loss, after three it moves the policy too
TEST(Td3Agent, ItsDelayedPolicyGoesOnExactlyFromItsState) {
  torch::set_num_threads(1);  // small tensors
  const auto make = [] {
    auto agent = std::make_unique<OpenTd3>(small(Td3Options{}), 4, torch::kCPU, parts_of({"td3"}),
                                           gaussian_noise(0.1), kRates);
    agent->noise = torch::zeros({4, 1});
    return agent;
  };
  const auto parameters_of = [](Agent& agent) {
    StateTree tree;
    agent.state(tree);
    std::vector<torch::Tensor> parameters;
    for (const auto& [name, tensor] : tree.contents().tensors) {
      if (name.find("network/") != std::string::npos) parameters.push_back(tensor);
    }
    return flat(parameters);
  };
  for (const int64_t stop : {2, 3}) {
    const auto agent = make();
    for (int64_t update = 0; update < stop; ++update) agent->update(batch_of_ones());
    StateTree saved;
    agent->state(saved);
    const auto other = make();
    StateTree loaded(saved.contents());
    other->state(loaded);
    for (OpenTd3* either : {agent.get(), other.get()}) either->update(batch_of_ones());
    EXPECT_TRUE(torch::equal(parameters_of(*agent), parameters_of(*other))) << stop;
    EXPECT_NE(agent->statistics().at("policy_loss"), 0.0);
    EXPECT_EQ(agent->statistics(), other->statistics()) << stop;
  }
}

// oracle: the agent steps of both streams, counted one by one; an update needs more than
// min_replay_history transitions before its time step
TEST(ContinuousAgents, MakeAnUpdateForEachDueAgentStepOfAllStreams) {
  torch::set_num_threads(1);  // small tensors
  for (const int64_t period : {1, 3, 4}) {
    DdpgOptions options = small(DdpgOptions{});
    options.min_replay_history = 7;
    options.update_period = period;
    DdpgAgent agent(options, 4, torch::kCPU, parts_of({"ddpg"}), gaussian_noise(0.1), kRates);
    int64_t agent_steps = 0, transitions = 0, updates = 0;
    for (int64_t t = 0; t < 60; ++t) {
      TimeStep time_step{.step_type = {},
                         .reward = {1, 1},
                         .discount = {1, 1},
                         .lost_life = {0, 0},
                         .observation = torch::ones({kStreams, 1})};
      const bool enough = transitions > 7;
      for (int64_t b = 0; b < kStreams; ++b) {
        const int64_t length = 4 + b, i = t % (length + 1);
        time_step.step_type.push_back(i == 0        ? StepType::kFirst
                                      : i == length ? StepType::kLast
                                                    : StepType::kMid);
        transitions += i > 0 ? 1 : 0;
        if (i < length && agent_steps++ % period == 0 && enough) ++updates;
      }
      agent.step(time_step);
      StateTree tree;
      agent.state(tree);
      ASSERT_EQ(tree.contents().values.at("updates"), updates) << period << " " << t;
    }
  }
}

// oracle: the online network, which is copied every four episodes of one agent step and two streams
TEST(ContinuousAgents, AHardTargetIsACopyOfTheNetworkEachPeriod) {
  const Kind kind{"ddpg"};
  auto parts = parts_of(kind, 1, 1);
  const auto network = parts.network, target_network = parts.target_network;
  DdpgOptions options = small(DdpgOptions{});
  options.target_update_type = "hard";
  options.target_update_period = 8;
  DdpgAgent agent(options, 4, torch::kCPU, std::move(parts), gaussian_noise(0.1), kRates);
  Target game(kind);
  torch::Tensor action = game.no_action();
  int64_t copies = 0;
  for (int64_t t = 1; t <= 160; ++t) {
    const torch::Tensor before = flat(target_network->parameters());
    action = run(agent, game, action, 1);
    const torch::Tensor after = flat(target_network->parameters());
    if (torch::equal(before, after)) continue;
    EXPECT_TRUE(torch::equal(after, flat(network->parameters()))) << t;
    ++copies;
  }

  // learning begins after 50 of the 160 agent steps
  EXPECT_GE(copies, (160 - 50) / 8 - 1);
  EXPECT_LE(copies, (160 - 50) / 8 + 1);
}

// oracle: an environment whose rewards are half of those
TEST(ContinuousAgents, LearnFromRewardsTimesTheirFactor) {
  std::vector<torch::Tensor> learned;
  for (const double factor : {0.5, 1.0}) {
    auto parts = parts_of({"sac"}, 2, 2);
    const auto network = parts.network;
    SacOptions options = small(SacOptions{});
    options.reward_scale_factor = factor;
    SacAgent agent(options, 32, 1, torch::kCPU, std::move(parts), kRates);
    Target game({"sac"});
    torch::Tensor action = game.no_action();
    for (int64_t t = 0; t < 150; ++t) {
      TimeStep time_step = game.step(action);
      for (float& reward : time_step.reward) reward *= factor == 1.0 ? 0.5F : 1.0F;
      action = agent.step(time_step);
    }
    learned.push_back(flat(network->parameters()));
  }
  EXPECT_TRUE(torch::equal(learned[0], learned[1]));
}

// oracle: the definition: deviations of e^-9 at most, or of e^1 at least
TEST(SacAgent, ActsWithADeviationWithinItsBounds) {
  const auto spread = [](std::optional<double> least, std::optional<double> greatest) {
    SacOptions options = small(SacOptions{});
    options.min_log_std = least;
    options.max_log_std = greatest;
    options.min_replay_history = 1;
    options.update_period = 1'000'000;
    SacAgent agent(options, 32, 1, torch::kCPU, parts_of({"sac"}, 2, 2), kRates);
    Target game({"sac"});
    torch::Tensor action = run(agent, game, game.no_action(), 4);
    std::vector<torch::Tensor> actions;
    for (int64_t t = 0; t < 100; ++t) actions.push_back(action = run(agent, game, action, 1));
    return torch::cat(actions).std().item<double>();
  };
  EXPECT_LT(spread(std::nullopt, -9.0), 1e-3);
  EXPECT_GT(spread(1.0, std::nullopt), 1.0);
}

// oracle: the dual of the constraint: alpha settles where the policy has the entropy asked for
TEST(SacAgent, KeepsTheEntropyItIsAskedFor) {
  const auto agent = make_agent({"sac"});
  Target game({"sac"});
  torch::Tensor action = run(*agent, game, game.no_action(), 3'000);
  double entropy = 0;
  for (int i = 0; i < 100; ++i) {
    action = run(*agent, game, action, 10);
    entropy += agent->statistics().at("entropy") / 100;
  }
  EXPECT_NEAR(entropy, -1.0, 0.15);
}

// oracle: the bounds, and that nothing is learned before min_replay_history
TEST(ContinuousAgents, ActAtRandomWithinTheBoundsAtFirst) {
  for (const Kind& kind : kContinuousKinds) {
    const auto agent = make_agent(kind);
    Target game(kind);
    torch::Tensor action = game.no_action();
    double low = 1e9, high = -1e9;
    for (int i = 0; i < 400; ++i) {
      action = run(*agent, game, action, 1);
      EXPECT_EQ(action.sizes(), torch::IntArrayRef({kStreams, 1}));
      if (i < 40) {
        low = std::min(low, action.min().item<double>());
        high = std::max(high, action.max().item<double>());
      }
      EXPECT_GE(action.min().item<double>(), -1.0) << kind;
      EXPECT_LE(action.max().item<double>(), 2.0) << kind;
      EXPECT_EQ(agent->statistics().contains("loss"), i > 51) << kind << " " << i;
    }
    EXPECT_LT(low, -0.8);
    EXPECT_GT(high, 1.8);
  }
}

// oracle: the uninterrupted agent
TEST(ContinuousAgents, ContinueBitForBitAfterSaving) {
  for (const Kind& kind : kKinds) {
    for (const int64_t stop : {1, 30, 101}) {
      const auto agent = make_agent(kind);
      Target game(kind);
      torch::Tensor action = run(*agent, game, game.no_action(), stop);

      StateTree saved;
      agent->state(saved);
      const auto other = make_agent(kind);
      StateTree loaded(saved.contents());
      other->state(loaded);
      EXPECT_EQ(other->statistics(), agent->statistics()) << kind << " " << stop;

      Target same_game = game;
      const torch::Tensor a = run(*agent, game, action, 40);
      const torch::Tensor b = run(*other, same_game, action, 40);
      EXPECT_TRUE(torch::equal(a, b)) << kind << " " << stop;
      EXPECT_EQ(other->statistics(), agent->statistics()) << kind << " " << stop;
    }
  }
}

// oracle: the message
TEST(ContinuousAgents, ALossThatIsNotFiniteIsNamed) {
  const auto agent = make_agent({"td3"});
  Target game({"td3"});
  torch::Tensor action = run(*agent, game, game.no_action(), 60);
  TimeStep time_step = game.step(action);
  while (!time_step.last(0)) {
    action = agent->step(time_step);
    time_step = game.step(action);
  }
  time_step.reward[0] = std::nanf("");
  agent->step(time_step);
  EXPECT_THAT([&] { run(*agent, game, action, 500); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("rewards that are not finite")));
}

// learns from a given batch with given noise
template <class Agent>
class Golden final : public Agent {
 public:
  using Agent::Agent;
  using Agent::update;

  std::vector<torch::Tensor> noise;  // of the calls to come, in order

 protected:
  torch::Tensor update_noise(torch::IntArrayRef) override {
    const torch::Tensor next = noise.front();
    noise.erase(noise.begin());
    return next;
  }
};

// oracle: the definition: the target's policy goes its share of the way if it values next states,
// and stays where it is if the online policy does
TEST(SacAgent, TheTargetsPolicyFollowsSoftlyWhereItIsAsked) {
  torch::set_num_threads(1);  // small tensors
  for (const std::string target_policy : {"target", "online"}) {
    SacOptions options = small(SacOptions{});
    options.target_policy = target_policy;
    options.target_smoothing_coefficient = 0.25;
    auto parts = parts_of({"sac"});
    const auto network = parts.network, target_network = parts.target_network;
    Golden<SacAgent> agent(options, 4, 1, torch::kCPU, std::move(parts), kRates);
    for (int update = 0; update < 2; ++update) {
      const torch::Tensor policy = flat(target_network->policy_parameters());
      const torch::Tensor values = flat(target_network->value_parameters());
      agent.noise = {torch::zeros({4, 1}), torch::zeros({4, 1})};
      agent.update(batch_of_ones());
      const torch::Tensor way = flat(network->policy_parameters()) - policy;
      EXPECT_GT(way.abs().max().item<double>(), 1e-3);
      const double share = target_policy == "target" ? 0.25 : 0.0;
      EXPECT_TRUE(torch::allclose(flat(target_network->policy_parameters()), policy + share * way,
                                  1e-5, 1e-7))
          << target_policy;
      EXPECT_TRUE(torch::allclose(flat(target_network->value_parameters()),
                                  values + 0.25 * (flat(network->value_parameters()) - values),
                                  1e-5, 1e-7))
          << target_policy;
    }
  }
}

// the weights and biases of networks of three layers, by the script's names
std::map<std::string, torch::Tensor> layers_of(ContinuousActorCritic& any) {
  auto& network = dynamic_cast<DenseActorCritic&>(any);
  std::map<std::string, torch::Tensor> layers;
  for (size_t i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i);
    layers["actor.layer" + number + ".weight"] = network.actor->weight(i);
    layers["actor.layer" + number + ".bias"] = network.actor->bias(i);
    layers["critics.weight" + number] = network.critics->weight(i);
    layers["critics.bias" + number] = network.critics->bias(i);
  }
  return layers;
}

using Tensors = std::map<std::string, torch::Tensor>;

// the script's weights
void set_weights(const Tensors& data, const std::string& prefix, ContinuousActorCritic& network,
                 ContinuousActorCritic& target_network) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, weights] : layers_of(network)) {
    weights.copy_(data.at(prefix + "network/" + name));
  }
  for (auto& [name, weights] : layers_of(target_network)) {
    weights.copy_(data.at(prefix + "target_network/" + name));
  }
}

void set_log_alpha(Agent& agent, const torch::Tensor& log_alpha) {
  StateTree tree;
  agent.state(tree);
  auto contents = tree.contents();
  contents.tensors["log_alpha"] = log_alpha.squeeze();
  StateTree with_alpha(contents);
  agent.state(with_alpha);
}

double log_alpha_of(Agent& agent) {
  StateTree tree;
  agent.state(tree);
  return tree.contents().tensors.at("log_alpha").item<double>();
}

Batch batch_of(const Tensors& data, double reward_scale = 1.0) {
  return {.s_tm1 = data.at("s_tm1"),
          .a_tm1 = data.at("a_tm1"),
          .r_t = reward_scale * data.at("r_t"),
          .discount_t = data.at("discount_t"),
          .s_t = data.at("s_t"),
          .ids = {},
          .probabilities = {}};
}

// how far weights moved, to 2e-5 of the greatest move of each tensor
void expect_moves(const Tensors& data, const std::string& before, const std::string& after,
                  ContinuousActorCritic& network) {
  for (const auto& [name, weights] : layers_of(network)) {
    const torch::Tensor start = data.at(before + name);
    const torch::Tensor move = data.at(after + name) - start;
    const double scale = move.abs().max().item<double>();
    EXPECT_GT(scale, 0) << after << name;
    EXPECT_LT((weights - start - move).abs().max().item<double>(), 2e-5 * scale) << after << name;
  }
}

// oracle: Dopamine 4.1.2, tests/oracles/sac_dopamine.py: with plain descent of rate 1 the weights
// afterwards show every gradient
TEST(SacAgent, AnUpdateEqualsDopamines) {
  auto data = golden_tensors("sac_dopamine");
  const torch::Tensor low = torch::tensor({-2.0F, -1.0F}), high = torch::tensor({2.0F, 3.0F});
  auto parts = make_parts(
      /*state_size=*/5,
      {.action_size = 2, .policy_outputs = 2, .num_critics = 2, .hidden_sizes = {16, 16}},
      {.centre = (low + high) / 2, .reach = (high - low) / 2});
  const auto network = parts.network;
  const auto target_network = parts.target_network;
  SacOptions options;
  options.target_entropy = -1.0;
  options.optimizer = "sgd";
  options.target_update_type = "hard";
  Golden<SacAgent> agent(options, 8, 2, torch::kCPU, std::move(parts), {.learning_rate = 1.0});

  set_weights(data, "", *network, *target_network);
  set_log_alpha(agent, data.at("log_alpha"));

  // rewards come scaled
  agent.noise = {data.at("noise_t"), data.at("noise_tm1")};
  agent.update(batch_of(data, 0.5));
  expect_moves(data, "network/", "after/", *network);

  const auto figures = agent.statistics();
  EXPECT_NEAR(figures.at("loss"), 0.5 * data.at("critic_loss").item<double>(), 1e-5);
  EXPECT_NEAR(figures.at("policy_loss"), data.at("policy_loss").item<double>(), 1e-5);
  EXPECT_NEAR(figures.at("alpha_loss"), data.at("alpha_loss").item<double>(), 1e-5);
  EXPECT_NEAR(log_alpha_of(agent), data.at("log_alpha_after").item<double>(), 1e-5);
}

// the networks of tests/oracles/sb3_continuous.py, which moves them a quarter of the way
constexpr double kTau = 0.25;
constexpr double kRate = 0.5;

ContinuousAgent::Parts stable_baselines_parts(int64_t policy_outputs, int64_t num_critics) {
  return make_parts(/*state_size=*/5,
                    {.action_size = 2,
                     .policy_outputs = policy_outputs,
                     .num_critics = num_critics,
                     .hidden_sizes = {16, 16}},
                    {.centre = torch::zeros({2}), .reach = torch::ones({2})});
}

template <class Options>
Options stable_baselines_options(Options options = {}) {
  options.optimizer = "sgd";
  options.target_smoothing_coefficient = kTau;
  return options;
}

// oracle: Stable-Baselines3 2.9.2, tests/oracles/sb3_continuous.py, whose log-probability has 1e-6
// in its logarithm
TEST(SacAgent, AnUpdateWithTheOnlinePolicyEqualsStableBaselines) {
  const auto data = golden_tensors("sb3_continuous");
  auto parts = stable_baselines_parts(2, 2);
  const auto network = parts.network, target_network = parts.target_network;
  auto options = stable_baselines_options<SacOptions>();
  options.target_entropy = -1.0;
  options.target_policy = "online";
  Golden<SacAgent> agent(options, 8, 2, torch::kCPU, std::move(parts), {.learning_rate = kRate});
  set_weights(data, "sac/", *network, *target_network);
  set_log_alpha(agent, data.at("sac/log_alpha"));
  agent.noise = {data.at("sac/noise_t"), data.at("sac/noise_tm1")};
  agent.update(batch_of(data));

  expect_moves(data, "sac/network/", "sac/after/", *network);
  for (const auto& [name, weights] : layers_of(*target_network)) {
    if (name.starts_with("actor")) continue;  // there is none
    EXPECT_TRUE(torch::allclose(weights, data.at("sac/target_after/" + name), 1e-5, 1e-6)) << name;
  }
  EXPECT_NEAR(log_alpha_of(agent), data.at("sac/log_alpha_after").item<double>(), 1e-5);
}

// oracle: the same, and that of an update which moves the critics first
TEST(SacAgent, AnUpdateWithThePolicyInItsTurnEqualsStableBaselines) {
  const auto data = golden_tensors("sb3_continuous");
  auto parts = stable_baselines_parts(2, 2);
  const auto network = parts.network;
  auto options = stable_baselines_options<SacOptions>();
  options.target_entropy = -1.0;
  options.target_policy = "online";
  options.policy_period = 1;
  Golden<SacAgent> agent(options, 8, 2, torch::kCPU, parts, {.learning_rate = kRate});
  set_weights(data, "sac/", *network, *parts.target_network);
  set_log_alpha(agent, data.at("sac/log_alpha"));
  agent.noise = {data.at("sac/noise_t"), data.at("sac/noise_tm1")};
  agent.update(batch_of(data));

  for (const auto& [name, weights] : layers_of(*network)) {
    const std::string after = name.starts_with("actor") ? "sac/in_turn/" : "sac/after/";
    EXPECT_TRUE(torch::allclose(weights, data.at(after + name), 1e-5, 1e-6)) << name;
  }
  EXPECT_NEAR(log_alpha_of(agent), data.at("sac/log_alpha_after").item<double>(), 1e-5);
}

// oracle: the definition, as in CleanRL: critics move with every update, policy and alpha twice
// with every second; while critics and alpha go nowhere, that is two updates with a period of one
TEST(SacAgent, PolicyAndAlphaMakeUpForTheUpdatesTheyMiss) {
  const auto data = golden_tensors("sb3_continuous");
  struct Run {
    std::shared_ptr<ContinuousActorCritic> network;
    std::unique_ptr<Golden<SacAgent>> agent;
  };
  const auto run = [&](int64_t period, double rate) {
    auto parts = stable_baselines_parts(2, 2);
    auto options = stable_baselines_options<SacOptions>();
    options.target_policy = "online";
    options.policy_period = period;
    options.policy_learning_rate = 0.1;
    Run made{.network = parts.network, .agent = nullptr};
    set_weights(data, "sac/", *parts.network, *parts.target_network);
    made.agent = std::make_unique<Golden<SacAgent>>(options, 8, 2, torch::kCPU, std::move(parts),
                                                    OptimizerOptions{.learning_rate = rate});
    return made;
  };
  const auto update = [&](Run& made, const std::vector<std::string>& noise) {
    made.agent->noise.clear();
    for (const std::string& name : noise) made.agent->noise.push_back(data.at("sac/" + name));
    made.agent->update(batch_of(data));
    EXPECT_TRUE(made.agent->noise.empty());
  };

  Run twice = run(/*period=*/2, kRate);
  for (const bool turn : {false, true, false}) {
    const torch::Tensor policy = flat(twice.network->policy_parameters());
    const torch::Tensor values = flat(twice.network->value_parameters());
    const double log_alpha = log_alpha_of(*twice.agent);
    update(twice, turn ? std::vector<std::string>{"noise_t", "noise_tm1", "noise_t"}
                       : std::vector<std::string>{"noise_t"});
    EXPECT_EQ(!torch::equal(flat(twice.network->policy_parameters()), policy), turn);
    EXPECT_EQ(log_alpha_of(*twice.agent) != log_alpha, turn);
    EXPECT_FALSE(torch::equal(flat(twice.network->value_parameters()), values));
  }

  constexpr double kNowhere = 1e-30;
  Run still_twice = run(/*period=*/2, kNowhere);
  update(still_twice, {"noise_t"});
  update(still_twice, {"noise_t", "noise_tm1", "noise_t"});
  Run still_once = run(/*period=*/1, kNowhere);
  const torch::Tensor before = flat(still_once.network->policy_parameters());
  update(still_once, {"noise_t", "noise_tm1"});
  update(still_once, {"noise_t", "noise_t"});
  const torch::Tensor after = flat(still_once.network->policy_parameters());
  EXPECT_GT((after - before).abs().max().item<double>(), 1e-3);
  EXPECT_TRUE(torch::equal(flat(still_twice.network->policy_parameters()), after));

  // a rate of the policy's own needs an optimizer of its own
  SacOptions options;
  options.policy_learning_rate = 0.1;
  EXPECT_THROW(options.check(), ConfigError);
}

// oracle: the same
TEST(Td3Agent, TwoUpdatesEqualStableBaselines) {
  const auto data = golden_tensors("sb3_continuous");
  auto parts = stable_baselines_parts(1, 2);
  const auto network = parts.network, target_network = parts.target_network;
  auto options = stable_baselines_options<Td3Options>();
  options.target_noise = 0.4;
  options.target_noise_clip = 0.5;
  Golden<Td3Agent> agent(options, 8, torch::kCPU, std::move(parts), gaussian_noise(0.1),
                         {.learning_rate = kRate});
  set_weights(data, "td3/", *network, *target_network);
  agent.noise = {data.at("td3/noise0"), data.at("td3/noise1")};
  for (int update = 0; update < 2; ++update) agent.update(batch_of(data));
  expect_moves(data, "td3/network/", "td3/after/", *network);
  expect_moves(data, "td3/target_network/", "td3/target_after/", *target_network);
}

// oracle: the same
TEST(DdpgAgent, TwoUpdatesEqualStableBaselines) {
  const auto data = golden_tensors("sb3_continuous");
  auto parts = stable_baselines_parts(1, 1);
  const auto network = parts.network, target_network = parts.target_network;
  Golden<DdpgAgent> agent(stable_baselines_options<DdpgOptions>(), 8, torch::kCPU, std::move(parts),
                          wandering_noise(), {.learning_rate = kRate});
  set_weights(data, "ddpg/", *network, *target_network);
  for (int update = 0; update < 2; ++update) agent.update(batch_of(data));
  expect_moves(data, "ddpg/network/", "ddpg/after/", *network);
  expect_moves(data, "ddpg/target_network/", "ddpg/target_after/", *target_network);
}

}  // namespace
}  // namespace accumbens
