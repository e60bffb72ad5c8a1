#include "accumbens/replay/frame_stack.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "accumbens/core/memory.h"
#include "accumbens/replay/frames.h"

namespace accumbens {
namespace {

// of what all streams see before their first frames
torch::Tensor empty_stacks(const ReplaySpec& spec) {
  require_memory(bytes_of_stacks(spec, spec.num_streams), free_memory(),
                 std::to_string(spec.num_streams) + " streams with a stack_size of " +
                     std::to_string(spec.stack_size),
                 "lower stack_size or Runner.num_environments");
  return zero_stacks(spec, spec.num_streams, torch::kCPU);
}

}  // namespace

FrameStack::FrameStack(const ReplaySpec& spec)
    : spec_(spec), stack_(empty_stacks(spec)), count_(spec.num_streams, 0) {}

torch::Tensor FrameStack::push(const TimeStep& time_step) {
  check_observation(spec_, time_step);
  const torch::Tensor frames = time_step.observation.contiguous();
  const auto* frame = static_cast<const std::byte*>(frames.const_data_ptr());
  const auto* old_stack = static_cast<const std::byte*>(stack_.const_data_ptr());

  // a new tensor each time, since the caller may have kept the last one
  torch::Tensor stack = torch::empty_like(stack_);
  auto* out = static_cast<std::byte*>(stack.mutable_data_ptr());

  const int64_t frame_bytes = bytes_per_frame(spec_);
  const int64_t stack_bytes = spec_.stack_size * frame_bytes;
  for (int64_t b = 0; b < spec_.num_streams; ++b) {
    if (time_step.first(b)) count_[b] = 0;

    // the episode's newest frames that stay, then the new one, then zeros around them
    const int64_t kept = std::min(count_[b], spec_.stack_size - 1);
    const int64_t old_begin =
        spec_.padding == StackPadding::kLeadingZeros ? spec_.stack_size - kept : count_[b] - kept;
    const int64_t zeros = spec_.stack_size - kept - 1;
    std::byte* next = out;
    if (spec_.padding == StackPadding::kLeadingZeros) {
      std::memset(next, 0, zeros * frame_bytes);
      next += zeros * frame_bytes;
    }
    std::memcpy(next, old_stack + old_begin * frame_bytes, kept * frame_bytes);
    next += kept * frame_bytes;
    std::memcpy(next, frame, frame_bytes);
    next += frame_bytes;
    if (spec_.padding == StackPadding::kTrailingZeros) std::memset(next, 0, zeros * frame_bytes);

    count_[b] = kept + 1;
    frame += frame_bytes;
    old_stack += stack_bytes;
    out += stack_bytes;
  }
  return stack_ = stack;
}

void FrameStack::state(StateTree& tree) {
  if (tree.loading()) stack_ = torch::empty_like(stack_);  // as above
  tree("stack", stack_)("count", count_);
  tree.require("count", std::ranges::all_of(count_, [&](int64_t count) {
                 return count >= 0 && count <= spec_.stack_size;
               }));
}

}  // namespace accumbens
