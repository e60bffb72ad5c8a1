#pragma once

#include <memory>
#include <utility>

#include "accumbens/agents/dqn.h"

namespace accumbens {

/// The parts of a value-based agent that acts greedily; its streams are those of the seed.
inline DqnAgent::Parts dqn_parts(std::shared_ptr<QNetwork> network,
                                 std::shared_ptr<QNetwork> target_network, Optimizer optimizer,
                                 Replay replay, const ReplaySpec& spec, uint64_t seed = 1) {
  return {.network = std::move(network),
          .target_network = std::move(target_network),
          .optimizer = std::move(optimizer),
          .replay = std::move(replay),
          .frame_stack = FrameStack(spec),
          .epsilon = constant_epsilon(0.0),
          .action_fn = max_action,
          .exploration = RandomStream(seed, "exploration"),
          .sampling = RandomStream(seed, "sampling"),
          .noise = RandomStream(seed, "noise")};
}

}  // namespace accumbens
