#pragma once

#include <torch/types.h>

#include "accumbens/envs/environment.h"

namespace accumbens {

/// One stream's part of the actions of a batch, of one kind or the other.
struct StreamAction {
  const int64_t* discrete = nullptr;  // [1]
  const float* continuous = nullptr;  // [D]
};

/// The actions of a batch, as its streams take them.
class BatchActions {
 public:
  /// actions: as Environment::step() takes them. Throws Error unless there is one for each stream.
  BatchActions(const EnvironmentSpec& spec, const torch::Tensor& actions);

  /// Of stream b.
  StreamAction at(int64_t b) const;

 private:
  torch::Tensor actions_;  // contiguous
  int64_t action_size_;
};

/// What an agent step of one stream led to, except for what it shows; as in TimeStep.
struct StreamStep {
  StepType step_type = StepType::kFirst;  // where in its episode
  float reward = 0;                       // raw, 0 at FIRST
  float discount = 1;                     // 0 at termination, else 1
  uint8_t lost_life = 0;                  // LAST or FIRST only for the agent
};

/// MID, or LAST where the episode is over; what ends on its last allowed step has ended, not been
/// cut.
StreamStep answered(float reward, bool terminated, bool truncated);

/// The action of a stream, of a spec with discrete ones. Throws Error if there is no such action.
int64_t discrete_action(const EnvironmentSpec& spec, const StreamAction& action);

/// An environment of one stream that writes what it shows to where it is told, so that many of
/// them fill a batch without a tensor of their own.
class SingleEnvironment : public Environment {
 public:
  TimeStep step(const torch::Tensor& actions) final;

  /// An agent step. observation: room for one frame, all of which is written.
  virtual StreamStep step_stream(const StreamAction& action, void* observation) = 0;

  void end_episode(int64_t) final { begins_ = true; }

 protected:
  /// answered(), and another episode begins if this one is over.
  StreamStep answer(float reward, bool terminated, bool truncated);

  /// The action, of a spec with continuous ones: [D]. Throws Error if one of its numbers is none.
  const float* continuous_action(const StreamAction& action) const;

  bool begins_ = true;  // the next step is FIRST; who makes that step says that it is done
};

/// A batch of time steps without their contents, to be filled by each stream.
TimeStep empty_time_step(const EnvironmentSpec& spec);

/// Enters a stream's step into a batch.
void enter(const StreamStep& step, int64_t stream, TimeStep& batch);

}  // namespace accumbens
