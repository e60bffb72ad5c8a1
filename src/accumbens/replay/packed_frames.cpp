#include "accumbens/replay/packed_frames.h"

#include <lz4.h>
#include <torch/utils.h>

#include <cstring>
#include <vector>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

constexpr int64_t kOffsetBytes = sizeof(int64_t);

// mapped files need not be aligned
int64_t offset_at(const torch::Tensor& packed, int64_t index) {
  int64_t offset = 0;
  std::memcpy(&offset, packed.const_data_ptr<uint8_t>() + index * kOffsetBytes, kOffsetBytes);
  return offset;
}

[[noreturn]] void fail_damaged() {
  throw Error(
      "packed frames of the replay are damaged; resume from another checkpoint, or start anew with "
      "another --base_dir");
}

}  // namespace

torch::Tensor pack_frames(const std::byte* frames, int64_t count, int64_t frame_bytes) {
  const int bound = LZ4_compressBound(static_cast<int>(frame_bytes));
  const int64_t header = (count + 1) * kOffsetBytes;
  std::vector<char> bytes(header + count * bound);

  // each frame behind the one before
  std::vector<int64_t> offsets{header};
  for (int64_t i = 0; i < count; ++i) {
    const int size =
        LZ4_compress_default(reinterpret_cast<const char*>(frames + i * frame_bytes),
                             bytes.data() + offsets.back(), static_cast<int>(frame_bytes), bound);
    offsets.push_back(offsets.back() + size);
  }
  std::memcpy(bytes.data(), offsets.data(), header);

  torch::Tensor packed = torch::empty({offsets.back()}, torch::kUInt8);
  std::memcpy(packed.mutable_data_ptr(), bytes.data(), offsets.back());
  return packed;
}

void check_packed_frames(const torch::Tensor& packed, int64_t count) {
  const int64_t header = (count + 1) * kOffsetBytes;
  const bool bytes = packed.dim() == 1 && packed.scalar_type() == torch::kUInt8;
  if (!bytes || packed.numel() < header || !packed.is_contiguous()) fail_damaged();
  if (offset_at(packed, 0) != header || offset_at(packed, count) != packed.numel()) fail_damaged();
  for (int64_t i = 0; i < count; ++i) {
    if (offset_at(packed, i) > offset_at(packed, i + 1)) fail_damaged();
  }
}

void unpack_frame(const torch::Tensor& packed, int64_t index, std::byte* out, int64_t frame_bytes) {
  const int64_t begin = offset_at(packed, index);
  const int64_t end = offset_at(packed, index + 1);
  const auto* data = reinterpret_cast<const char*>(packed.const_data_ptr<uint8_t>());
  const int size =
      LZ4_decompress_safe(data + begin, reinterpret_cast<char*>(out), static_cast<int>(end - begin),
                          static_cast<int>(frame_bytes));
  if (size != frame_bytes) fail_damaged();
}

}  // namespace accumbens
