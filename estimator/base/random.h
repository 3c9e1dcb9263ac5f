// Seeded pseudo-random numbers that are the same on every platform and with every compiler
// (the distributions of <random> are not).
#pragma once

#include <cstdint>

namespace wattgrind {

// One step of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijective mix of 64 bits.
constexpr uint64_t mix64(uint64_t z) {
  z += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// Derives a seed from a parent seed and a key. Streams of different keys are independent.
constexpr uint64_t derive_seed(uint64_t seed, uint64_t key) { return mix64(mix64(seed) ^ key); }

// A stream of the numbers that SplitMix64 makes from a seed.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next();
  double uniform();                // uniform in [0, 1), with 53 random bits
  uint64_t below(uint64_t bound);  // uniform in [0, bound), unbiased; bound must be positive
  double normal();                 // normal with mean 0 and deviation 1 (Marsaglia's polar method)

 private:
  uint64_t state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace wattgrind
