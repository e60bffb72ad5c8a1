#pragma once

#include <memory>
#include <string>
#include <vector>

#include "accumbens/core/random.h"
#include "accumbens/envs/atari/vector_emulator.h"
#include "accumbens/envs/environment.h"

namespace accumbens {

/// B games of one kind that ale-py emulates, pools and scales on threads of its own
/// (AtariVectorEnv, Farama Foundation). Results do not depend on the number of threads.
///
/// What is shown is what AtariEnvironment shows with preset "dopamine", except where a game ends
/// within an agent step or max_frames cuts it: its last frame is ale-py's. No-ops are 0 ...
/// max_noops - 1, as ale-py draws them. The emulators cannot be saved: a run that goes on from a
/// checkpoint starts new games, and is not the run that was never stopped.
class AtariVectorEnvironment final : public Environment {
 public:
  /// name: for the spec; emulator: with as many streams as options say. Seeds of the games come
  /// from the stream "emulator/vector" of the seed.
  AtariVectorEnvironment(std::string name, const VectorEmulatorOptions& options,
                         std::unique_ptr<VectorEmulator> emulator, uint64_t seed);

  const EnvironmentSpec& spec() const override { return spec_; }
  TimeStep step(const torch::Tensor& actions) override;
  void end_episode(int64_t stream) override;
  void state(StateTree& tree) override;

 private:
  TimeStep begin_all();

  EnvironmentSpec spec_;
  std::unique_ptr<VectorEmulator> emulator_;
  RandomStream seeds_;
  bool begun_ = false;
  std::vector<uint8_t> over_;  // [B], whether the next step begins a game
  std::vector<uint8_t> cut_;   // [B], whether it does so from outside
};

}  // namespace accumbens
