#pragma once

#include <cstdint>
#include <vector>

namespace accumbens {

/// How the pixels of one direction make up those of another size. Each target pixel is a weighted
/// sum of `taps` source pixels; the weights beyond its own, and beyond the image, are 0.
template <class Weight>
struct ResizeAxis {
  int64_t source_size = 0;      // pixels
  int64_t size = 0;             // pixels of the target
  int64_t taps = 0;             // source pixels in each of them
  std::vector<int32_t> first;   // [size] the first source pixel
  std::vector<Weight> weights;  // [size, taps]
};

/// Shrinks 8-bit images byte for byte as cv2.resize does with INTER_AREA.
///
/// Weights are computed once. An object has scratch memory: one thread at a time. The target is no
/// larger than the source, and not smaller by a whole factor in both directions (OpenCV then rounds
/// in another way); std::invalid_argument otherwise.
class AreaResize {
 public:
  /// Sizes in pixels. Throws std::invalid_argument, see above.
  AreaResize(int64_t source_height, int64_t source_width, int64_t height, int64_t width,
             int64_t channels = 1);

  /// source: [source_height, source_width, channels]; target: [height, width, channels].
  void operator()(const uint8_t* source, uint8_t* target);

 private:
  ResizeAxis<float> vertical_, horizontal_;
  int64_t channels_;
  std::vector<float> input_;  // [source_width + taps, channels]
  std::vector<float> rows_;   // [source_height + taps, width, channels]
  std::vector<float> sum_;    // [width, channels]
};

/// Resizes 8-bit grayscale images byte for byte as Pillow's Image.resize does with BILINEAR: a
/// triangle filter as wide as the shrinking factor, in fixed point, horizontally first. (Pillow 13
/// goes vertically first where an image is much taller than wide; DQN Zoo uses Pillow 10.)
///
/// Weights are computed once. An object has scratch memory: one thread at a time.
class BilinearResize {
 public:
  /// Sizes in pixels.
  BilinearResize(int64_t source_height, int64_t source_width, int64_t height, int64_t width);

  /// source: [source_height, source_width]; target: [height, width].
  void operator()(const uint8_t* source, uint8_t* target);

 private:
  ResizeAxis<int32_t> vertical_, horizontal_;
  std::vector<uint8_t> input_;  // [source_width + taps]
  std::vector<uint8_t> rows_;   // [source_height + taps, width]
  std::vector<int32_t> sum_;    // [width]
};

/// The luma of RGB pixels, byte for byte as DQN Zoo's rgb2y: weights .299, .587 and the rest of 1,
/// truncated. Equal for every colour an Atari shows and every maximum of two of them; a BLAS that
/// fuses multiplications and additions differs by one on 3 in 100,000 other colours.
/// rgb: [size, 3]; gray: [size].
void luma(const uint8_t* rgb, uint8_t* gray, int64_t size);

}  // namespace accumbens
