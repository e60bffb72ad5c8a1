#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/core/error.h"

namespace accumbens {

/// Where a stack is zero while its episode is younger than the stack; frames are in time order.
enum class StackPadding {
  kLeadingZeros,   // 0 0 0 A: Dopamine
  kTrailingZeros,  // A 0 0 0: DQN Zoo
};

/// What the agent chooses; "ReplayBuffer" in Gin, as in Dopamine.
struct ReplayOptions {
  int64_t max_capacity = 1'000'000;
  int64_t batch_size = 32;
  bool compress = false;

  template <class Visitor>
  void fields(Visitor& field) {
    field("max_capacity", max_capacity, "transitions kept, over all streams; the oldest goes first",
          in_closed(1, 1e12));
    field("batch_size", batch_size, "transitions in a batch", in_closed(1, 1e9));
    field("compress", compress,
          "frames are packed with LZ4, without loss: less memory, slower batches");
  }

  void check() const {
    if (max_capacity < batch_size) {
      throw ConfigError("max_capacity (" + std::to_string(max_capacity) +
                        ") is below batch_size (" + std::to_string(batch_size) +
                        "): raise the one or lower the other");
    }
  }
};

/// What the environment and the algorithm determine.
struct ReplaySpec {
  std::vector<int64_t> observation_shape;               // of one frame of one stream, e.g. {84, 84}
  torch::ScalarType observation_dtype = torch::kUInt8;  // of one frame
  int64_t stack_size = 1;                               // frames that the agent sees at once
  int64_t update_horizon = 1;                           // n of the n-step return, in agent steps
  double gamma = 0.99;                                  // per agent step
  int64_t action_size = 0;                              // D of continuous actions; 0: discrete ones
  int64_t num_actions = 0;  // of discrete ones, 0 ... num_actions-1; 0: nobody says
  StackPadding padding = StackPadding::kLeadingZeros;  // of young episodes
  int64_t num_streams = 1;                             // B
  int64_t chunk_size = 4096;  // frames that are allocated, saved and released together
  bool unused = false;        // of an agent that only acts: takes no memory, is not saved or loaded
};

}  // namespace accumbens
