#include "experiments/conv_algorithms/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "estimator/charts/svg_plot.h"

namespace wattgrind {
namespace {

using CostOf = std::function<double(const TrialCost&)>;

double time_of(const TrialCost& trial) { return trial.predicted_s; }
double energy_of_trial(const TrialCost& trial) { return trial.energy_j; }
double native_of(const TrialCost& trial) { return trial.native_s.value_or(0); }

// Layer by layer, its trials.
using Layers = std::vector<std::vector<TrialCost>>;

Layers layers_of(const std::vector<TrialCost>& trials, const std::string& network) {
  Layers layers;
  for (const TrialCost& trial : trials) {
    if (trial.network != network) continue;
    if (layers.empty() || layers.back().front().layer != trial.layer) layers.emplace_back();
    layers.back().push_back(trial);
  }
  return layers;
}

const TrialCost& by_algorithm(const std::vector<TrialCost>& layer, ConvAlgorithm algorithm) {
  const auto found = std::ranges::find(layer, algorithm, &TrialCost::algorithm);
  if (found != layer.end()) return *found;
  // What cannot be computed so takes the instruction set's own choice, which stands first.
  return layer.front();
}

const TrialCost& best_of(const std::vector<TrialCost>& layer, const CostOf& cost) {
  return *std::ranges::min_element(layer, {}, cost);
}

struct Sums {
  double time_s = 0, energy_j = 0, native_s = 0;

  void add(const TrialCost& trial) {
    time_s += trial.predicted_s;
    energy_j += trial.energy_j;
    native_s += trial.native_s.value_or(0);
  }
};

void print_row(const std::string& network, const std::string& what, const Sums& sums,
               const Sums& direct) {
  fmt::print("{:<12} {:<22} {:>10.2f} {:>7.2f} {:>10.2f} {:>7.2f}", network, what,
             sums.time_s * 1e3, sums.time_s / direct.time_s, sums.energy_j * 1e3,
             sums.energy_j / direct.energy_j);
  if (direct.native_s > 0) {
    fmt::print(" {:>10.2f} {:>7.2f}", sums.native_s * 1e3, sums.native_s / direct.native_s);
  }
  fmt::print("\n");
}

template <typename Pick>
Sums sums_of(const Layers& layers, const Pick& pick) {
  Sums sums;
  for (const auto& layer : layers) sums.add(pick(layer));
  return sums;
}

// Layers for which the fastest algorithm and that of the least energy differ, by as much as counts.
void print_disagreements(const Layers& layers) {
  constexpr double kWorthTelling = 0.01;
  for (const auto& layer : layers) {
    const TrialCost& fast = best_of(layer, time_of);
    const TrialCost& frugal = best_of(layer, energy_of_trial);
    const double time_saved = 1 - fast.predicted_s / frugal.predicted_s;
    const double energy_saved = 1 - frugal.energy_j / fast.energy_j;
    if (std::min(time_saved, energy_saved) < kWorthTelling) continue;
    fmt::print("    {}: {} takes {:.1f} % less time, {} {:.1f} % less energy\n", fast.layer,
               name(fast.algorithm), 100 * time_saved, name(frugal.algorithm), 100 * energy_saved);
  }
}

}  // namespace

void print_summary(const std::string& machine, const std::vector<TrialCost>& trials) {
  std::vector<std::string> networks;
  for (const TrialCost& trial : trials) {
    if (networks.empty() || networks.back() != trial.network) networks.push_back(trial.network);
  }
  fmt::print("\n{}\n{:<12} {:<22} {:>10} {:>7} {:>10} {:>7} {:>10} {:>7}\n", machine, "network",
             "convolutions by", "time ms", "", "energy mJ", "", "native ms", "");
  for (const std::string& network : networks) {
    const Layers layers = layers_of(trials, network);
    const Sums direct =
        sums_of(layers, [](const auto& layer) -> const TrialCost& { return layer.front(); });
    print_row(network, "direct", direct, direct);
    for (const ConvAlgorithm algorithm :
         {ConvAlgorithm::kTrimmed, ConvAlgorithm::kIm2col, ConvAlgorithm::kPointwise,
          ConvAlgorithm::kWinograd2, ConvAlgorithm::kWinograd4, ConvAlgorithm::kFft8,
          ConvAlgorithm::kFft16}) {
      const bool applies = std::ranges::any_of(layers, [&](const auto& layer) {
        return by_algorithm(layer, algorithm).algorithm == algorithm;
      });
      if (!applies) continue;
      print_row(network, std::string(name(algorithm)),
                sums_of(layers, [&](const auto& layer) { return by_algorithm(layer, algorithm); }),
                direct);
    }
    print_row(network, "the fastest of each",
              sums_of(layers, [](const auto& layer) { return best_of(layer, time_of); }), direct);
    print_row(network, "the least energy's",
              sums_of(layers, [](const auto& layer) { return best_of(layer, energy_of_trial); }),
              direct);
    if (direct.native_s > 0) {
      print_row(network, "the natively fastest",
                sums_of(layers, [](const auto& layer) { return best_of(layer, native_of); }),
                direct);
    }
    print_disagreements(layers);
  }
}

std::string csv_of(const std::string& machine, const std::vector<TrialCost>& trials) {
  std::string text;
  for (const TrialCost& trial : trials) {
    text +=
        fmt::format("{},{},{},{},{},{:.6g},{:.6g}", machine, trial.network, trial.layer,
                    name(trial.algorithm), trial.scratch_bytes, trial.predicted_s, trial.energy_j);
    for (size_t i = 0; i < 4; ++i) {
      // Machines without a third level have nothing there.
      const size_t levels = trial.levels_j.size();
      const bool is_dram = i == 3;
      const size_t at = is_dram ? levels - 1 : i;
      text += is_dram || at + 1 < levels ? fmt::format(",{:.6g}", trial.levels_j[at]) : ",";
    }
    text += trial.native_s ? fmt::format(",{:.6g}\n", *trial.native_s) : ",\n";
  }
  return text;
}

std::string plot_of(const std::string& machine, const std::vector<TrialCost>& trials) {
  std::map<ConvAlgorithm, PlotSeries> series;
  double most = 1;
  const TrialCost* direct = nullptr;
  for (const TrialCost& trial : trials) {
    if (direct == nullptr || trial.layer != direct->layer || trial.network != direct->network) {
      direct = &trial;
      continue;
    }
    const double time = trial.predicted_s / direct->predicted_s;
    const double energy = trial.energy_j / direct->energy_j;
    constexpr double kFarthestShown = 3;
    if (std::max(time, energy) > kFarthestShown) continue;
    most = std::max({most, time, energy});
    PlotSeries& of = series[trial.algorithm];
    of.name = name(trial.algorithm);
    of.points.push_back({time, energy, trial.network + " " + trial.layer});
  }
  ScatterPlot plot;
  plot.title = "Algorithms of convolution on " + machine + ", relative to direct";
  plot.x_label = "predicted time (direct = 1)";
  plot.y_label = "energy (direct = 1)";
  for (auto& [algorithm, of] : series) {
    constexpr size_t kMostSeries = 6;
    if (plot.series.size() < kMostSeries) plot.series.push_back(std::move(of));
  }
  plot.lines = {{"time saved is energy saved", 0, 0, most, most}};
  return to_svg(plot);
}

}  // namespace wattgrind
