#include "accumbens/envs/atari/image.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "envs/golden.h"

namespace accumbens {
namespace {

// oracle: OpenCV's INTER_AREA and Pillow's BILINEAR, tests/oracles/atari_pipeline.py
TEST(Image, ResizesAsOpenCvAndPillowByteForByte) {
  std::ifstream file(std::string(ACCUMBENS_SOURCE_DIR) + "/tests/oracles/atari_resize.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  ASSERT_EQ(golden["cases"].size(), 20U);
  for (const auto& test : golden["cases"]) {
    const int64_t height = test["height"], width = test["width"], size = test["size"];
    Lcg random(test["seed"].get<uint64_t>());
    std::vector<uint8_t> image(height * width);
    for (uint8_t& pixel : image) pixel = static_cast<uint8_t>(random.below(256));
    if (test["seed"] == 3) {
      for (uint8_t& pixel : image) pixel = pixel > 127 ? 255 : 0;
    }

    std::vector<uint8_t> resized(size * size);
    AreaResize area(height, width, size, size);
    area(image.data(), resized.data());
    EXPECT_EQ(crc32(resized.data(), resized.size()), test["area"]) << test;
    BilinearResize bilinear(height, width, size, size);
    bilinear(image.data(), resized.data());
    EXPECT_EQ(crc32(resized.data(), resized.size()), test["bilinear"]) << test;
  }
}

TEST(Image, AreaResizeRefusesWhatOpenCvDoesInAnotherWay) {
  EXPECT_THROW(AreaResize(210, 160, 211, 84), std::invalid_argument);
  EXPECT_THROW(AreaResize(210, 160, 84, 161), std::invalid_argument);
  EXPECT_THROW(AreaResize(210, 160, 105, 80), std::invalid_argument);
  EXPECT_THROW(AreaResize(210, 160, 0, 84), std::invalid_argument);
}

// oracle: by hand, .299 * 76 = 22.724 (truncated, not rounded)
TEST(Image, LumaTruncates) {
  const std::vector<uint8_t> rgb{76, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0};
  std::vector<uint8_t> gray(4);
  luma(rgb.data(), gray.data(), 4);
  EXPECT_EQ(gray, (std::vector<uint8_t>{22, 255, 0, 149}));
}

}  // namespace
}  // namespace accumbens
