#pragma once

#include <torch/nn/modules/linear.h>

#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/networks/dense.h"
#include "accumbens/networks/nature_dqn.h"

namespace accumbens {

/// What an actor-critic network says of states: a softmax over discrete actions or normal
/// continuous ones, whose other kind is undefined, and a value.
struct PolicyOutput {
  torch::Tensor logits{};   // [B, A], of the softmax
  torch::Tensor mean{};     // [B, D], of the normal
  torch::Tensor log_std{};  // [B, D], of the normal
  torch::Tensor value{};    // [B], expected return
};

/// A network from stacked observations to a policy and a value.
class ActorCriticNetwork : public torch::nn::Module {
 public:
  /// s: [B, stack, ...] in the environment's dtype. What it says is float32, also under an
  /// Autocast: one to float32 belongs around the last layers.
  virtual PolicyOutput forward(const torch::Tensor& s) = 0;
};

/// Draws an orthogonal weight (Saxe et al., 2014) times `gain`, and a bias of 0.
/// weight: [out, in] or [out, in, height, width]; bias: [out].
void initialize_orthogonal(torch::Tensor& weight, torch::Tensor& bias, double gain,
                           RandomStream& random);

/// Options of the actor-critic network for low-dimensional observations.
struct ClassicControlActorCriticOptions {
  std::vector<int64_t> layer_sizes = {64, 64};
  double policy_gain = 0.01;

  template <class Visitor>
  void fields(Visitor& field) {
    field("layer_sizes", layer_sizes, "units of one hidden layer after the other",
          in_closed(1, 1e6));
    field("policy_gain", policy_gain, "of the policy's outputs as they begin", above(0));
  }

  void check() const { require_layers(layer_sizes); }
};

/// The same with Dopamine's beginning for continuous actions.
struct PpoActorCriticOptions : ClassicControlActorCriticOptions {
  PpoActorCriticOptions() { policy_gain = 0.1; }
};

/// Two networks that share nothing, for the policy and for the value: hidden layers with tanh and
/// orthogonal weights (gain sqrt(2); policy_gain for the policy's outputs, 1 for the value's), as
/// in CleanRL's, Dopamine's and OpenAI's PPO. The log-deviation of continuous actions depends on no
/// state and begins at 0.
class ClassicControlActorCriticNetwork final : public ActorCriticNetwork {
 public:
  /// inputs: numbers in a stacked observation; num_actions: discrete ones, or 0; action_size:
  /// numbers of a continuous one, or 0; random: draws all weights.
  ClassicControlActorCriticNetwork(const ClassicControlActorCriticOptions& options, int64_t inputs,
                                   int64_t num_actions, int64_t action_size, RandomStream& random);

  PolicyOutput forward(const torch::Tensor& s) override;

 private:
  std::vector<torch::nn::Linear> actor_;   // the last one has the outputs
  std::vector<torch::nn::Linear> critic_;  // likewise
  torch::Tensor log_std_;                  // [D], of continuous actions
};

/// An actor-critic whose policy, a softmax, and value share all but their outputs: an encoding,
/// and hidden units with ReLU. Orthogonal weights: gain sqrt(2), 0.01 for the policy's outputs, 1
/// for the value's.
class EncodedActorCritic : public ActorCriticNetwork {
 public:
  PolicyOutput forward(const torch::Tensor& s) final;

 protected:
  /// s: [B, stack, ...] in the environment's dtype. Returns [B, features].
  virtual torch::Tensor encode(const torch::Tensor& s) = 0;

  /// Makes what comes after the encoding; called once, when that is made.
  void make_outputs(int64_t features, int64_t hidden_units, int64_t num_actions,
                    RandomStream& random);

 private:
  torch::nn::Linear hidden_{nullptr};
  torch::nn::Linear actor_{nullptr};
  torch::nn::Linear critic_{nullptr};
};

/// The convolutions of Mnih et al. (2015) without padding and 512 hidden units: PPO's network for
/// Atari in Dopamine, CleanRL and OpenAI's baselines.
class NatureActorCriticNetwork final : public EncodedActorCritic {
 public:
  /// height, width: of a frame, in pixels; stack_size: frames in an observation; random: draws all
  /// weights.
  NatureActorCriticNetwork(int64_t stack_size, int64_t height, int64_t width, int64_t num_actions,
                           RandomStream& random);

 protected:
  torch::Tensor encode(const torch::Tensor& s) override { return convolutions_(s); }

 private:
  NatureConvolutions convolutions_;
};

}  // namespace accumbens
