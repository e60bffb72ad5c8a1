#pragma once

#include <memory>
#include <vector>

#include "accumbens/core/random.h"
#include "accumbens/networks/dense.h"
#include "accumbens/networks/nature_dqn.h"
#include "accumbens/networks/q_network.h"

namespace accumbens {

/// What an agent learns whose policy is a function of states, and follows critics' gradients: both
/// of them, on an encoding of states that the critics train and the policy takes as it is. Each
/// parameter belongs to one of the three.
class ContinuousActorCritic : public torch::nn::Module {
 public:
  /// What policy and critics see of states: [B, F]. s: [B, stack, ...] in the environment's dtype.
  virtual torch::Tensor encode(const torch::Tensor& s) = 0;

  /// The policy's outputs: [B, D * policy_outputs]. x: [B, F]; gradients do not flow to it.
  torch::Tensor policy(const torch::Tensor& x) { return policy_of(x.detach()); }

  /// The values of actions: [C, B]. x: [B, F]; a: [B, D]. Frozen: gradients flow to states and
  /// actions, not to the critics' weights.
  torch::Tensor values(const torch::Tensor& x, const torch::Tensor& a, bool frozen = false);

  /// Of encoder and policy.
  std::vector<torch::Tensor> acting_parameters() const;

  /// Of encoder and critics.
  std::vector<torch::Tensor> critic_parameters() const;

  /// Of the encoder alone; none, where states are taken as they are.
  virtual std::vector<torch::Tensor> encoder_parameters() const = 0;

  /// Of the policy alone.
  virtual std::vector<torch::Tensor> policy_parameters() const = 0;

  /// Of the critics alone.
  virtual std::vector<torch::Tensor> value_parameters() const = 0;

 protected:
  /// What policy() is of an encoding: [B, F] to [B, D * policy_outputs], not bounded: agents squash
  /// them. All D of the first kind (the mean, or what ranks discrete actions) come first, then all
  /// D of the second (the log-deviation).
  virtual torch::Tensor policy_of(const torch::Tensor& x) = 0;

  /// What values() is, with gradients for all. A discrete action is a row of zeros and a one.
  virtual torch::Tensor values_of(const torch::Tensor& x, const torch::Tensor& a) = 0;
};

/// What an agent asks of policy and critics.
struct ActorCriticHeads {
  int64_t action_size;                // D: numbers in an action, or how many discrete ones
  int64_t policy_outputs;             // of each of them: 1, or 2 for mean and log-deviation
  int64_t num_critics;                // C
  std::vector<int64_t> hidden_sizes;  // of the policy and of each critic
  Initialization initialization = Initialization::kXavierUniform;  // of all layers
};

/// What states are to a policy and to critics.
class StateEncoder : public torch::nn::Module {
 public:
  /// s: [B, stack, ...] in the environment's dtype. Returns [B, features].
  virtual torch::Tensor forward(const torch::Tensor& s) = 0;

  /// How many numbers it makes of a state.
  virtual int64_t features() const = 0;
};

/// States that are numbers stay as they are.
class FlatEncoder final : public StateEncoder {
 public:
  /// state_size: numbers in a stacked observation.
  explicit FlatEncoder(int64_t state_size) : features_(state_size) {}

  torch::Tensor forward(const torch::Tensor& s) override {
    return s.to(torch::kFloat32).flatten(1);
  }
  int64_t features() const override { return features_; }

 private:
  int64_t features_;
};

/// Images go through the convolutions of Mnih et al. (2015) without padding.
class PixelEncoder final : public StateEncoder {
 public:
  /// channels: of all frames; height, width: in pixels; random: draws all weights.
  PixelEncoder(int64_t channels, int64_t height, int64_t width, Initialization initialization,
               RandomStream& random);

  torch::Tensor forward(const torch::Tensor& s) override;
  int64_t features() const override { return convolutions_.features(); }

 private:
  NatureConvolutions convolutions_;
};

/// Dense layers for the policy, and others for each critic, on an encoder of any kind.
class DenseActorCritic final : public ContinuousActorCritic {
 public:
  /// random: draws all weights but the encoder's.
  DenseActorCritic(std::shared_ptr<StateEncoder> encoder, const ActorCriticHeads& heads,
                   RandomStream& random);

  torch::Tensor encode(const torch::Tensor& s) override { return encoder->forward(s); }
  std::vector<torch::Tensor> encoder_parameters() const override { return encoder->parameters(); }
  std::vector<torch::Tensor> policy_parameters() const override { return actor->parameters(); }
  std::vector<torch::Tensor> value_parameters() const override { return critics->parameters(); }

  std::shared_ptr<StateEncoder> encoder;  ///< without parameters, where states are numbers
  std::shared_ptr<DenseNetwork> actor;    ///< the policy
  std::shared_ptr<DenseNetwork> critics;  ///< C of them, side by side

 protected:
  torch::Tensor policy_of(const torch::Tensor& x) override { return actor->forward(x); }
  torch::Tensor values_of(const torch::Tensor& x, const torch::Tensor& a) override {
    return critics->forward(torch::cat({x, a}, 1));
  }
};

/// Moves every one of `targets` towards that of `sources`, by the share `tau` of the way.
void move_parameters(const std::vector<torch::Tensor>& sources,
                     const std::vector<torch::Tensor>& targets, double tau);

}  // namespace accumbens
