#include "cli/pages/drawn_bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace wattgrind {

BarChart largest_bars(BarChart chart) {
  constexpr size_t kMost = 48, kKept = 40;
  if (chart.bars.size() <= kMost) return chart;
  std::vector<double> sums;
  for (const Bar& bar : chart.bars) {
    sums.push_back(std::accumulate(bar.parts.begin(), bar.parts.end(), 0.0));
  }
  std::vector<size_t> order(chart.bars.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return sums[a] > sums[b]; });
  std::vector<bool> kept(order.size());
  for (size_t i = 0; i < kKept; ++i) kept[order[i]] = true;
  Bar others{fmt::format("{} others", order.size() - kKept),
             std::vector<double>(chart.parts.size()), -1};
  std::vector<Bar> bars;
  for (size_t i = 0; i < chart.bars.size(); ++i) {
    if (kept[i]) {
      bars.push_back(std::move(chart.bars[i]));
      continue;
    }
    for (size_t p = 0; p < others.parts.size(); ++p) others.parts[p] += chart.bars[i].parts[p];
  }
  bars.push_back(std::move(others));
  chart.bars = std::move(bars);
  return chart;
}

}  // namespace wattgrind
