#include "experiments/kernel_speed/speed_table.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace wattgrind {
namespace {

// A line, begun by a line feed; empty where there is nothing to tell.
std::string summary_of(const std::string& what, const std::vector<double>& ratios) {
  if (ratios.empty()) return {};
  double logarithms = 0;
  for (const double ratio : ratios) logarithms += std::log(ratio);
  return fmt::format("\n{}: geometric mean {:.2f}, least {:.2f}, {} layers", what,
                     std::exp(logarithms / static_cast<double>(ratios.size())),
                     *std::ranges::min_element(ratios), ratios.size());
}

}  // namespace

void SpeedTable::add_layer(const TimedLayer& layer, const std::map<std::string, double>& seconds) {
  const double flops = layer.flops();
  Row row{layer.label, {}, {}};
  if (layer.layer.macs > 0) row.macs = flops / 2;
  for (const std::string& candidate : candidates_) {
    const auto found = seconds.find(candidate);
    row.gflops.push_back(found == seconds.end()
                             ? std::nullopt
                             : std::optional<double>(flops / found->second * 1e-9));
  }
  rows_.push_back(std::move(row));
}

std::vector<double> SpeedTable::ratios(size_t candidate) const {
  std::vector<double> ratios;
  for (const Row& row : rows_) {
    if (row.gflops[0] && row.gflops[candidate]) {
      ratios.push_back(*row.gflops[candidate] / *row.gflops[0]);
    }
  }
  return ratios;
}

std::string SpeedTable::to_text() const {
  std::string text = fmt::format("{:<32}{:>10}", "layer", "MMACs");
  for (const std::string& candidate : candidates_) text += fmt::format("{:>16}", candidate);
  for (const Row& row : rows_) {
    text += fmt::format("\n{:<32}{:>10}", row.label,
                        row.macs ? fmt::format("{:.2f}", *row.macs * 1e-6) : "-");
    for (size_t i = 0; i < candidates_.size(); ++i) {
      std::string cell = row.gflops[i] ? fmt::format("{:.1f}", *row.gflops[i]) : "-";
      if (i > 0 && row.gflops[i] && row.gflops[0]) {
        cell += fmt::format(" ({:.2f})", *row.gflops[i] / *row.gflops[0]);
      }
      text += fmt::format("{:>16}", cell);
    }
  }
  for (size_t i = 1; i < candidates_.size(); ++i) {
    text += summary_of(candidates_[i] + " / " + candidates_[0], ratios(i));
  }
  return text + "\n";
}

std::string SpeedTable::best_text(const std::string& candidate,
                                  const std::vector<std::string>& others) const {
  const auto column = [&](const std::string& name) {
    return static_cast<size_t>(std::ranges::find(candidates_, name) - candidates_.begin());
  };
  std::vector<double> ratios;
  for (const Row& row : rows_) {
    double best = 0;
    for (const std::string& other : others)
      best = std::max(best, row.gflops[column(other)].value_or(0));
    const auto& own = row.gflops[column(candidate)];
    if (own && best > 0) ratios.push_back(*own / best);
  }
  const std::string text =
      summary_of(fmt::format("{} / the best of {}", candidate, fmt::join(others, ", ")), ratios);
  return text.empty() ? text : text.substr(1) + "\n";
}

}  // namespace wattgrind
