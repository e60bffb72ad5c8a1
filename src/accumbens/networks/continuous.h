#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "accumbens/core/random.h"
#include "accumbens/networks/dense.h"
#include "accumbens/networks/nature_dqn.h"
#include "accumbens/networks/q_network.h"

namespace accumbens {

/// C networks of one shape, side by side, from a state and an action to its value.
class Critics final : public torch::nn::Module {
 public:
  /// inputs: numbers in a state and an action together; random: draws all weights.
  Critics(int64_t count, int64_t inputs, const std::vector<int64_t>& hidden_sizes,
          Initialization initialization, RandomStream& random);

  /// The values of actions: [C, B]. x: [B, F], of the states; a: [B, D]. Frozen: gradients flow to
  /// the actions, not to the weights.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& a, bool frozen = false) {
    return network->forward(torch::cat({x, a}, 1), frozen);
  }

  std::shared_ptr<DenseNetwork> network;  ///< all of them
};

/// What states are to a policy and to critics: images go through the convolutions of Mnih et al.
/// (2015) without padding, numbers stay as they are.
class StateEncoder final : public torch::nn::Module {
 public:
  /// image_shape: channels of all frames, height, width; or none, where states are state_size
  /// numbers. random: draws all weights.
  StateEncoder(const std::vector<int64_t>& image_shape, int64_t state_size,
               Initialization initialization, RandomStream& random);

  /// s: [B, ...] in the environment's dtype. Returns [B, features].
  torch::Tensor forward(const torch::Tensor& s);

  /// How many numbers it makes of a state.
  int64_t features() const { return features_; }

 private:
  std::optional<NatureConvolutions> convolutions_;
  int64_t features_;
};

/// What an agent learns whose policy is a function of states, and follows critics' gradients: both
/// of them, on an encoder that the critics train and the policy takes as it is.
class ContinuousActorCritic final : public torch::nn::Module {
 public:
  /// What follows from the environment and the agent.
  struct Shape {
    int64_t state_size;                  // numbers in a stacked observation
    int64_t action_size;                 // D
    int64_t policy_outputs;              // per number of an action: 1, or 2 for mean and deviation
    int64_t num_critics;                 // C
    std::vector<int64_t> hidden_sizes;   // of the policy and of each critic
    std::vector<int64_t> image_shape{};  // channels, height, width of images, if they are encoded
  };

  /// random: draws all weights.
  ContinuousActorCritic(const Shape& shape, Initialization initialization, RandomStream& random);

  /// What policy and critics see of states: [B, F]. s: [B, ...].
  torch::Tensor encode(const torch::Tensor& s) { return encoder->forward(s); }

  /// The policy's outputs: [B, D * policy_outputs]. x: [B, F]; gradients do not flow to it.
  torch::Tensor policy(const torch::Tensor& x) { return actor->forward(x.detach()); }

  /// Of encoder and policy.
  std::vector<torch::Tensor> acting_parameters() const;

  /// Of encoder and critics.
  std::vector<torch::Tensor> critic_parameters() const;

  std::shared_ptr<StateEncoder> encoder;  ///< without parameters, where states are numbers
  std::shared_ptr<DenseNetwork> actor;    ///< the policy
  std::shared_ptr<Critics> critics;       ///< C of them
};

/// Moves every one of `targets` towards that of `sources`, by the share `tau` of the way.
void move_parameters(const std::vector<torch::Tensor>& sources,
                     const std::vector<torch::Tensor>& targets, double tau);

}  // namespace accumbens
