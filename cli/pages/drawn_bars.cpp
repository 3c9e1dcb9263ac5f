#include "cli/pages/drawn_bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "estimator/charts/axis.h"

namespace wattgrind {

std::string keep_largest_bars(BarChart& chart) {
  constexpr size_t kMost = 48, kKept = 40;
  if (chart.bars.size() <= kMost) return "";
  std::vector<double> sums;
  for (const Bar& bar : chart.bars) {
    sums.push_back(std::accumulate(bar.parts.begin(), bar.parts.end(), 0.0));
  }
  std::vector<size_t> order(chart.bars.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return sums[a] > sums[b]; });
  double others = 0;
  for (size_t i = kKept; i < order.size(); ++i) others += sums[order[i]];
  const std::string told = fmt::format(" {} others come to {} together.", order.size() - kKept,
                                       shown_amount(others, chart.unit));
  order.resize(kKept);
  std::ranges::sort(order);
  std::vector<Bar> bars;
  for (const size_t i : order) bars.push_back(std::move(chart.bars[i]));
  chart.bars = std::move(bars);
  return told;
}

}  // namespace wattgrind
