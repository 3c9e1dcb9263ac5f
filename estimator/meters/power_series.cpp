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

double pace_s(const std::vector<PowerSample>& series) {
  if (series.size() < 2) return 0;
  std::vector<double> pauses_s;
  for (size_t i = 1; i < series.size(); ++i) {
    pauses_s.push_back(series[i].time_s - series[i - 1].time_s);
  }
  const auto middle = pauses_s.begin() + static_cast<std::ptrdiff_t>(pauses_s.size() / 2);
  std::nth_element(pauses_s.begin(), middle, pauses_s.end());
  return *middle;
}

double unsampled_s(const std::vector<PowerSample>& series, double start_s, double stop_s,
                   double most_pause_s) {
  double sum_s = 0;
  for (size_t i = 1; i < series.size(); ++i) {
    const double from_s = series[i - 1].time_s, to_s = series[i].time_s;
    if (to_s - from_s <= most_pause_s) continue;
    sum_s += std::max(0.0, std::min(to_s, stop_s) - std::max(from_s, start_s));
  }
  return sum_s;
}

}  // namespace wattgrind
