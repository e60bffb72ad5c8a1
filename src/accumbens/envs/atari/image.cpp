#include "accumbens/envs/atari/image.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace accumbens {
namespace {

// Pillow's fixed point: 8 bits of value, 22 of fraction, 2 to spare
constexpr int kPrecisionBits = 32 - 8 - 2;

uint8_t from_fixed_point(int32_t value) {
  return static_cast<uint8_t>(std::clamp(value >> kPrecisionBits, 0, 255));
}

}  // namespace

// as computeResizeAreaTab in OpenCV's resize.cpp: the share of each source pixel in a target pixel
AreaResize::Axis AreaResize::weigh(int64_t source_size, int64_t size) {
  const double scale = 1.0 / (static_cast<double>(size) / static_cast<double>(source_size));
  std::vector<std::vector<float>> shares(size);
  Axis axis;
  for (int64_t i = 0; i < size; ++i) {
    const double begin = static_cast<double>(i) * scale;
    const double end = begin + scale;
    const double cell = std::min(scale, static_cast<double>(source_size) - begin);
    const int64_t whole_end = std::min(static_cast<int64_t>(std::floor(end)), source_size - 1);
    const int64_t whole_begin = std::min(static_cast<int64_t>(std::ceil(begin)), whole_end);

    // a part of the pixel before, whole pixels, a part of the pixel behind
    axis.first.push_back(whole_begin);
    if (static_cast<double>(whole_begin) - begin > 1e-3) {
      --axis.first.back();
      shares[i].push_back(static_cast<float>((static_cast<double>(whole_begin) - begin) / cell));
    }
    for (int64_t j = whole_begin; j < whole_end; ++j) {
      shares[i].push_back(static_cast<float>(1.0 / cell));
    }
    const double rest = end - static_cast<double>(whole_end);
    if (rest > 1e-3) {
      shares[i].push_back(static_cast<float>(std::min({rest, 1.0, cell}) / cell));
    }
    axis.taps = std::max(axis.taps, static_cast<int64_t>(shares[i].size()));
  }

  // one row per tap, so that neighbouring target pixels lie side by side
  axis.weights.assign(axis.taps * size, 0);
  for (int64_t i = 0; i < size; ++i) {
    for (size_t tap = 0; tap < shares[i].size(); ++tap) {
      axis.weights[static_cast<int64_t>(tap) * size + i] = shares[i][tap];
    }
  }
  return axis;
}

AreaResize::AreaResize(int64_t source_height, int64_t source_width, int64_t height, int64_t width)
    : source_height_(source_height), source_width_(source_width), height_(height), width_(width) {
  if (height < 1 || width < 1 || height > source_height || width > source_width ||
      (source_height % height == 0 && source_width % width == 0)) {
    throw std::invalid_argument("AreaResize shrinks, and not by whole factors in both directions");
  }
  vertical_ = weigh(source_height, height);
  horizontal_ = weigh(source_width, width);
  rows_.resize(source_height * width);
  input_.resize(source_width + horizontal_.taps);
  sum_.resize(width);
}

void AreaResize::operator()(const uint8_t* source, uint8_t* target) {
  // each source row shrunk to the target's width
  for (int64_t y = 0; y < source_height_; ++y) {
    const uint8_t* line = source + y * source_width_;
    for (int64_t x = 0; x < source_width_; ++x) input_[x] = line[x];
    float* row = rows_.data() + y * width_;
    for (int64_t x = 0; x < width_; ++x) {
      const float* pixel = input_.data() + horizontal_.first[x];
      float sum = 0;
      for (int64_t tap = 0; tap < horizontal_.taps; ++tap) {
        sum += pixel[tap] * horizontal_.weights[tap * width_ + x];
      }
      row[x] = sum;
    }
  }

  // the rows under each target row summed and rounded to even
  for (int64_t y = 0; y < height_; ++y) {
    std::fill(sum_.begin(), sum_.end(), 0.0F);
    for (int64_t tap = 0; tap < vertical_.taps; ++tap) {
      const float weight = vertical_.weights[tap * height_ + y];
      if (weight == 0) break;
      const float* row = rows_.data() + (vertical_.first[y] + tap) * width_;
      for (int64_t x = 0; x < width_; ++x) sum_[x] += weight * row[x];
    }
    for (int64_t x = 0; x < width_; ++x) {
      target[y * width_ + x] = static_cast<uint8_t>(std::min(std::nearbyint(sum_[x]), 255.0F));
    }
  }
}

// as precompute_coeffs and normalize_coeffs_8bpc in Pillow's Resample.c
BilinearResize::Axis BilinearResize::weigh(int64_t source_size, int64_t size) {
  const double scale = static_cast<double>(source_size) / static_cast<double>(size);
  const double support = std::max(scale, 1.0);  // the triangle's half width in source pixels
  Axis axis;
  axis.taps = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  axis.weights.assign(axis.taps * size, 0);
  for (int64_t i = 0; i < size; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const int64_t begin = std::max<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0);
    const int64_t end = std::min(static_cast<int64_t>(centre + support + 0.5), source_size);

    // triangle weights that sum to one
    std::vector<double> triangle;
    double total = 0;
    for (int64_t j = begin; j < end; ++j) {
      const double distance = (static_cast<double>(j) - centre + 0.5) * (1.0 / support);
      triangle.push_back(std::max(1.0 - std::abs(distance), 0.0));
      total += triangle.back();
    }
    axis.first.push_back(begin);
    for (size_t tap = 0; tap < triangle.size(); ++tap) {
      const double share = total == 0 ? triangle[tap] : triangle[tap] / total;
      axis.weights[static_cast<int64_t>(tap) * size + i] =
          static_cast<int32_t>(0.5 + share * (1 << kPrecisionBits));
    }
  }
  return axis;
}

BilinearResize::BilinearResize(int64_t source_height, int64_t source_width, int64_t height,
                               int64_t width)
    : source_height_(source_height),
      source_width_(source_width),
      height_(height),
      width_(width),
      vertical_(weigh(source_height, height)),
      horizontal_(weigh(source_width, width)),
      rows_((source_height + vertical_.taps) * width),
      input_(source_width + horizontal_.taps),
      sum_(width) {}

void BilinearResize::operator()(const uint8_t* source, uint8_t* target) {
  constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

  // each source row, rounded to 8 bits
  for (int64_t y = 0; y < source_height_; ++y) {
    std::copy_n(source + y * source_width_, source_width_, input_.begin());
    uint8_t* row = rows_.data() + y * width_;
    for (int64_t x = 0; x < width_; ++x) {
      const uint8_t* pixel = input_.data() + horizontal_.first[x];
      int32_t sum = kHalf;
      for (int64_t tap = 0; tap < horizontal_.taps; ++tap) {
        sum += pixel[tap] * horizontal_.weights[tap * width_ + x];
      }
      row[x] = from_fixed_point(sum);
    }
  }

  // the rows under each target row
  for (int64_t y = 0; y < height_; ++y) {
    std::fill(sum_.begin(), sum_.end(), kHalf);
    for (int64_t tap = 0; tap < vertical_.taps; ++tap) {
      const int32_t weight = vertical_.weights[tap * height_ + y];
      const uint8_t* row = rows_.data() + (vertical_.first[y] + tap) * width_;
      for (int64_t x = 0; x < width_; ++x) sum_[x] += row[x] * weight;
    }
    for (int64_t x = 0; x < width_; ++x) target[y * width_ + x] = from_fixed_point(sum_[x]);
  }
}

void luma(const uint8_t* rgb, uint8_t* gray, int64_t size) {
  constexpr double kRed = 0.299;
  constexpr double kGreen = 0.587;
  constexpr double kBlue = 1 - (0.299 + 0.587);
  for (int64_t i = 0; i < size; ++i) {
    const uint8_t* pixel = rgb + 3 * i;
    gray[i] = static_cast<uint8_t>(pixel[0] * kRed + pixel[1] * kGreen + pixel[2] * kBlue);
  }
}

}  // namespace accumbens
