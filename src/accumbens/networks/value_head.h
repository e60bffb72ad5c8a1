#pragma once

#include <torch/nn/modules/linear.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "accumbens/networks/noisy_linear.h"
#include "accumbens/networks/q_network.h"

namespace accumbens {

/// What a network shall say of each action; the agent determines it.
struct HeadSpec {
  /// What is said of an action.
  enum class Kind {
    kValue,             // its expected return
    kCategorical,       // probabilities of returns on a fixed support (C51)
    kQuantile,          // quantiles of its return at fixed fractions (QR-DQN)
    kImplicitQuantile,  // quantiles at given fractions (IQN)
  };
  Kind kind = Kind::kValue;          // what is said of an action
  int64_t num_actions = 0;           // of the environment
  int64_t num_atoms = 1;             // categorical: of the support; quantile: N
  torch::Tensor support{};           // categorical: [num_atoms]
  int64_t embedding_size = 64;       // implicit: cosines of each fraction
  bool dueling = false;              // not for implicit quantiles
  bool separate_streams = false;     // dueling: value and advantages have a hidden layer each
  Bias bias = Bias::kPerOutput;      // of the outputs
  std::optional<NoiseSpec> noise{};  // of all layers of the head
};

/// From features to what a HeadSpec asks for: a hidden layer with ReLU (none where hidden_units is
/// 0), then one output per action and atom.
///
/// Dueling (Wang et al., 2016): value + advantage - mean over actions of advantage, per atom, both
/// from one hidden layer, as in Dopamine's full Rainbow, or from a hidden layer each, as in the
/// paper and in DQN Zoo. Implicit quantiles (Dabney et al., 2018b): features are multiplied by
/// relu(linear(cos(pi * i * tau))), i = 1 ... embedding_size.
class ValueHead : public torch::nn::Module {
 public:
  /// features, hidden_units: sizes, the latter 0 for none; random: draws all weights.
  ValueHead(const HeadSpec& spec, int64_t features, int64_t hidden_units,
            Initialization initialization, RandomStream& random);

  /// features: [B, features]
  QOutput forward(const torch::Tensor& features) const;

  /// Whether forward_at() can be called.
  bool has_quantile_function() const { return embedding_ != nullptr; }

  /// features: [B, features]; taus: [B, N] in [0, 1].
  QOutput forward_at(const torch::Tensor& features, const torch::Tensor& taus) const;

  void sample_noise(RandomStream& random);
  void clear_noise();

 private:
  torch::Tensor outputs(const torch::Tensor& x) const;  // [..., features] -> [..., A * atoms]

  HeadSpec spec_;
  torch::Tensor support_;                   // [atoms]
  torch::Tensor multiples_of_pi_;           // [embedding]
  std::shared_ptr<NoisyLinear> embedding_;  // of fractions
  std::shared_ptr<NoisyLinear> hidden_;
  std::shared_ptr<NoisyLinear> output_;
  std::shared_ptr<NoisyLinear> value_hidden_;  // of separate streams
  std::shared_ptr<NoisyLinear> value_;
  std::vector<NoisyLinear*> layers_;
};

/// A network that is an encoder and a head.
class EncodedNetwork : public QNetwork {
 public:
  QOutput forward(const torch::Tensor& s) final { return head_->forward(encode(s)); }
  QOutput forward_at(const torch::Tensor& s, const torch::Tensor& taus) final {
    if (!head_->has_quantile_function()) return QNetwork::forward_at(s, taus);
    return head_->forward_at(encode(s), taus);
  }
  void sample_noise(RandomStream& random) final { head_->sample_noise(random); }
  void clear_noise() final { head_->clear_noise(); }

 protected:
  /// s: [B, stack, ...]; returns [B, features].
  virtual torch::Tensor encode(const torch::Tensor& s) = 0;

  /// Called once, at the end of a constructor, so that weights are drawn in the order of layers.
  void make_head(const HeadSpec& spec, int64_t features, int64_t hidden_units,
                 Initialization initialization, RandomStream& random) {
    head_ = register_module(
        "head", std::make_shared<ValueHead>(spec, features, hidden_units, initialization, random));
  }

 private:
  std::shared_ptr<ValueHead> head_;
};

}  // namespace accumbens
