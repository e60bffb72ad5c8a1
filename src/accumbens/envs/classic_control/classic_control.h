#pragma once

#include <array>

#include "accumbens/core/random.h"
#include "accumbens/envs/single_environment.h"

namespace accumbens {

/// What the classic control tasks share: one stream of episodes with a time limit. B is 1.
///
/// A task that ends is LAST with discount 0; the time limit is LAST with discount 1. Initial states
/// come from the stream "environment/0" of the seed.
class ClassicControl : public SingleEnvironment {
 public:
  const EnvironmentSpec& spec() const override { return spec_; }
  StreamStep step_stream(const StreamAction& action, void* observation) override;
  void state(StateTree& tree) override;

  /// The task's own variables, in float64, in the order of Gymnasium's `state`.
  const std::array<double, 4>& variables() const { return variables_; }

  /// Places the running episode in another state, for tests and for planning.
  void set_variables(const std::array<double, 4>& variables) { variables_ = variables; }

 protected:
  /// spec: with at most one number in a continuous action. max_episode_steps: agent steps until the
  /// episode is truncated.
  ClassicControl(EnvironmentSpec spec, int64_t max_episode_steps, uint64_t seed);

  /// What a step led to.
  struct Outcome {
    float reward;     // raw
    bool terminated;  // for good, not by the time limit
  };

  /// The variables of a new episode.
  virtual std::array<double, 4> draw_initial_variables(RandomStream& random) = 0;

  /// One step of the dynamics. action: 0 ... num_actions-1, or any finite number where actions are
  /// continuous; checked before.
  virtual Outcome advance(double action, std::array<double, 4>& variables) = 0;

  /// Writes what the agent sees. observation: of the spec's shape.
  virtual void observe(const std::array<double, 4>& variables, float* observation) const = 0;

 private:
  double checked(const StreamAction& action) const;

  EnvironmentSpec spec_;
  int64_t max_episode_steps_;
  RandomStream random_;
  std::array<double, 4> variables_{};
  int64_t episode_steps_ = 0;
};

}  // namespace accumbens
