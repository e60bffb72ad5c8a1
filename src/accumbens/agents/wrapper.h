#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/agents/agent.h"
#include "accumbens/config/options.h"

namespace accumbens {

/// Stands between an agent and its environment: changes what the agent sees, or what it does. Logs
/// hold what the environment gave. What a wrapper learns belongs to the agent: it is saved with it,
/// and does not change in evaluation.
class Wrapper {
 public:
  virtual ~Wrapper() = default;

  /// The environment as it looks through the wrapper.
  virtual EnvironmentSpec spec(const EnvironmentSpec& spec) const { return spec; }

  /// A time step as the agent sees it. Whoever else holds its observation keeps it as it is.
  virtual void observe(TimeStep&) {}

  /// An action of the agent as the environment gets it.
  virtual torch::Tensor act(const torch::Tensor& action) const { return action; }

  /// In evaluation mode nothing is learned, and several streams are other ones: see Agent.
  virtual void set_eval_mode(bool) {}

  virtual void state(StateTree&) {}
};

/// An agent behind wrappers, of which the first is next to the environment.
class WrappedAgent final : public Agent {
 public:
  /// agent: made for the environment as it looks through all of the wrappers.
  WrappedAgent(std::vector<std::unique_ptr<Wrapper>> wrappers, std::unique_ptr<Agent> agent);

  torch::Tensor step(const TimeStep& time_step) override;
  void set_eval_mode(bool eval) override;
  std::map<std::string, double> statistics() const override { return agent_->statistics(); }
  double state_value() const override { return agent_->state_value(); }
  void state(StateTree& tree) override;

 private:
  std::vector<std::unique_ptr<Wrapper>> wrappers_;
  std::unique_ptr<Agent> agent_;
};

/// Mean and variance of all that was ever seen, by the parallel algorithm of Chan et al. (1979). It
/// begins as if 1e-4 of a sample had had mean 0 and variance 1, as in OpenAI's baselines.
class RunningMoments {
 public:
  /// shape: of a sample.
  explicit RunningMoments(torch::IntArrayRef shape);

  /// Takes samples in. x: [N, ...] float64, N at least 1.
  void add(const torch::Tensor& x);

  /// Of the samples: [...] float64.
  const torch::Tensor& mean() const { return mean_; }

  /// Likewise, of the population.
  const torch::Tensor& variance() const { return variance_; }

  void state(StateTree& tree);

 private:
  torch::Tensor mean_;
  torch::Tensor variance_;
  double count_ = 1e-4;
};

/// Options of NormalizeObservation.
struct NormalizeObservationOptions {
  double epsilon = 1e-8;
  double clip = 10.0;

  template <class Visitor>
  void fields(Visitor& field) {
    field("epsilon", epsilon, "added to the variance", above(0));
    field("clip", clip, "an observation's numbers are cut off at this and its negative", above(0));
  }
};

/// Observations less their mean, in units of their deviation, of each of their numbers over all
/// time steps of all streams so far; as in OpenAI's baselines, Stable-Baselines3 and CleanRL.
class NormalizeObservation final : public Wrapper {
 public:
  /// spec: of the environment as it looks from here.
  NormalizeObservation(const NormalizeObservationOptions& options, const EnvironmentSpec& spec);

  EnvironmentSpec spec(const EnvironmentSpec& spec) const override;
  void observe(TimeStep& time_step) override;
  void set_eval_mode(bool eval) override { eval_mode_ = eval; }
  void state(StateTree& tree) override { tree("moments", moments_); }

 private:
  NormalizeObservationOptions options_;
  RunningMoments moments_;
  bool eval_mode_ = false;
};

/// Options of NormalizeReward.
struct NormalizeRewardOptions {
  double gamma = 0.99;
  double epsilon = 1e-8;
  double clip = 10.0;

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "discount per agent step, the agent's", in_closed(0, 1));
    field("epsilon", epsilon, "added to the variance", above(0));
    field("clip", clip, "a reward is cut off at this and its negative", above(0));
  }
};

/// Rewards in units of the deviation of the discounted sums of the rewards that an episode gave so
/// far; as in OpenAI's baselines and Stable-Baselines3. Their mean is not taken away.
class NormalizeReward final : public Wrapper {
 public:
  /// spec: of the environment as it looks from here.
  NormalizeReward(const NormalizeRewardOptions& options, const EnvironmentSpec& spec);

  void observe(TimeStep& time_step) override;
  void set_eval_mode(bool eval) override { eval_mode_ = eval; }
  void state(StateTree& tree) override { tree("moments", moments_)("sums", sums_); }

 private:
  NormalizeRewardOptions options_;
  RunningMoments moments_;
  std::vector<double> sums_;  // [B], of the episodes in progress
  bool eval_mode_ = false;
};

/// Options of ClipObservation and of ClipReward.
struct ClipOptions {
  double low = -1.0;
  double high = 1.0;

  template <class Visitor>
  void fields(Visitor& field) {
    field("low", low, "what is lower becomes this");
    field("high", high, "what is higher becomes this");
  }

  void check() const;
};

/// The numbers of observations cut off at two bounds.
class ClipObservation final : public Wrapper {
 public:
  /// options: checked.
  explicit ClipObservation(const ClipOptions& options) : options_(options) {}

  void observe(TimeStep& time_step) override;

 private:
  ClipOptions options_;
};

/// Rewards cut off at two bounds.
class ClipReward final : public Wrapper {
 public:
  /// options: checked.
  explicit ClipReward(const ClipOptions& options) : options_(options) {}

  void observe(TimeStep& time_step) override;

 private:
  ClipOptions options_;
};

/// Rewards of -1, 0 or 1: their signs, as in OpenAI's baselines and for-ai/rl.
class SignReward final : public Wrapper {
 public:
  void observe(TimeStep& time_step) override;
};

/// Options of RescaleAction.
struct RescaleActionOptions {
  double low = -1.0;
  double high = 1.0;

  template <class Visitor>
  void fields(Visitor& field) {
    field("low", low, "the agent's number for an action's lower bound");
    field("high", high, "the agent's number for an action's upper bound");
  }

  void check() const;
};

/// Continuous actions between `low` and `high` for the agent, whatever the environment's bounds.
class RescaleAction final : public Wrapper {
 public:
  /// Throws ConfigError where actions are discrete.
  RescaleAction(const RescaleActionOptions& options, const EnvironmentSpec& spec);

  EnvironmentSpec spec(const EnvironmentSpec& spec) const override;
  torch::Tensor act(const torch::Tensor& action) const override;

 private:
  RescaleActionOptions options_;
  torch::Tensor low_;   // [D], the environment's
  torch::Tensor high_;  // [D], likewise
};

/// for-ai/rl's help for MountainCar: 10, 20 or 100 more for a step that ends at a position of 0.1,
/// 0.25 or 0.5.
class MountainCarReward final : public Wrapper {
 public:
  /// Throws ConfigError unless observations are MountainCar's: [2] float32.
  explicit MountainCarReward(const EnvironmentSpec& spec);

  void observe(TimeStep& time_step) override;
};

}  // namespace accumbens
