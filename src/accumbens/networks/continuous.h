#pragma once

#include <vector>

#include "accumbens/core/random.h"
#include "accumbens/networks/dense.h"
#include "accumbens/networks/q_network.h"

namespace accumbens {

/// Dense layers with ReLU between them.
class DenseNetwork final : public torch::nn::Module {
 public:
  /// sizes: of the inputs, of the hidden layers, of the outputs; random: draws all weights.
  DenseNetwork(const std::vector<int64_t>& sizes, Initialization initialization,
               RandomStream& random);

  /// x: [B, inputs]; returns [B, outputs].
  torch::Tensor forward(const torch::Tensor& x) { return dense_layers(x, layers_); }

 private:
  std::vector<torch::nn::Linear> layers_;
};

/// C networks of one shape and with nothing in common, from a state and an action to its value; run
/// side by side as one.
class Critics final : public torch::nn::Module {
 public:
  /// inputs: numbers in a state and an action together; random: draws all weights.
  Critics(int64_t count, int64_t inputs, const std::vector<int64_t>& hidden_sizes,
          Initialization initialization, RandomStream& random);

  /// The values of actions: [C, B]. s: [B, ...]; a: [B, D]. Frozen: gradients flow to the actions,
  /// not to the weights.
  torch::Tensor forward(const torch::Tensor& s, const torch::Tensor& a, bool frozen = false);

 private:
  std::vector<torch::Tensor> weights_;  // each [C, out, in]
  std::vector<torch::Tensor> biases_;   // each [C, 1, out]
};

/// What an agent that chooses continuous actions learns: a policy and critics.
class ContinuousActorCritic final : public torch::nn::Module {
 public:
  /// What follows from the environment and the agent.
  struct Shape {
    int64_t state_size;                 // numbers in a stacked observation
    int64_t action_size;                // D
    int64_t policy_outputs;             // per number of an action: 1, or 2 for mean and deviation
    int64_t num_critics;                // C
    std::vector<int64_t> hidden_sizes;  // of the policy and of each critic
  };

  /// random: draws all weights.
  ContinuousActorCritic(const Shape& shape, Initialization initialization, RandomStream& random);

  /// The policy's outputs: [B, D * policy_outputs]. s: [B, ...].
  torch::Tensor policy(const torch::Tensor& s) {
    return actor->forward(s.to(torch::kFloat32).flatten(1));
  }

  std::shared_ptr<DenseNetwork> actor;  ///< the policy
  std::shared_ptr<Critics> critics;     ///< C of them
};

/// Moves every parameter of `target` towards that of `source`, by the share `tau` of the way.
void move_parameters(const torch::nn::Module& source, torch::nn::Module& target, double tau);

}  // namespace accumbens
