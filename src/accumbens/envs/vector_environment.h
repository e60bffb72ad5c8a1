#pragma once

#include <memory>
#include <vector>

#include "accumbens/envs/environment.h"

namespace accumbens {

/// Several environments of one kind as the B streams of one, stepped in order on the calling
/// thread. Each has its own episodes and its own randomness.
class VectorEnvironment final : public Environment {
 public:
  /// environments: at least one, each with B = 1 and the same spec.
  explicit VectorEnvironment(std::vector<std::unique_ptr<Environment>> environments);

  const EnvironmentSpec& spec() const override { return spec_; }
  TimeStep step(const torch::Tensor& actions) override;
  void end_episode(int64_t stream) override { environments_[stream]->end_episode(0); }
  void state(StateTree& tree) override;

 private:
  std::vector<std::unique_ptr<Environment>> environments_;
  EnvironmentSpec spec_;
};

}  // namespace accumbens
