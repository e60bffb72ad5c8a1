#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace accumbens {

// the generator that the scripts in tests/oracles draw actions and images from
class Lcg {
 public:
  explicit Lcg(uint64_t seed) : state_(seed) {}

  int64_t below(int64_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int64_t>(state_ >> 33) % n;
  }

 private:
  uint64_t state_;
};

// zlib's CRC-32
inline uint32_t crc32(const uint8_t* data, size_t size) {
  uint32_t crc = ~0U;
  for (size_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1)));
  }
  return ~crc;
}

// a binary file of tests/oracles, read value by value
class GoldenFile {
 public:
  explicit GoldenFile(const std::string& name) {
    std::ifstream file(std::string(ACCUMBENS_SOURCE_DIR) + "/tests/oracles/" + name,
                       std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (bytes_.empty()) ADD_FAILURE() << "no golden data in " << name;
  }

  bool at_end() const { return position_ == bytes_.size(); }

  template <class T>
  T read() {
    T value{};
    const std::string part = bytes_.substr(position_, sizeof(T));
    std::memcpy(&value, part.data(), part.size());
    position_ += part.size();
    return value;
  }

 private:
  std::string bytes_;
  size_t position_ = 0;
};

}  // namespace accumbens
