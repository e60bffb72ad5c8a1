#pragma once

#include <torch/types.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace accumbens {

/// Where in its episode a time step stands.
enum class StepType : int8_t { kFirst, kMid, kLast };

/// What B environments ("streams") answer to one action each; the semantics are dm_env's.
///
/// After LAST comes FIRST: the action between them is ignored (Gymnasium's NEXT_STEP autoreset).
/// LAST with discount 0 is a termination, LAST with discount 1 a truncation, whose observation may
/// be bootstrapped from. The discount says only whether the episode can go on: an agent multiplies
/// its own gamma in.
struct TimeStep {
  std::vector<StepType> step_type;  // [B]
  std::vector<float> reward;        // [B], raw (not clipped), 0 at FIRST
  std::vector<float> discount;      // [B], 0 at termination, else 1
  std::vector<uint8_t> lost_life;   // [B], LAST or FIRST only for the agent: the game goes on
  torch::Tensor observation;        // [B, ...], one frame (not stacked), of EnvironmentSpec's dtype

  /// B.
  int64_t batch_size() const { return static_cast<int64_t>(step_type.size()); }

  /// Streams whose next action will be executed: an agent step each.
  int64_t num_going_on() const {
    return batch_size() - std::ranges::count(step_type, StepType::kLast);
  }

  /// Whether stream b has just begun an episode.
  bool first(int64_t b) const { return step_type[b] == StepType::kFirst; }

  /// Whether the episode of stream b is over.
  bool last(int64_t b) const { return step_type[b] == StepType::kLast; }
};

/// What an agent has to know of its environment.
struct EnvironmentSpec {
  std::string name;                        // as the user wrote it, e.g. "Pong", "CartPole"
  int64_t batch_size = 1;                  // streams
  std::vector<int64_t> observation_shape;  // of one frame of one stream, e.g. {84, 84}
  torch::ScalarType observation_dtype = torch::kFloat32;  // kUInt8 for images
  int64_t num_actions = 0;           // discrete actions 0 ... num_actions-1; 0: continuous ones
  std::vector<float> action_low{};   // [D], of each number of a continuous action
  std::vector<float> action_high{};  // [D], likewise
  int64_t frames_per_step = 1;       // emulator frames per agent step, 4 for Atari

  /// Numbers in one frame of one stream.
  int64_t observation_size() const;

  /// D, the numbers of a continuous action; 0 where actions are discrete.
  int64_t action_size() const { return static_cast<int64_t>(action_low.size()); }
};

/// An action for each stream, all zeros: [B] int64, or [B, D] float32 where they are continuous.
torch::Tensor zero_actions(const EnvironmentSpec& spec);

}  // namespace accumbens
