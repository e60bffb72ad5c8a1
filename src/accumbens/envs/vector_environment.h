#pragma once

#include <memory>
#include <vector>

#include "accumbens/envs/single_environment.h"

namespace accumbens {

/// Several environments of one kind as the B streams of one, stepped by several threads. Each has
/// its own episodes and its own randomness, so that results do not depend on the number of threads.
class VectorEnvironment final : public Environment {
 public:
  /// environments: at least one, each with B = 1; none is ever stepped by two threads at once.
  /// num_workers: threads, the calling one included; no more than environments. Throws ConfigError
  /// where the environments' specs differ in more than their names.
  explicit VectorEnvironment(std::vector<std::unique_ptr<Environment>> environments,
                             int64_t num_workers = 1);

  const EnvironmentSpec& spec() const override { return spec_; }

  /// Throws what an environment throws, the first of them where several do.
  TimeStep step(const torch::Tensor& actions) override;
  void end_episode(int64_t stream) override { environments_[stream]->end_episode(0); }
  void state(StateTree& tree) override;

 private:
  std::vector<std::unique_ptr<Environment>> environments_;
  std::vector<SingleEnvironment*> singles_;  // [B], of those that can write into a batch, or null
  EnvironmentSpec spec_;
  int64_t num_workers_;
};

}  // namespace accumbens
