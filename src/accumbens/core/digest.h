#pragma once

#include <cstddef>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace accumbens {

/// XXH3-128 of a stream of bytes, as `xxh128sum` prints it. Finds accidents, not forgeries.
class Digest {
 public:
  /// Of no bytes yet.
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  /// Goes on with `size` bytes more.
  void update(const void* data, size_t size);

  /// 32 hexadecimal digits.
  std::string hex() const;

 private:
  XXH3_state_s* state_;
};

/// The digest of a whole text.
std::string digest_of(std::string_view text);

}  // namespace accumbens
