#include "accumbens/replay/step_store.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/core/saturated.h"
#include "accumbens/replay/frames.h"
#include "accumbens/replay/packed_frames.h"

namespace accumbens {
namespace {

std::string chunk_name(const char* what, int64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return std::string(what) + "_" + digits;
}

// Whether nobody else, such as a checkpoint being written, holds the memory of a tensor. Memory
// that torch did not allocate (a mapped file) is never ours to overwrite; such storages cannot be
// resized.
bool owned_alone(const torch::Tensor& tensor) {
  const bool alone =
      tensor.use_count() == 1 && tensor.storage().use_count() == 1 && tensor.storage().resizable();
  std::atomic_thread_fence(std::memory_order_acquire);
  return alone;
}

}  // namespace

StepStore::StepStore(const ReplaySpec& spec, int64_t max_rows, bool compress)
    : spec_(spec),
      compress_(compress),
      frame_bytes_(bytes_per_frame(spec)),
      step_bytes_(static_cast<int64_t>(sizeof(Step) + spec.action_size * sizeof(float))),
      rows_per_chunk_(std::max<int64_t>(1, spec.chunk_size / spec.num_streams)),
      max_chunks_(at::divup(max_rows - 1, rows_per_chunk_) + 1),  // cut anywhere
      max_open_(at::divup(spec.update_horizon, rows_per_chunk_) + 1) {}

int64_t StepStore::bytes_needed(const ReplaySpec& spec, int64_t max_rows, bool compress) {
  const StepStore store(spec, max_rows, compress);
  const int64_t chunk_steps = store.rows_per_chunk_ * spec.num_streams;
  return saturated_sum(
      saturated_product({store.max_chunks_, chunk_steps, store.step_bytes_}),
      saturated_product({store.most_unpacked_chunks(), chunk_steps, store.frame_bytes_}));
}

int64_t StepStore::most_unpacked_chunks() const {
  return compress_ ? max_open_ + 1 : max_chunks_;
}

void StepStore::append(const torch::Tensor& frames) {
  const int64_t row = rows_ % rows_per_chunk_;
  if (row == 0) chunks_.push_back(new_chunk());
  Chunk& chunk = chunks_.back();
  const torch::Tensor packed = frames.contiguous();
  const int64_t row_bytes = spec_.num_streams * frame_bytes_;
  std::memcpy(chunk.frame_data + row * row_bytes, packed.const_data_ptr(), row_bytes);
  const int64_t row_step_bytes = spec_.num_streams * step_bytes_;
  std::memset(chunk.step_data + row * row_step_bytes, 0, row_step_bytes);
  ++rows_;
}

void StepStore::read_frame(int64_t row, int64_t stream, std::byte* out) const {
  const Chunk& chunk = chunk_of(row);
  const int64_t index = row % rows_per_chunk_ * spec_.num_streams + stream;
  if (chunk.frame_data) {
    std::memcpy(out, chunk.frame_data + index * frame_bytes_, frame_bytes_);
  } else {
    unpack_frame(chunk.frames.data, index, out, frame_bytes_);
  }
}

void StepStore::release_before(int64_t row) {
  while (first_chunk_ < row / rows_per_chunk_) {
    Chunk& chunk = chunks_.front();
    if (chunk.frame_data) recycle(chunk.frames.data, spare_frames_);
    recycle(chunk.steps.data, spare_steps_);
    chunks_.pop_front();
    ++first_chunk_;
  }
}

void StepStore::recycle(torch::Tensor& data, torch::Tensor& spare) {
  if (owned_alone(data)) spare = std::move(data);
}

bool StepStore::chunk_settled(int64_t number) const {
  return rows_ >= (number + 1) * rows_per_chunk_ + spec_.update_horizon;
}

bool StepStore::pack_settled_chunk() {
  // a row settles one chunk at most
  const int64_t number = (rows_ - spec_.update_horizon) / rows_per_chunk_ - 1;
  if (number < first_chunk_ || !chunks_[number - first_chunk_].frame_data) return false;
  pack(chunks_[number - first_chunk_]);
  return true;
}

void StepStore::pack(Chunk& chunk) {
  FrozenTensor packed{
      pack_frames(chunk.frame_data, rows_per_chunk_ * spec_.num_streams, frame_bytes_)};
  recycle(chunk.frames.data, spare_frames_);
  chunk.frames = std::move(packed);
  chunk.frame_data = nullptr;
}

int64_t StepStore::packed_bytes_to_come() const {
  int64_t chunks = 0;
  int64_t bytes = 0;
  for (const Chunk& chunk : chunks_) {
    if (chunk.frame_data) continue;
    ++chunks;
    bytes += chunk.frames.data.numel();
  }
  return chunks == 0 ? 0 : bytes / chunks * (max_chunks_ - chunks);
}

StepStore::Chunk StepStore::new_chunk() {
  // recycled memory becomes another FrozenTensor, that nobody has written yet
  Chunk chunk;
  chunk.frames.data = std::exchange(spare_frames_, {});
  chunk.steps.data = std::exchange(spare_steps_, {});
  if (!chunk.frames.data.defined()) {
    chunk.frames.data = torch::empty(frames_shape(), spec_.observation_dtype);
  }
  if (!chunk.steps.data.defined()) chunk.steps.data = torch::empty(steps_shape(), torch::kUInt8);
  attach(chunk);
  return chunk;
}

void StepStore::attach(Chunk& chunk) const {
  const bool packed = chunk.frames.data.dim() == 1;  // others have rows and streams
  if (packed) check_packed_frames(chunk.frames.data, rows_per_chunk_ * spec_.num_streams);
  const bool frames_fit = packed || (chunk.frames.data.sizes() == frames_shape() &&
                                     chunk.frames.data.scalar_type() == spec_.observation_dtype);
  if (!frames_fit || chunk.steps.data.sizes() != steps_shape() ||
      chunk.steps.data.scalar_type() != torch::kUInt8) {
    throw StateMismatch("the saved replay holds other observations");
  }
  chunk.frame_data =
      packed ? nullptr : static_cast<std::byte*>(chunk.frames.data.mutable_data_ptr());
  chunk.step_data = static_cast<std::byte*>(chunk.steps.data.mutable_data_ptr());
}

std::vector<int64_t> StepStore::frames_shape() const {
  std::vector<int64_t> shape{rows_per_chunk_, spec_.num_streams};
  shape.insert(shape.end(), spec_.observation_shape.begin(), spec_.observation_shape.end());
  return shape;
}

std::vector<int64_t> StepStore::steps_shape() const {
  static_assert(sizeof(Step) == 16);
  return {rows_per_chunk_, spec_.num_streams, step_bytes_};
}

void StepStore::state(StateTree& tree, int64_t first_row, int64_t rows) {
  // room for what is loaded
  if (tree.loading()) {
    rows_ = rows;
    chunks_.clear();
    first_chunk_ = first_row / rows_per_chunk_;
    const int64_t end = at::divup(rows_, rows_per_chunk_);
    for (int64_t number = first_chunk_; number < end; ++number) {
      tree.require(chunk_name("frames", number), tree.contains(chunk_name("frames", number)));
      chunks_.push_back({});
    }
  }

  for (int64_t number = first_chunk_; Chunk & chunk : chunks_) {
    if (chunk_settled(number)) {
      tree(chunk_name("frames", number), chunk.frames)(chunk_name("steps", number), chunk.steps);
      attach(chunk);
      if (compress_ && chunk.frame_data) pack(chunk);
    } else {
      // what is filled so far
      if (tree.loading()) chunk = new_chunk();
      const int64_t filled = std::min(rows_ - number * rows_per_chunk_, rows_per_chunk_);
      torch::Tensor frames = chunk.frames.data.narrow(0, 0, filled);
      torch::Tensor steps = chunk.steps.data.narrow(0, 0, filled);
      tree(chunk_name("frames", number), frames)(chunk_name("steps", number), steps);
    }
    ++number;
  }
  if (tree.loading()) {
    spare_frames_.reset();
    spare_steps_.reset();
  }
}

std::optional<std::string> StepStore::check_valid(int64_t first_row) const {
  const auto num_chunks = static_cast<int64_t>(chunks_.size());
  const auto unpacked_chunks = std::ranges::count_if(
      chunks_, [](const Chunk& chunk) { return chunk.frame_data != nullptr; });
  if (first_chunk_ != first_row / rows_per_chunk_) return "chunks are kept that nobody needs";
  if (first_chunk_ + num_chunks != at::divup(rows_, rows_per_chunk_)) return "chunks are missing";
  if (num_chunks + (spare_steps_.defined() ? 1 : 0) > max_chunks_ ||
      unpacked_chunks + (spare_frames_.defined() ? 1 : 0) > most_unpacked_chunks()) {
    return "more memory is held than bytes_needed() says";
  }
  return std::nullopt;
}

}  // namespace accumbens
