#pragma once

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "accumbens/core/state_tree.h"
#include "accumbens/replay/spec.h"

namespace accumbens {

/// The memory of a replay: time steps of B streams, one row each, frame by frame. What they mean is
/// the replay's business.
///
/// Rows are allocated as they come, in chunks of spec.chunk_size frames. A chunk is settled when
/// spec.update_horizon rows came after it: nothing of it changes any more, so that a checkpoint
/// saves it once, and with `compress` its frames are packed. The memory of released chunks is used
/// again.
///
/// Not thread-safe, apart from concurrent calls of const functions.
class StepStore {
 public:
  /// What is kept of an observation besides its frame. Where actions are continuous, their D floats
  /// follow.
  struct Step {
    int32_t action;  // taken there, where actions are discrete
    float reward;    // that answered it
    float discount;  // the same
    uint32_t flags;  // the replay's
  };

  /// max_rows: the most that are kept at a time.
  StepStore(const ReplaySpec& spec, int64_t max_rows, bool compress);

  /// The most memory that it ever holds; without the packed frames, whose size nobody knows before
  /// they are there.
  static int64_t bytes_needed(const ReplaySpec& spec, int64_t max_rows, bool compress);

  /// Rows ever appended.
  int64_t rows() const { return rows_; }

  /// Appends a row, whose steps and continuous actions are zero. frames: [B, ...], the spec's.
  void append(const torch::Tensor& frames);

  /// The step of a row that is kept.
  Step& step(int64_t row, int64_t stream) const {
    const int64_t index = row % rows_per_chunk_ * spec_.num_streams + stream;
    return *reinterpret_cast<Step*>(chunk_of(row).step_data + index * step_bytes_);
  }

  /// Its continuous action: D floats.
  float* continuous_action(int64_t row, int64_t stream) const {
    return reinterpret_cast<float*>(&step(row, stream) + 1);
  }

  /// Copies the frame of a row that is kept.
  void read_frame(int64_t row, int64_t stream, std::byte* out) const;

  /// Forgets the chunks that lie before a row.
  void release_before(int64_t row);

  /// Packs the chunk that the newest row settled, if it did; whether it did.
  bool pack_settled_chunk();

  /// The memory that packed chunks to come will need if they are like those that are there.
  int64_t packed_bytes_to_come() const;

  /// Whether nothing of a row changes any more.
  bool settled(int64_t row) const { return chunk_settled(row / rows_per_chunk_); }

  /// Rows in a chunk.
  int64_t rows_per_chunk() const { return rows_per_chunk_; }

  /// Saves or loads the chunks from that of `first_row` on: settled ones as FrozenTensors,
  /// "frames_000123" and "steps_000123", numbered from the first ever. `rows` are to be loaded; a
  /// packed chunk may be loaded into a store that does not pack, and the other way round.
  void state(StateTree& tree, int64_t first_row, int64_t rows);

  /// What is wrong inside, if anything; for tests. first_row: the oldest that is needed.
  std::optional<std::string> check_valid(int64_t first_row) const;

 private:
  struct Chunk {
    FrozenTensor frames;              // [rows, B, ...], or as pack_frames() returns them
    FrozenTensor steps;               // [rows, B, step_bytes] uint8, Step
    std::byte* frame_data = nullptr;  // none where they are packed
    std::byte* step_data = nullptr;
  };

  const Chunk& chunk_of(int64_t row) const { return chunks_[row / rows_per_chunk_ - first_chunk_]; }
  bool chunk_settled(int64_t number) const;
  int64_t most_unpacked_chunks() const;
  std::vector<int64_t> frames_shape() const;
  std::vector<int64_t> steps_shape() const;
  Chunk new_chunk();
  void attach(Chunk& chunk) const;
  void pack(Chunk& chunk);
  static void recycle(torch::Tensor& data, torch::Tensor& spare);

  ReplaySpec spec_;
  bool compress_;
  int64_t frame_bytes_;
  int64_t step_bytes_;
  int64_t rows_per_chunk_;
  int64_t max_chunks_;  // that exist at a time
  int64_t max_open_;    // that are not settled

  std::deque<Chunk> chunks_;
  int64_t first_chunk_ = 0;  // number of chunks_.front()
  int64_t rows_ = 0;

  // memory of released chunks, to be used again
  torch::Tensor spare_frames_;
  torch::Tensor spare_steps_;
};

}  // namespace accumbens
