#include "estimator/base/metric_prefix.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {

MetricPrefix metric_prefix(double amount) {
  CHECK(amount > 0 && std::isfinite(amount), "{}", amount);
  constexpr std::array<MetricPrefix, 9> kPrefixes = {{{"p", 1e12},
                                                      {"n", 1e9},
                                                      {"\u00b5", 1e6},
                                                      {"m", 1e3},
                                                      {"", 1},
                                                      {"k", 1e-3},
                                                      {"M", 1e-6},
                                                      {"G", 1e-9},
                                                      {"T", 1e-12}}};
  const int thousands = std::clamp(static_cast<int>(std::floor(std::log10(amount) / 3)), -4, 4);
  return kPrefixes[static_cast<size_t>(thousands + 4)];
}

}  // namespace wattgrind
