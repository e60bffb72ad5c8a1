#include "accumbens/networks/pixels.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <array>

namespace accumbens {

torch::Tensor scale_pixels(const torch::Tensor& s) {
  const auto options =
      s.options().dtype(torch::kFloat32).memory_format(torch::MemoryFormat::ChannelsLast);
  if (s.scalar_type() != torch::kUInt8) return s.to(options);
  if (!s.is_cpu()) return s.to(options).div_(255.0);

  // torch takes several times as long to change type and layout at once
  static const std::array<float, 256> scaled = [] {
    std::array<float, 256> values{};
    for (int i = 0; i < 256; ++i) values[i] = static_cast<float>(i) / 255.0F;
    return values;
  }();
  const torch::Tensor frames = s.contiguous();
  const int64_t stack = s.size(1), height = s.size(2), width = s.size(3);
  torch::Tensor x = torch::empty(s.sizes(), options);
  const auto* in = frames.const_data_ptr<uint8_t>();
  auto* out = x.mutable_data_ptr<float>();
  at::parallel_for(0, s.size(0) * height, /*grain_size=*/128, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t c = 0; c < stack; ++c) {
        const int64_t plane = row / height * stack + c;
        const uint8_t* from = in + (plane * height + row % height) * width;
        float* to = out + row * width * stack + c;
        for (int64_t i = 0; i < width; ++i) to[i * stack] = scaled[from[i]];
      }
    }
  });
  return x;
}

}  // namespace accumbens
