// Sums and products of numbers that come from a user. A checked result is absent where 64 bits do
// not hold it; a saturated one, for estimates, is then the largest number.
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

// Where 64 bits do not hold the result, it is the largest number that they hold.
inline uint64_t saturated_sum(std::initializer_list<uint64_t> terms) {
  return checked_sum(terms).value_or(UINT64_MAX);
}

// A product with a zero among its factors is zero, however large the others are.
inline uint64_t saturated_product(std::initializer_list<uint64_t> factors) {
  for (const uint64_t factor : factors) {
    if (factor == 0) return 0;
  }
  return checked_product(factors).value_or(UINT64_MAX);
}

}  // namespace wattgrind
