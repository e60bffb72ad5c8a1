#pragma once

#include <torch/types.h>
#include <torch/utils.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/agents/on_policy.h"
#include "accumbens/core/random_tensor.h"

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

constexpr int64_t kRows = 7;  // of play_rollout()

/// What an agent did in a rollout, and what came of it: N samples in order of time.
struct PlayedRollout {
  torch::Tensor s_tm1;             // [N, 1, 2]
  torch::Tensor a_tm1;             // [N]
  std::vector<double> r_t;         // [N]
  std::vector<double> discount_t;  // [N], the environment's
  torch::Tensor s_t;               // [N, 1, 2]
  std::vector<size_t> next;        // [N], the sample after it in its episode; 0: none
};

/// Lets the agent, which must learn from kRows * kStreams agent steps, act in states of which no
/// two are the same, and learn once. An episode of the first stream ends and one of the second is
/// cut off, and both go on after the last row.
inline PlayedRollout play_rollout(Agent& agent) {
  torch::set_num_threads(1);  // small tensors
  constexpr StepType kFirst = StepType::kFirst, kMid = StepType::kMid, kLast = StepType::kLast;
  constexpr StepType kTypes[kRows + 1][kStreams] = {
      {kFirst, kFirst}, {kMid, kMid},   {kMid, kMid}, {kLast, kMid},
      {kFirst, kLast},  {kMid, kFirst}, {kMid, kMid}, {kMid, kMid}};
  RandomStream random(1, "rollout");
  std::vector<TimeStep> time_steps;
  std::vector<torch::Tensor> actions;
  for (const auto& types : kTypes) {
    TimeStep time_step{.step_type = {types[0], types[1]},
                       .reward = {},
                       .discount = {types[0] == kLast ? 0.0F : 1.0F, 1.0F},
                       .lost_life = {0, 0},
                       .observation = normals({kStreams, 2}, random)};
    for (const StepType type : types) {
      const auto earned = static_cast<float>(random.normal());
      time_step.reward.push_back(type == kFirst ? 0.0F : earned);
    }
    time_steps.push_back(time_step);
    actions.push_back(agent.step(time_step).clone());
  }

  PlayedRollout played;
  std::vector<torch::Tensor> s_tm1, a_tm1, s_t;
  size_t newest[kStreams] = {};  // sample of each stream
  for (int64_t t = 0; t < kRows; ++t) {
    const TimeStep &before = time_steps[t], &after = time_steps[t + 1];
    for (int64_t b = 0; b < kStreams; ++b) {
      if (after.first(b)) continue;  // no outcome
      if (!before.first(b)) played.next[newest[b]] = s_tm1.size();
      newest[b] = s_tm1.size();
      s_tm1.push_back(before.observation[b]);
      a_tm1.push_back(actions[t][b]);
      s_t.push_back(after.observation[b]);
      played.r_t.push_back(after.reward[b]);
      played.discount_t.push_back(after.discount[b]);
      played.next.push_back(0);
    }
  }
  played.s_tm1 = torch::stack(s_tm1).unsqueeze(1);
  played.a_tm1 = torch::stack(a_tm1);
  played.s_t = torch::stack(s_t).unsqueeze(1);
  return played;
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
