#include "estimator/calibration/line_interval.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {

std::optional<LineWithIntervals> line_with_intervals(std::span<const double> xs,
                                                     std::span<const double> ys) {
  CHECK(xs.size() == ys.size(), "{} xs, {} ys", xs.size(), ys.size());
  if (xs.size() < 3) return std::nullopt;
  const auto count = static_cast<double>(xs.size());
  double mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < xs.size(); ++i) {
    mean_x += xs[i] / count;
    mean_y += ys[i] / count;
  }
  double xx = 0, xy = 0, yy = 0;
  for (size_t i = 0; i < xs.size(); ++i) {
    xx += (xs[i] - mean_x) * (xs[i] - mean_x);
    xy += (xs[i] - mean_x) * (ys[i] - mean_y);
    yy += (ys[i] - mean_y) * (ys[i] - mean_y);
  }
  if (xx == 0) return std::nullopt;
  LineWithIntervals line;
  line.slope = xy / xx;
  line.intercept = mean_y - line.slope * mean_x;
  const double left = std::max(0.0, yy - line.slope * xy);
  line.r2 = yy > 0 ? 1 - left / yy : 1;
  const boost::math::students_t t(count - 2);
  const double variance = left / (count - 2);
  const double times = boost::math::quantile(t, 0.975);
  const double slope_off = times * std::sqrt(variance / xx);
  const double intercept_off = times * std::sqrt(variance * (1 / count + mean_x * mean_x / xx));
  line.slope_95 = {line.slope - slope_off, line.slope + slope_off};
  line.intercept_95 = {line.intercept - intercept_off, line.intercept + intercept_off};
  return line;
}

}  // namespace wattgrind
