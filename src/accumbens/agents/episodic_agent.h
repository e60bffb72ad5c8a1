#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "accumbens/agents/agent.h"

namespace accumbens {

/// An agent that thinks in episodes, as Dopamine's do, in one environment (B = 1): an episode
/// begins, goes on and ends. Derived classes also implement state().
class EpisodicAgent : public Agent {
 public:
  /// Calls the three functions below. Throws Error unless there is one environment.
  torch::Tensor step(const TimeStep& time_step) final;

  /// Derived classes learn only where eval_mode() is false.
  void set_eval_mode(bool eval) final { eval_mode_ = eval; }

  std::map<std::string, double> statistics() const override { return {}; }

 protected:
  /// Answers the first observation of an episode with an action, 0 ... num_actions-1.
  /// observation: one frame, of EnvironmentSpec's shape and dtype, here and below. Without
  /// end_episode() before it where the last episode was cut from outside, as at the end of an
  /// evaluation: nobody knows what its last action led to.
  virtual int64_t begin_episode(const torch::Tensor& observation) = 0;

  /// Answers an observation with an action. reward: what the last action led to.
  virtual int64_t step(float reward, const torch::Tensor& observation) = 0;

  /// The last action led here, and none is wanted. terminal: false where the episode was only cut
  /// short (truncated), so that it could have gone on.
  virtual void end_episode(float reward, const torch::Tensor& observation, bool terminal) = 0;

  /// Whether the agent only acts now.
  bool eval_mode() const { return eval_mode_; }

 private:
  bool eval_mode_ = false;
};

}  // namespace accumbens
