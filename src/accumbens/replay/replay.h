#pragma once

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/core/memory.h"
#include "accumbens/core/random.h"
#include "accumbens/core/state_tree.h"
#include "accumbens/core/time_step.h"
#include "accumbens/replay/prioritization.h"
#include "accumbens/replay/spec.h"
#include "accumbens/replay/step_store.h"

namespace accumbens {

/// N transitions to learn from.
struct Batch {
  torch::Tensor s_tm1;          // [N, stack, ...], the spec's dtype
  torch::Tensor a_tm1;          // [N] int64, or [N, D] float32 where actions are continuous
  torch::Tensor r_t;            // [N] float32, n-step return
  torch::Tensor discount_t;     // [N] float32, what to multiply the value of s_t by
  torch::Tensor s_t;            // [N, stack, ...], the state that many steps later
  std::vector<int64_t> ids;     // [N], of the transitions
  torch::Tensor probabilities;  // [N] float64, with which each was drawn

  /// The same with what the networks need on a device.
  Batch to(torch::Device device) const;
};

/// Experience replay (Lin, 1992; Mnih et al., 2015): storage, n-step returns and frame stacks.
///
/// Each time step is stored once, frame by frame. A transition starts at every step whose action
/// was answered; with k = min(n, steps until the episode ends or the first zero discount),
///
///   r_t        = sum_{j<k} (prod_{i<j} gamma * discount_i) * reward_j
///   discount_t = prod_{j<k} gamma * discount_j
///   s_t        = the stack k steps later
///
/// A termination thus has discount_t 0, and a truncation bootstraps from the true final observation
/// with gamma^k. A lost life (MID with discount 0) ends the return, while stacks go on. Stacks hold
/// frames of one episode only; see StackPadding.
///
/// A transition can be sampled, under one id, as soon as its n steps or the end of its episode are
/// known. The newest `max_capacity` of them are kept; ids grow with time. Memory is allocated as it
/// fills, in chunks that never change once their transitions are known. Final observations need
/// room too: where more than one in 64 of the steps (and more than 4096) end an episode, the oldest
/// transitions go a little earlier, so that memory stays within bytes_needed().
///
/// With `compress` a chunk is packed as soon as its transitions are known. Whoever samples sees no
/// difference, and a checkpoint of the one kind can be loaded into the other.
///
/// Not thread-safe, apart from concurrent calls of const functions.
class Replay {
 public:
  /// prioritization: none draws uniformly. Throws ConfigError if the capacity cannot hold one
  /// n-step window of every stream.
  Replay(const ReplayOptions& options, const ReplaySpec& spec,
         const std::optional<PrioritizationOptions>& prioritization = std::nullopt);

  /// Stores what the actions led to. `time_step.reward` is what the agent learns from, so already
  /// clipped. An episode that is followed by FIRST without LAST (a step limit from outside) counts
  /// as truncated at its newest observation. Throws Error for an action that there is not, and
  /// where packed frames turn out to need more memory than there is. last_action: [B] int64, or [B,
  /// D] as the spec says; ignored where the time step is FIRST.
  void append(const TimeStep& time_step, const torch::Tensor& last_action);

  /// Transitions that can be sampled now.
  int64_t size() const { return size_; }

  /// Actions answered ever: time steps less the first of each episode.
  int64_t added() const { return added_; }

  /// Whether a transition can be sampled now.
  bool contains(int64_t id) const;

  /// Draws with replacement, uniformly over all transitions that can be sampled, or by priority.
  /// Throws Error if there is none.
  Batch sample(int64_t batch_size, RandomStream& random) const;

  /// New priorities (at least 0, before the exponent) of transitions; those that are gone are
  /// skipped, and the last of equal ids counts. Does nothing without prioritization.
  /// priorities: [N] of any floating-point type, on any device.
  void update_priorities(const std::vector<int64_t>& ids, const torch::Tensor& priorities);

  /// The greatest priority ever, which new transitions get, before the exponent; 1 without
  /// prioritization.
  double max_priority() const { return prioritization_ ? prioritization_->max_priority() : 1.0; }

  /// The transitions of given ids. Throws Error if one cannot be sampled.
  Batch get(std::vector<int64_t> ids) const;

  /// The most memory that a replay ever holds; without the packed frames, whose size nobody knows
  /// before they are there.
  static int64_t bytes_needed(const ReplayOptions& options, const ReplaySpec& spec,
                              bool prioritized = false);

  /// Throws ConfigError if the replay does not fit, with the greatest capacity that does, or if a
  /// batch does not.
  static void require_memory(const ReplayOptions& options, const ReplaySpec& spec,
                             bool prioritized = false, const FreeMemory& free = free_memory());

  /// What is wrong inside, if anything; for tests.
  std::optional<std::string> check_valid() const;

  /// Saves or loads everything. A loaded replay must have the same spec; its capacity may differ.
  /// Throws Error for what no replay can hold, before anything is learned from it.
  void state(StateTree& tree);

 private:
  // the sizes that follow from options and spec
  struct Sizes {
    Sizes(const ReplayOptions& options, const ReplaySpec& spec);
    int64_t max_rows;     // that hold transitions or wait to
    int64_t stored_rows;  // the most that are kept at a time
    int64_t max_span;     // ids from the oldest to the newest
  };

  void end_episode(int64_t row, int64_t stream);
  void complete(int64_t row, int64_t stream);
  void evict();
  void require_room_for_packed_frames() const;
  int64_t oldest_row_needed() const;
  std::optional<std::string> wrong_action(int64_t discrete, const float* continuous) const;
  std::optional<std::string> wrong_step(int64_t row, int64_t stream) const;
  std::optional<std::string> check_steps() const;
  int64_t draw_uniformly(RandomStream& random) const;
  void write_stack(int64_t row, int64_t stream, std::byte* out) const;

  ReplayOptions options_;
  ReplaySpec spec_;
  Sizes sizes_;

  // an action, and what answered it, is with the observation that it was taken in
  StepStore store_;
  std::optional<Prioritization> prioritization_;

  // ids are row * B + stream
  int64_t begin_ = 0;  // transitions of lower ids are forgotten
  int64_t size_ = 0;
  int64_t added_ = 0;
  std::vector<int64_t> episode_start_;  // [B], row of the newest FIRST
};

}  // namespace accumbens
