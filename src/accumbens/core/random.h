#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace accumbens {

class StateTree;

/// A named stream of random numbers, owned by one consumer.
///
/// Counter-based: Philox4x32-10 (Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2,
/// 3"). The key is derived from the run's seed and the stream's name, so streams are independent of
/// one another and of the order in which they are created or used.
class RandomStream {
 public:
  /// Equal seeds and names give equal numbers. Names are paths such as "environment/0".
  RandomStream(uint64_t seed, std::string_view name);

  /// Uniform over all 64-bit values.
  uint64_t bits();

  /// Uniform in [0, 1), with 53 random bits.
  double uniform();

  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Uniform over 0 ... n-1, without bias. Throws std::invalid_argument unless n >= 1.
  int64_t below(int64_t n);

  /// Standard normal (Box-Muller, one value per two uniforms: no hidden state).
  double normal();

  void state(StateTree& tree);

 private:
  uint64_t key_;
  uint64_t counter_ = 0;   // blocks drawn
  uint64_t position_ = 2;  // next of the block's two 64-bit values
  std::array<uint64_t, 2> block_{};
};

}  // namespace accumbens
