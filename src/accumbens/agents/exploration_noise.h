#pragma once

#include <torch/types.h>

#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/core/state_tree.h"
#include "accumbens/core/time_step.h"

namespace accumbens {

/// What an agent with a deterministic policy explores with: it is added to actions, in units of
/// half their bounds, or to the shares of discrete ones.
class ExplorationNoise {
 public:
  ExplorationNoise() = default;
  virtual ~ExplorationNoise() = default;
  ExplorationNoise(const ExplorationNoise&) = delete;
  ExplorationNoise& operator=(const ExplorationNoise&) = delete;

  /// The noise of the actions that answer time_step: [B, D], on the CPU.
  virtual torch::Tensor draw(const TimeStep& time_step, int64_t action_size,
                             RandomStream& random) = 0;

  /// What it remembers, if anything.
  virtual void state(StateTree&) {}
};

/// Options of GaussianNoise.
struct GaussianNoiseOptions {
  double scale = 0.1;  ///< as for TD3

  template <class Visitor>
  void fields(Visitor& field) {
    field("scale", scale, "deviation, in units of half the bounds, or of the shares", at_least(0));
  }
};

/// Normal, and drawn anew at every agent step.
class GaussianNoise final : public ExplorationNoise {
 public:
  explicit GaussianNoise(const GaussianNoiseOptions& options) : options_(options) {}
  torch::Tensor draw(const TimeStep& time_step, int64_t action_size, RandomStream& random) override;

 private:
  GaussianNoiseOptions options_;
};

/// Options of OrnsteinUhlenbeckNoise.
struct OrnsteinUhlenbeckNoiseOptions {
  double scale = 0.2;            ///< DDPG's sigma
  double mean_reversion = 0.15;  ///< DDPG's theta

  template <class Visitor>
  void fields(Visitor& field) {
    field("scale", scale,
          "deviation of what is added per agent step, in units of half the bounds, or of the "
          "shares",
          at_least(0));
    field("mean_reversion", mean_reversion, "the share of itself that it loses per agent step",
          in_closed(0, 1));
  }
};

/// Wanders from zero within an episode (Uhlenbeck & Ornstein, 1930; Lillicrap et al., 2016).
class OrnsteinUhlenbeckNoise final : public ExplorationNoise {
 public:
  explicit OrnsteinUhlenbeckNoise(const OrnsteinUhlenbeckNoiseOptions& options)
      : options_(options) {}
  torch::Tensor draw(const TimeStep& time_step, int64_t action_size, RandomStream& random) override;
  void state(StateTree& tree) override { tree("noise", noise_); }

 private:
  OrnsteinUhlenbeckNoiseOptions options_;
  torch::Tensor noise_;  // [B, D]
};

/// Options of GumbelNoise.
struct GumbelNoiseOptions {
  double scale = 1.0;  ///< as for for-ai/rl

  template <class Visitor>
  void fields(Visitor& field) {
    field("scale", scale, "in units of the shares", at_least(0));
  }
};

/// Drawn anew at every agent step, so that the greatest share is a sample of a softmax of the
/// shares divided by the scale (Gumbel, 1954). For discrete actions.
class GumbelNoise final : public ExplorationNoise {
 public:
  explicit GumbelNoise(const GumbelNoiseOptions& options) : options_(options) {}
  torch::Tensor draw(const TimeStep& time_step, int64_t action_size, RandomStream& random) override;

 private:
  GumbelNoiseOptions options_;
};

}  // namespace accumbens
