// powerML's eight readings of integer matrix products: what we count, what they published, and
// which model predicts the meter.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cachesim/model/hierarchy_config.h"
#include "estimator/base/error.h"
#include "estimator/calibration/calibration.h"
#include "estimator/calibration/calibration_plot.h"
#include "estimator/calibration/energy_features.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/formats/csv.h"
#include "estimator/network/workload.h"
#include "estimator/pricing/prices.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "experiments/experiment.h"
#include "experiments/measurements.h"
#include "kernels/count/matmul_counts.h"

namespace wattgrind {
namespace {

struct PublishedLoad {
  std::string name;
  Matmul matmul;
  double published_cycles = 0;
  double energy = 0;              // in the authors' unit
  EventCounts cachegrind_counts;  // two levels, as cachegrind counts
  EventCounts machine_counts;     // the machine's three levels
};

std::vector<PublishedLoad> read_loads(const std::filesystem::path& path) {
  const CsvTable table = parse_csv(read_file(path), path.filename().string());
  std::vector<PublishedLoad> loads;
  for (const CsvRow& row : table.rows) {
    const auto number = [&](const char* name) { return table.number(row, table.column(name)); };
    const auto size = [&](const char* name) { return static_cast<uint64_t>(number(name)); };
    loads.push_back({row.fields[table.column("load")],
                     {size("m"), size("k"), size("n"), ElementType::kInt64, LoopOrder::kIjk},
                     number("cycles"),
                     number("energy")});
  }
  return loads;
}

// One pass from empty caches: what a process that multiplies once does.
void count_loads(std::vector<PublishedLoad>& loads, uint64_t macs, const Machine& powerml,
                 const Machine& xeon) {
  for (PublishedLoad& load : loads) {
    MatmulCounts counted = count_matmul(load.matmul, cachegrind_hierarchy(powerml), macs);
    load.cachegrind_counts = std::move(counted.counts);
    load.machine_counts = count_matmul(load.matmul, machine_hierarchy(xeon), macs).counts;
    fmt::print(stderr, "{}: {} of {} rows simulated\n", load.name, counted.simulated_rows,
               load.matmul.m);
  }
}

// Published cycles are of the whole Python process: it also starts Python and makes the two
// matrices from lists, element by element.
void print_cycles(const std::vector<PublishedLoad>& loads, const Machine& powerml) {
  FeatureTable table{{"cycles", ""}, {{"product", ""}, {"elements", ""}, {"start-up", ""}}, {}};
  for (const PublishedLoad& load : loads) {
    const double cost =
        latency_cost(load.cachegrind_counts, powerml, Accounting::kAccesses).value();
    const auto elements =
        static_cast<double>(load.matmul.m * load.matmul.k + load.matmul.k * load.matmul.n);
    table.samples.push_back({load.name, {cost, elements, 1}, load.published_cycles});
  }
  const std::vector<size_t> all = samples_of(workload_folds(table));
  const LinearModel model = fit_linear(table, all, {0, 1, 2}, {Weighting::kRelative, 0});
  fmt::print(
      "cycles (references * 4 + D1 misses * 41 + LL misses * 178.22)\n"
      "load     published      product alone      %   with set-up      %\n");
  for (const Sample& sample : table.samples) {
    const double fitted = model.predict(sample.values);
    fmt::print("{}  {:.4e}  {:.4e}  {:+10.2f}  {:.4e}  {:+6.2f}\n", sample.workload, sample.target,
               sample.values[0], 100 * (sample.values[0] / sample.target - 1), fitted,
               100 * (fitted / sample.target - 1));
  }
  fmt::print("fitted: {:.4f} * product + {:.0f} cycles an element + {:.3g} cycles of start-up\n\n",
             model.coefficients[0], model.coefficients[1], model.coefficients[2]);
}

EnergyFeatures features_of(const std::vector<PublishedLoad>& loads, const Machine& xeon) {
  std::vector<CountedReading> readings;
  Baseline proxy{"published proxy", {}};
  for (const PublishedLoad& load : loads) {
    CountedReading counted;
    counted.reading.workload = load.name;
    counted.reading.energy_j = load.energy;
    counted.counts = load.machine_counts;
    counted.operations.macs = load.matmul.macs();
    counted.type = load.matmul.type;
    readings.push_back(std::move(counted));
    proxy.values.push_back(load.published_cycles);
  }
  EnergyFeatures features = energy_features(readings, xeon);
  features.table.target.unit = " of the authors' unit";
  features.baselines.push_back(std::move(proxy));
  return features;
}

void print_quality(const std::string& name, const FitQuality& in_sample,
                   const FitQuality& left_out) {
  fmt::print("{:<42} {:.4f} {:7.2f}   {:.4f} {:7.2f} {:7.2f}\n", name, in_sample.r.value(),
             in_sample.mape_percent, left_out.r.value(), left_out.mape_percent,
             left_out.rmspe_percent);
}

void print_models(const EnergyFeatures& features, const Calibration& result) {
  fmt::print(
      "energy                                     in sample        left out\n"
      "{:<42} r      MAPE %    r      MAPE %  RMSPE %\n",
      "model");
  print_quality("ours: " + describe(features.table, result.model.features), result.in_sample,
                result.left_out);
  for (const BaselineScore& score : result.baselines) {
    print_quality(fmt::format("{}, {}", score.name,
                              score.form == BaselineForm::kLine ? "line" : "in proportion"),
                  score.in_sample, score.left_out);
  }
  if (result.winning_baseline) {
    fmt::print("the baseline {} wins\n", result.baselines[*result.winning_baseline].name);
  }
  fmt::print("\nleave-one-out MAPE of the nested models, all readings\n");
  for (const ScoredModel& candidate : result.candidates) {
    fmt::print("{:<42} {:7.2f}\n", describe(features.table, candidate.features),
               candidate.left_out->mape_percent);
  }
  fmt::print("\nload       measured  left out       %  model chosen without it\n");
  for (size_t i = 0; i < result.nested.left_out.samples.size(); ++i) {
    const Sample& sample = features.table.samples[result.nested.left_out.samples[i]];
    const double predicted = result.nested.left_out.predicted[i];
    fmt::print("{}  {:.4e}  {:.4e}  {:+6.1f}  {}\n", sample.workload, sample.target, predicted,
               100 * (predicted / sample.target - 1),
               describe(features.table, result.candidates[result.nested.chosen[i]].features));
  }
  for (size_t i = 0; i < result.model.features.size(); ++i) {
    fmt::print("\n{}: {:.4g} times the profile's price, 95 % [{:.4g}, {:.4g}]\n",
               features.table.features[result.model.features[i]].name, result.model.coefficients[i],
               result.coefficients[i].low, result.coefficients[i].high);
  }
  fmt::print("95 % interval of a prediction: +-{:.1f} %\n", result.interval_percent);
}

void run(uint64_t macs) {
  std::vector<PublishedLoad> loads = read_loads(measurements_file("powerml_killawatt.csv"));
  const Machine powerml = builtin_machine("xeon_x5650_powerml");
  const Machine xeon = builtin_machine("xeon_x5650");
  count_loads(loads, macs, powerml, xeon);
  print_cycles(loads, powerml);
  const EnergyFeatures features = features_of(loads, xeon);
  CalibrationOptions options;
  const Calibration result = calibrate(features.table, features.baselines, options);
  print_models(features, result);
  options.fit.weighting = Weighting::kRelative;
  const Calibration relative = calibrate(features.table, features.baselines, options);
  fmt::print("with relative weights: {}, left out MAPE {:.2f} %, r {:.4f}\n",
             describe(features.table, relative.model.features), relative.left_out.mape_percent,
             relative.left_out.r.value());
  const std::string title = "Products of 64-bit integers on a Xeon X5650, Kill-A-Watt";
  write_file(WATTGRIND_SOURCE_DIR "/experiments/killawatt/predicted.svg",
             to_svg(plot_predictions(features.table, result, title)));
  write_file(WATTGRIND_SOURCE_DIR "/experiments/killawatt/residuals.svg",
             to_svg(plot_residuals(features.table, result, title)));
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  CLI::App program{"powerML's eight readings: counts, published cycles, models of energy"};
  uint64_t macs = std::numeric_limits<uint64_t>::max();
  program.add_option("--macs", macs,
                     "Simulate so many multiply-accumulates of a load, and take the rest to be "
                     "alike (default: all)");
  CLI11_PARSE(program, argc, argv);
  return wattgrind::exit_status_of("killawatt", [macs] {
    wattgrind::run(macs);
    return 0;
  });
}
