// Sums and products of numbers that come from a user. A result is absent where 64 bits do not hold
// it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

namespace wattgrind {

inline std::optional<uint64_t> checked_sum(std::initializer_list<uint64_t> terms) {
  uint64_t sum = 0;
  for (const uint64_t term : terms) {
    if (__builtin_add_overflow(sum, term, &sum)) return std::nullopt;
  }
  return sum;
}

inline std::optional<uint64_t> checked_product(std::initializer_list<uint64_t> factors) {
  uint64_t product = 1;
  for (const uint64_t factor : factors) {
    if (__builtin_mul_overflow(product, factor, &product)) return std::nullopt;
  }
  return product;
}

}  // namespace wattgrind
