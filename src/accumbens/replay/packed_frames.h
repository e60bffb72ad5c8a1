#pragma once

#include <torch/types.h>

#include <cstddef>
#include <cstdint>

namespace accumbens {

// Frames packed with LZ4, each on its own so that one can be read without its neighbours. They lie
// in one tensor: [count + 1] int64 offsets, then the packed frames.

/// frames: `count` frames of `frame_bytes` each. Returns [bytes] uint8.
torch::Tensor pack_frames(const std::byte* frames, int64_t count, int64_t frame_bytes);

/// Throws Error unless a tensor can hold `count` packed frames: one that comes from a file may be
/// anything.
void check_packed_frames(const torch::Tensor& packed, int64_t count);

/// Writes frame `index` to `out`. packed: checked. Throws Error where it does not unpack to
/// `frame_bytes`.
void unpack_frame(const torch::Tensor& packed, int64_t index, std::byte* out, int64_t frame_bytes);

}  // namespace accumbens
