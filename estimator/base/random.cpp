#include "estimator/base/random.h"

#include <cmath>

namespace wattgrind {

uint64_t Random::next() {
  uint64_t value = mix64(state_);
  state_ += 0x9E3779B97F4A7C15u;
  return value;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

uint64_t Random::below(uint64_t bound) {
  uint64_t value = next();
  // The 2^64 mod bound lowest values would favour small remainders, so they are drawn again. Their
  // number is less than the bound, and only a division tells it.
  if (value < bound) {
    const uint64_t threshold = (0 - bound) % bound;
    while (value < threshold) value = next();
  }
  return value % bound;
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double u = 0, v = 0, s = 0;
  do {
    u = 2 * uniform() - 1;
    v = 2 * uniform() - 1;
    s = u * u + v * v;
  } while (s >= 1 || s == 0);
  const double scale = std::sqrt(-2 * std::log(s) / s);
  spare_ = v * scale;
  has_spare_ = true;
  return u * scale;
}

}  // namespace wattgrind
