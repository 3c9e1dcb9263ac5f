#include "estimator/base/quantile.h"

#include <algorithm>
#include <cstddef>

#include "estimator/base/error.h"

namespace wattgrind {

double quantile(std::vector<double> values, double p) {
  CHECK(!values.empty() && p >= 0 && p <= 1, "{} values, p = {}", values.size(), p);
  std::sort(values.begin(), values.end());
  const double position = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (position - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace wattgrind
