#include "search/candidates/mean_estimate.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "estimator/base/error.h"

namespace wattgrind {

MeanEstimate estimate_mean(std::span<const double> values) {
  CHECK(!values.empty(), "no values");
  const auto count = static_cast<double>(values.size());
  MeanEstimate estimate;
  estimate.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() == 1) return estimate;
  double squares = 0;
  for (const double value : values) squares += (value - estimate.mean) * (value - estimate.mean);
  estimate.variance = squares / (count - 1) / count;
  const boost::math::students_t t(count - 1);
  estimate.half_width = boost::math::quantile(t, 0.975) * std::sqrt(*estimate.variance);
  return estimate;
}

}  // namespace wattgrind
