#include "accumbens/core/random.h"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "accumbens/core/state_tree.h"

namespace accumbens {
namespace {

// FNV-1a of the name, then a SplitMix64 finaliser over name and seed
uint64_t stream_key(uint64_t seed, std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const unsigned char c : name) hash = (hash ^ c) * 0x100000001b3ULL;
  uint64_t z = hash + seed * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::array<uint64_t, 2> philox4x32_10(uint64_t counter, uint64_t key) {
  std::array<uint32_t, 4> x{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0,
                            0};
  auto k0 = static_cast<uint32_t>(key);
  auto k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * x[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * x[2];
    x = {static_cast<uint32_t>(p1 >> 32) ^ x[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ x[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {x[0] | uint64_t{x[1]} << 32, x[2] | uint64_t{x[3]} << 32};
}

}  // namespace

RandomStream::RandomStream(uint64_t seed, std::string_view name) : key_(stream_key(seed, name)) {}

uint64_t RandomStream::bits() {
  if (position_ == block_.size()) {
    block_ = philox4x32_10(counter_++, key_);
    position_ = 0;
  }
  return block_[position_++];
}

double RandomStream::uniform() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

int64_t RandomStream::below(int64_t n) {
  if (n < 1) throw std::invalid_argument("RandomStream::below needs n >= 1");

  // reject the incomplete last range, so that every value is equally likely
  const auto range = static_cast<uint64_t>(n);
  const uint64_t threshold = -range % range;
  uint64_t draw = bits();
  while (draw < threshold) draw = bits();
  return static_cast<int64_t>(draw % range);
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

void RandomStream::state(StateTree& tree) {
  tree("key", key_)("counter", counter_)("position", position_)("block_0", block_[0])("block_1",
                                                                                      block_[1]);
  tree.require("position", position_ <= block_.size());
}

}  // namespace accumbens
