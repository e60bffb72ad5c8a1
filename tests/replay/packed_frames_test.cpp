#include "accumbens/replay/packed_frames.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cstring>
#include <vector>

#include "accumbens/core/error.h"
#include "accumbens/core/random.h"

namespace accumbens {
namespace {

constexpr int64_t kFrameBytes = 300;

// frames of noise, and frames of one colour
std::vector<std::byte> frames(int64_t count, RandomStream& random) {
  std::vector<std::byte> bytes(count * kFrameBytes);
  for (int64_t i = 0; i < count; ++i) {
    const bool plain = i % 2 == 1;
    for (int64_t j = 0; j < kFrameBytes; ++j) {
      bytes[i * kFrameBytes + j] = static_cast<std::byte>(plain ? i : random.below(256));
    }
  }
  return bytes;
}

// oracle: the frames before
TEST(PackedFrames, ComeBackInAnyOrder) {
  RandomStream random(/*seed=*/1, "frames");
  for (const int64_t count : {1, 2, 7, 64}) {
    const std::vector<std::byte> before = frames(count, random);
    const torch::Tensor packed = pack_frames(before.data(), count, kFrameBytes);
    EXPECT_NO_THROW(check_packed_frames(packed, count));
    for (int64_t i = count - 1; i >= 0; --i) {
      std::vector<std::byte> frame(kFrameBytes);
      unpack_frame(packed, i, frame.data(), kFrameBytes);
      EXPECT_EQ(std::memcmp(frame.data(), before.data() + i * kFrameBytes, kFrameBytes), 0);
    }
  }
}

// oracle: arithmetic; half of the frames are noise, which takes its own size and a little more
TEST(PackedFrames, TakeLittleRoomWhereTheyAreOfOneColour) {
  RandomStream random(/*seed=*/1, "frames");
  const std::vector<std::byte> before = frames(64, random);
  const int64_t bytes = pack_frames(before.data(), 64, kFrameBytes).numel();
  EXPECT_GT(bytes, 32 * kFrameBytes);
  EXPECT_LT(bytes, 32 * kFrameBytes + 32 * 20 + 65 * 8 + 32 * 10);
}

TEST(PackedFrames, DamagedOnesAreAnErrorOrOtherFramesButNeverReadBeyondTheirEnd) {
  RandomStream random(/*seed=*/1, "frames");
  const std::vector<std::byte> before = frames(4, random);
  const torch::Tensor packed = pack_frames(before.data(), 4, kFrameBytes);
  EXPECT_THROW(check_packed_frames(packed, 5), Error);
  EXPECT_THROW(check_packed_frames(packed.narrow(0, 0, packed.numel() - 1), 4), Error);
  EXPECT_THROW(check_packed_frames(torch::empty({0}, torch::kUInt8), 4), Error);
  EXPECT_THROW(check_packed_frames(packed.to(torch::kInt64), 4), Error);

  int errors = 0;
  for (int trial = 0; trial < 2'000; ++trial) {
    torch::Tensor damaged = packed.clone();
    damaged[random.below(damaged.numel())] = random.below(256);
    try {
      check_packed_frames(damaged, 4);
      for (int64_t i = 0; i < 4; ++i) {
        std::vector<std::byte> frame(kFrameBytes);
        unpack_frame(damaged, i, frame.data(), kFrameBytes);
      }
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 100);
}

}  // namespace
}  // namespace accumbens
