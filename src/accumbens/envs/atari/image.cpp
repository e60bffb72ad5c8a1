#include "accumbens/envs/atari/image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <type_traits>

namespace accumbens {
namespace {

// the weights of each target pixel, all padded to the same number
template <class Weight>
ResizeAxis<Weight> make_axis(int64_t source_size, std::vector<int32_t> first,
                             const std::vector<std::vector<Weight>>& weights) {
  ResizeAxis<Weight> axis{.source_size = source_size,
                          .size = static_cast<int64_t>(first.size()),
                          .first = std::move(first),
                          .weights = {}};
  for (const auto& own : weights) axis.taps = std::max<int64_t>(axis.taps, std::ssize(own));
  for (const auto& own : weights) {
    axis.weights.insert(axis.weights.end(), own.begin(), own.end());
    axis.weights.insert(axis.weights.end(), axis.taps - std::ssize(own), Weight{0});
  }
  return axis;
}

// one row: the compiler unrolls the sums of the usual sizes
template <class Value, class Weight, class Finish>
void resize_row(const Value* input, int64_t channels, const ResizeAxis<Weight>& axis,
                Weight initial, Finish&& finish) {
  const auto run = [&](auto taps) {
    for (int64_t x = 0; x < axis.size; ++x) {
      const Weight* weights = axis.weights.data() + x * taps;
      for (int64_t c = 0; c < channels; ++c) {
        const Value* pixels = input + axis.first[x] * channels + c;
        Weight sum = initial;
        for (int64_t tap = 0; tap < taps; ++tap) sum += pixels[tap * channels] * weights[tap];
        finish(x * channels + c, sum);
      }
    }
  };
  switch (axis.taps) {
    case 3:
      return run(std::integral_constant<int64_t, 3>{});
    case 4:
      return run(std::integral_constant<int64_t, 4>{});
    default:
      return run(axis.taps);
  }
}

// every row of the source in the target's width; most of a game's rows are like the one above
template <class Value, class Row, class Weight, class Finish>
void resize_rows(const uint8_t* source, int64_t channels, const ResizeAxis<Weight>& axis,
                 Weight initial, int64_t height, std::vector<Value>& input, std::vector<Row>& rows,
                 Finish&& finish) {
  const int64_t from = axis.source_size * channels, to = axis.size * channels;
  for (int64_t y = 0; y < height; ++y, source += from) {
    Row* row = rows.data() + y * to;
    if (y > 0 && std::equal(source, source + from, source - from)) {
      std::copy_n(row - to, to, row);
      continue;
    }
    std::copy_n(source, from, input.begin());
    resize_row(input.data(), channels, axis, initial,
               [&](int64_t i, Weight sum) { row[i] = finish(sum); });
  }
}

// the rows under target row y, weighted and summed
template <class Value, class Weight>
void sum_rows(const std::vector<Value>& rows, const ResizeAxis<Weight>& axis, int64_t y,
              Weight initial, std::vector<Weight>& sum) {
  std::fill(sum.begin(), sum.end(), initial);
  const auto width = std::ssize(sum);
  for (int64_t tap = 0; tap < axis.taps; ++tap) {
    const Weight weight = axis.weights[y * axis.taps + tap];
    const Value* row = rows.data() + (axis.first[y] + tap) * width;
    for (int64_t x = 0; x < width; ++x) sum[x] += row[x] * weight;
  }
}

// the share of each source pixel in a target pixel, as computeResizeAreaTab of OpenCV's resize.cpp
ResizeAxis<float> area_axis(int64_t source_size, int64_t size) {
  const double scale = 1.0 / (static_cast<double>(size) / static_cast<double>(source_size));
  std::vector<int32_t> first;
  std::vector<std::vector<float>> weights(size);
  for (int64_t i = 0; i < size; ++i) {
    const double begin = static_cast<double>(i) * scale;
    const double end = begin + scale;
    const double cell = std::min(scale, static_cast<double>(source_size) - begin);
    const int64_t whole_end = std::min(static_cast<int64_t>(std::floor(end)), source_size - 1);
    const int64_t whole_begin = std::min(static_cast<int64_t>(std::ceil(begin)), whole_end);
    const double before = static_cast<double>(whole_begin) - begin;
    const double behind = end - static_cast<double>(whole_end);

    // a part of the pixel before, whole pixels, a part of the pixel behind
    first.push_back(static_cast<int32_t>(before > 1e-3 ? whole_begin - 1 : whole_begin));
    if (before > 1e-3) weights[i].push_back(static_cast<float>(before / cell));
    weights[i].insert(weights[i].end(), whole_end - whole_begin, static_cast<float>(1.0 / cell));
    if (behind > 1e-3) {
      weights[i].push_back(static_cast<float>(std::min({behind, 1.0, cell}) / cell));
    }
  }
  return make_axis(source_size, std::move(first), weights);
}

// Pillow's fixed point: 8 bits of value, 22 of fraction, 2 to spare
constexpr int kFractionBits = 32 - 8 - 2;
constexpr int32_t kHalf = 1 << (kFractionBits - 1);

uint8_t from_fixed_point(int32_t value) {
  return static_cast<uint8_t>(std::clamp(value >> kFractionBits, 0, 255));
}

// triangle weights that sum to one, as precompute_coeffs of Pillow's Resample.c
ResizeAxis<int32_t> bilinear_axis(int64_t source_size, int64_t size) {
  const double scale = static_cast<double>(source_size) / static_cast<double>(size);
  const double support = std::max(scale, 1.0);  // half the triangle's width in source pixels
  std::vector<int32_t> first;
  std::vector<std::vector<int32_t>> weights(size);
  for (int64_t i = 0; i < size; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const int64_t begin = std::max<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0);
    const int64_t end = std::min(static_cast<int64_t>(centre + support + 0.5), source_size);
    std::vector<double> triangle;
    double total = 0;
    for (int64_t j = begin; j < end; ++j) {
      const double distance = (static_cast<double>(j) - centre + 0.5) * (1.0 / support);
      triangle.push_back(std::max(1.0 - std::abs(distance), 0.0));
      total += triangle.back();
    }
    first.push_back(static_cast<int32_t>(begin));
    for (const double share : triangle) {
      weights[i].push_back(static_cast<int32_t>(0.5 + share / total * (1 << kFractionBits)));
    }
  }
  return make_axis(source_size, std::move(first), weights);
}

}  // namespace

AreaResize::AreaResize(int64_t source_height, int64_t source_width, int64_t height, int64_t width,
                       int64_t channels)
    : channels_(channels) {
  if (height < 1 || width < 1 || height > source_height || width > source_width ||
      (source_height % height == 0 && source_width % width == 0)) {
    throw std::invalid_argument("AreaResize shrinks, and not by whole factors in both directions");
  }
  vertical_ = area_axis(source_height, height);
  horizontal_ = area_axis(source_width, width);
  input_.resize((source_width + horizontal_.taps) * channels);
  rows_.resize((source_height + vertical_.taps) * width * channels);
  sum_.resize(width * channels);
}

void AreaResize::operator()(const uint8_t* source, uint8_t* target) {
  resize_rows(source, channels_, horizontal_, 0.0F, vertical_.source_size, input_, rows_,
              [](float sum) { return sum; });

  // beside 1.5 * 2^23 a float has no fraction: adding it rounds to even, as OpenCV does
  constexpr float kRound = 0x1.8p23F;
  const auto width = std::ssize(sum_);
  for (int64_t y = 0; y < vertical_.size; ++y) {
    sum_rows(rows_, vertical_, y, 0.0F, sum_);
    for (int64_t x = 0; x < width; ++x) {
      const float rounded = (sum_[x] + kRound) - kRound;
      target[y * width + x] = static_cast<uint8_t>(static_cast<int>(std::min(rounded, 255.0F)));
    }
  }
}

BilinearResize::BilinearResize(int64_t source_height, int64_t source_width, int64_t height,
                               int64_t width)
    : vertical_(bilinear_axis(source_height, height)),
      horizontal_(bilinear_axis(source_width, width)),
      input_(source_width + horizontal_.taps),
      rows_((source_height + vertical_.taps) * width),
      sum_(width) {}

void BilinearResize::operator()(const uint8_t* source, uint8_t* target) {
  // between the two directions the image is rounded to 8 bits
  resize_rows(source, /*channels=*/1, horizontal_, kHalf, vertical_.source_size, input_, rows_,
              from_fixed_point);
  const int64_t width = horizontal_.size;
  for (int64_t y = 0; y < vertical_.size; ++y) {
    sum_rows(rows_, vertical_, y, kHalf, sum_);
    for (int64_t x = 0; x < width; ++x) target[y * width + x] = from_fixed_point(sum_[x]);
  }
}

void luma(const uint8_t* rgb, uint8_t* gray, int64_t size) {
  // every product once
  static const auto products = [] {
    constexpr std::array<double, 3> kWeights{0.299, 0.587, 1 - (0.299 + 0.587)};
    std::array<std::array<double, 256>, 3> table{};
    for (size_t channel = 0; channel < 3; ++channel) {
      for (size_t i = 0; i < 256; ++i) {
        table[channel][i] = static_cast<double>(i) * kWeights[channel];
      }
    }
    return table;
  }();
  for (int64_t i = 0; i < size; ++i) {
    const uint8_t* pixel = rgb + 3 * i;
    gray[i] = static_cast<uint8_t>(
        static_cast<int>(products[0][pixel[0]] + products[1][pixel[1]] + products[2][pixel[2]]));
  }
}

}  // namespace accumbens
