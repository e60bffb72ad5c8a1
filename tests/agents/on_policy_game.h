#pragma once

#include <torch/types.h>
#include <torch/utils.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/agents/on_policy.h"

namespace accumbens {

constexpr int64_t kStreams = 2;
constexpr int64_t kActions = 3;

/// Generalised advantage estimates.
inline AdvantageEstimator advantages_of(double lambda) {
  return [=](const auto&... rows) { return generalized_advantages(rows..., lambda); };
}

/// The parts of an agent with a small network, on two streams.
inline OnPolicyAgent::Parts on_policy_parts(const std::string& optimizer, double learning_rate,
                                            uint64_t seed, double lambda) {
  RandomStream initialization(seed, "initialization");
  const auto network = std::make_shared<ClassicControlActorCriticNetwork>(
      ClassicControlActorCriticOptions{.layer_sizes = {8}}, /*inputs=*/2, kActions,
      /*action_size=*/0, initialization);
  return {
      .network = network,
      .optimizer = Optimizer(optimizer, {.learning_rate = learning_rate, .eps = 1e-5},
                             network->parameters()),
      .frame_stack = FrameStack({.observation_shape = {2},
                                 .observation_dtype = torch::kFloat32,
                                 .num_streams = kStreams}),
      .advantages = advantages_of(lambda),
      .action_fn = sampled_action,
      .eval_action_fn = sampled_action,
      .bounds = {},
      .actions = RandomStream(seed, "actions"),
      .minibatches = RandomStream(seed, "minibatches"),
  };
}

/// Both streams see one state; an action earns its number, and episodes have 5 steps. Or each
/// action earns 1, and episodes are only cut off.
struct Game {
  TimeStep step(const torch::Tensor& actions) {
    TimeStep time_step{.step_type = {},
                       .reward = {},
                       .discount = {},
                       .lost_life = {0, 0},
                       .observation = torch::ones({kStreams, 2})};
    const int64_t place = count++ % 6;
    for (int64_t b = 0; b < kStreams; ++b) {
      time_step.step_type.push_back(place == 0   ? StepType::kFirst
                                    : place == 5 ? StepType::kLast
                                                 : StepType::kMid);
      const float earned = cut_off ? 1.0F : actions[b].item<float>();
      time_step.reward.push_back(place == 0 ? 0.0F : earned);
      time_step.discount.push_back(place == 5 && !cut_off ? 0.0F : 1.0F);
    }
    return time_step;
  }

  int64_t count = 0;
  bool cut_off = false;
};

/// What a whole episode of the game was to an agent that learns from it as soon as it ends.
struct PlayedEpisode {
  torch::Tensor s;  // [5 * B, 1, 2], all the same
  torch::Tensor a;  // [5 * B], in order of time
  torch::Tensor r;  // [5, B]
};

/// Lets the agent, which must learn from 5 * B agent steps, play and learn once.
inline PlayedEpisode play_episode(Agent& agent) {
  Game game;
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  std::vector<torch::Tensor> actions;
  for (int64_t t = 0; t < 5; ++t) {
    action = agent.step(game.step(action));
    actions.push_back(action.clone());
  }
  agent.step(game.step(action));
  return {.s = torch::ones({5 * kStreams, 1, 2}),
          .a = torch::cat(actions),
          .r = torch::stack(actions).to(torch::kFloat32)};
}

/// Twin of the network that on_policy_parts() makes of a seed.
inline ClassicControlActorCriticNetwork twin_network(uint64_t seed) {
  RandomStream initialization(seed, "initialization");
  return {{.layer_sizes = {8}}, /*inputs=*/2, kActions, /*action_size=*/0, initialization};
}

/// The policy's log-probabilities of actions, and its entropies, as they are written: [N] each.
inline std::pair<torch::Tensor, torch::Tensor> log_probabilities_and_entropies(
    const PolicyOutput& output, const torch::Tensor& a) {
  const torch::Tensor p = output.logits.softmax(1);  // [N, A]
  return {p.gather(1, a.unsqueeze(1)).squeeze(1).log(), -(p * p.log()).sum(1)};
}

inline std::map<std::string, torch::Tensor> network_of(Agent& agent) {
  StateTree tree;
  agent.state(tree);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, tensor] : tree.contents().tensors) {
    if (name.starts_with("network/")) tensors[name] = tensor.clone();
  }
  return tensors;
}

inline bool same(const std::map<std::string, torch::Tensor>& a,
                 const std::map<std::string, torch::Tensor>& b) {
  for (const auto& [name, tensor] : a) {
    if (!torch::equal(tensor, b.at(name))) return false;
  }
  return true;
}

/// How often the action that earns most is chosen in the last 200 of 2,000 time steps.
inline double share_of_the_best(Agent& agent) {
  Game game;
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  double best = 0;
  for (int64_t t = 0; t < 2'000; ++t) {
    action = agent.step(game.step(action));
    if (t >= 1'800) best += (action == kActions - 1).to(torch::kFloat64).mean().item<double>();
  }
  return best / 200;
}

/// What a network learns that the state is worth where episodes are only cut off.
inline double learned_value(Agent& agent, ActorCriticNetwork& network) {
  torch::set_num_threads(1);  // small tensors
  Game game{.cut_off = true};
  torch::Tensor action = torch::zeros({kStreams}, torch::kInt64);
  for (int64_t t = 0; t < 6'000; ++t) action = agent.step(game.step(action));
  const torch::NoGradGuard no_grad;
  return network.forward(torch::ones({1, 1, 2})).value.item<double>();
}

}  // namespace accumbens
