#include "experiments/kernel_speed/agreement.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr double kTolerance = 1e-5;

}  // namespace

void check_agreement(const std::string& what, std::span<const float> values,
                     std::span<const float> expected) {
  CHECK(values.size() == expected.size(), "{}: {} values, wanted {}", what, values.size(),
        expected.size());
  double largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(double{value}));
  for (size_t i = 0; i < values.size(); ++i) {
    // Written so that what is no number fails.
    if (std::abs(double{values[i]} - expected[i]) <= kTolerance * largest) continue;
    fail(ErrorKind::kFailed, "{}: value {}: found {}, wanted {} within {}", what, i, values[i],
         expected[i], kTolerance * largest);
  }
}

}  // namespace wattgrind
