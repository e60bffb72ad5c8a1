#include "accumbens/networks/pixels.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace accumbens {
namespace {

// oracle: torch's own change of type, layout and scale
TEST(Pixels, AreTorchsBytesDividedBy255) {
  torch::manual_seed(1);
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{3, 4, 84, 84}, {1, 1, 5, 7}, {2, 3, 1, 9}, {32, 4, 12, 10}}) {
    const torch::Tensor s = torch::randint(0, 256, shape, torch::kUInt8);
    const torch::Tensor expected = s.to(torch::kFloat32) / 255.0;
    for (const torch::Tensor& seen : {s, expected}) {  // floats are as they are
      const torch::Tensor x = scale_pixels(seen);
      EXPECT_TRUE(torch::equal(x, expected));
      EXPECT_TRUE(x.is_contiguous(torch::MemoryFormat::ChannelsLast));
    }
    EXPECT_TRUE(torch::equal(scale_pixels(s.transpose(2, 3)), expected.transpose(2, 3)));
  }
}

}  // namespace
}  // namespace accumbens
