#include "estimator/meters/power_series.h"

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {

double energy_between_j(const std::vector<PowerSample>& series, double start_s, double stop_s) {
  CHECK(!series.empty() && series.front().time_s <= start_s && start_s <= stop_s &&
            stop_s <= series.back().time_s,
        "{} samples, asked for {} to {}", series.size(), start_s, stop_s);
  double energy_j = 0;
  const auto first = std::upper_bound(
      series.begin(), series.end(), start_s,
      [](double time_s, const PowerSample& sample) { return time_s < sample.time_s; });
  for (auto next = first; next != series.end() && (next - 1)->time_s < stop_s; ++next) {
    const PowerSample& a = *(next - 1);
    const PowerSample& b = *next;
    const double slope = (b.power_w - a.power_w) / (b.time_s - a.time_s);
    const double from = std::max(a.time_s, start_s), to = std::min(b.time_s, stop_s);
    energy_j += (to - from) * (a.power_w + slope * ((from + to) / 2 - a.time_s));
  }
  return energy_j;
}

}  // namespace wattgrind
