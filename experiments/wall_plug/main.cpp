// Wall power from package power: wall_plug_vs_rapl.csv, a table and the README's two plots.
//
// The model is calibration's own: energy at the wall = (power of all that RAPL does not see) * time
// + multiple * package energy.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/calibration/calibration.h"
#include "estimator/calibration/calibration_plot.h"
#include "estimator/fit/baseline.h"
#include "estimator/formats/csv.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "experiments/experiment.h"
#include "experiments/measurements.h"

namespace wattgrind {
namespace {

struct Row {
  std::string study;
  std::string load;
  double package_w = 0;
  double wall_w = 0;
  double duration_s = 0;
};

std::vector<Row> read_rows(const std::filesystem::path& path) {
  const CsvTable table = parse_csv(read_file(path), path.filename().string());
  std::vector<Row> rows;
  for (const CsvRow& row : table.rows) {
    const auto number = [&](const char* name) { return table.number(row, table.column(name)); };
    const std::string& study = row.fields[table.column("study")];
    rows.push_back({study, fmt::format("{} at {} %", study, number("cpu_load_percent")),
                    number("rapl_power_w"), number("wall_power_w"), number("duration_s")});
  }
  return rows;
}

std::vector<Row> of_study(const std::vector<Row>& rows, const std::string& study) {
  std::vector<Row> chosen;
  for (const Row& row : rows) {
    if (study == "both" || row.study == study) chosen.push_back(row);
  }
  return chosen;
}

FeatureTable energy_table(const std::vector<Row>& rows) {
  FeatureTable table{{"energy", "J"},
                     {{"package", "J/J", FeatureKind::kNested, std::nullopt},
                      {"time", "W", FeatureKind::kOptional, std::nullopt}},
                     {}};
  for (const Row& row : rows) {
    table.samples.push_back(
        {row.load, {row.package_w * row.duration_s, row.duration_s}, row.wall_w * row.duration_s});
  }
  return table;
}

void print_published_line(const std::vector<Row>& rows) {
  std::vector<double> package_w, wall_w, fitted_w;
  for (const Row& row : rows) {
    package_w.push_back(row.package_w);
    wall_w.push_back(row.wall_w);
  }
  const StraightLine line = fit_line(package_w, wall_w, BaselineForm::kLine, Weighting::kAbsolute);
  for (const double power_w : package_w) {
    fitted_w.push_back(line.intercept + line.slope * power_w);
  }
  fmt::print(
      "  straight line through the powers: wall = {:.1f} W + {:.3f} * package, R2 = {:.3f}\n",
      line.intercept, line.slope, fit_quality(wall_w, fitted_w).r2.value());
}

void print_calibration(const FeatureTable& table, const Calibration& result) {
  for (size_t i = 0; i < result.model.features.size(); ++i) {
    const Feature& feature = table.features[result.model.features[i]];
    fmt::print("  {:<8} {:8.3f} {:<4} 95 % [{:.3f}, {:.3f}]\n", feature.name,
               result.model.coefficients[i], feature.unit, result.coefficients[i].low,
               result.coefficients[i].high);
  }
  const auto print_errors = [](const std::string& name, const FitQuality& quality) {
    fmt::print("  {:<26} MAPE {:5.1f} %  RMSPE {:5.1f} %  R2 {:6.3f}\n", name, quality.mape_percent,
               quality.rmspe_percent, quality.r2.value());
  };
  print_errors("in sample", result.in_sample);
  print_errors("left out (chosen in fold)", result.left_out);
  for (const BaselineScore& score : result.baselines) {
    print_errors(fmt::format("{} {}, left out", score.name,
                             score.form == BaselineForm::kLine ? "line" : "in proportion"),
                 score.left_out);
  }
  fmt::print("  95 % interval of a prediction: +-{:.1f} %\n", result.interval_percent);
}

// Wall power over package power, with the straight line of the model fitted to both studies.
ScatterPlot plot_powers(const std::vector<Row>& rows, const LinearModel& model) {
  ScatterPlot plot{"Power at the wall and of the package (Threadripper 1950X)",
                   "RAPL package power (W)", "wall power (W)"};
  double most_w = 0;
  for (const std::string study : {"all_cores", "some_cores"}) {
    PlotSeries series{study, {}};
    for (const Row& row : of_study(rows, study)) {
      series.points.push_back({row.package_w, row.wall_w, row.load});
      most_w = std::max(most_w, row.package_w);
    }
    plot.series.push_back(std::move(series));
  }
  plot.lines = {{"model", 0, model.predict({0, 1}), most_w, model.predict({most_w, 1})}};
  return plot;
}

void run() {
  const std::vector<Row> rows = read_rows(measurements_file("wall_plug_vs_rapl.csv"));
  for (const std::string study : {"all_cores", "some_cores", "both"}) {
    const std::vector<Row> chosen = of_study(rows, study);
    const FeatureTable table = energy_table(chosen);
    Baseline package{"package", {}}, time{"time", {}};
    for (const Sample& sample : table.samples) {
      package.values.push_back(sample.values[0]);
      time.values.push_back(sample.values[1]);
    }
    const Calibration result = calibrate(table, {package, time}, {});
    fmt::print("{}: {} rows, terms {}\n", study, chosen.size(),
               describe(table, result.model.features));
    print_published_line(chosen);
    print_calibration(table, result);
    if (study != "both") continue;
    write_file(WATTGRIND_SOURCE_DIR "/experiments/wall_plug/power.svg",
               to_svg(plot_powers(chosen, result.model)));
    write_file(WATTGRIND_SOURCE_DIR "/experiments/wall_plug/residuals.svg",
               to_svg(plot_residuals(table, result, "Energy at the wall: residuals")));
  }
}

}  // namespace
}  // namespace wattgrind

int main() {
  return wattgrind::exit_status_of("wall_plug", [] {
    wattgrind::run();
    return 0;
  });
}
