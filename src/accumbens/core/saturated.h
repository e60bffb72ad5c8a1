#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>

namespace accumbens {

// Sizes that are compared with what there is: where one is too large for its type, it is as large
// as can be instead of something small.

/// The product of numbers that are not negative, or the largest number where that is larger.
inline int64_t saturated_product(std::initializer_list<int64_t> factors) {
  int64_t product = 1;
  for (const int64_t factor : factors) {
    if (factor == 0) return 0;
    if (__builtin_mul_overflow(product, factor, &product)) {
      product = std::numeric_limits<int64_t>::max();
    }
  }
  return product;
}

/// The sum of two numbers that are not negative, or the largest number where that is larger.
inline int64_t saturated_sum(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

}  // namespace accumbens
