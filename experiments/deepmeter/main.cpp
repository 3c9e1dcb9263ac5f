// DeepMeter's readings of one convolution at six image sizes: CPU and DRAM energy from counts, each
// size predicted by a fit that never saw it; tables and the README's plots.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/calibration/calibration.h"
#include "estimator/calibration/calibration_plot.h"
#include "estimator/calibration/energy_features.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/fit/baseline.h"
#include "estimator/formats/csv.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "experiments/experiment.h"
#include "experiments/measurements.h"
#include "kernels/count/workload_counts.h"

namespace wattgrind {
namespace {

constexpr uint64_t kImages = 10000;
constexpr double kMillijoulesAJoule = 1e3;

// One image size, and what all images of it took.
struct Size {
  int64_t dimension = 0;
  double cpu_j = 0, dram_j = 0;
  WorkloadCounts counts;  // of one image

  double pixels() const { return static_cast<double>(dimension * dimension); }
};

// LeNet-5's first convolution as the thesis has it: 1 to 6 channels, 5x5, without padding.
Network conv1(int64_t dimension) {
  Conv2d conv;
  conv.filters = 6;
  conv.window.kernel_height = conv.window.kernel_width = 5;
  return build_network(fmt::format("{0}x{0}", dimension), {1, dimension, dimension},
                       {{"conv1", conv}}, "deepmeter");
}

std::vector<Size> read_sizes(const std::filesystem::path& path, const Machine& machine) {
  const CsvTable table = parse_csv(read_file(path), path.filename().string());
  std::vector<Size> sizes;
  for (const CsvRow& row : table.rows) {
    const auto number = [&](const char* name) { return table.number(row, table.column(name)); };
    Size size;
    size.dimension = static_cast<int64_t>(number("dimension"));
    size.cpu_j = (number("cpu0_mj") + number("cpu1_mj")) / kMillijoulesAJoule;
    size.dram_j = (number("dram0_mj") + number("dram1_mj")) / kMillijoulesAJoule;
    fmt::print(stderr, "counting {0}x{0}\n", size.dimension);
    size.counts = count_workload(conv1(size.dimension), 1, machine);
    sizes.push_back(std::move(size));
  }
  return sizes;
}

// Counts explain what images take; what starting the process takes is the same for every size.
FeatureTable features_of(const std::vector<Size>& sizes, const Machine& machine,
                         double Size::*energy_j, std::vector<Baseline>& baselines) {
  std::vector<CountedReading> readings;
  Baseline pixels{"pixels", {}};
  for (const Size& size : sizes) {
    CountedReading counted;
    counted.reading.workload = fmt::format("{0}x{0}", size.dimension);
    counted.reading.energy_j = size.*energy_j;
    counted.counts = scaled(size.counts.counts, kImages);
    counted.operations.macs = kImages * size.counts.operations.macs;
    counted.operations.other = kImages * size.counts.operations.other;
    readings.push_back(std::move(counted));
    pixels.values.push_back(size.pixels());
  }
  EnergyFeatures features = energy_features(readings, machine);
  features.table.features.push_back({"start-up", "J", FeatureKind::kOptional, std::nullopt});
  for (Sample& sample : features.table.samples) sample.values.push_back(1);
  baselines = std::move(features.baselines);
  baselines.push_back(std::move(pixels));
  return std::move(features.table);
}

void print_errors(const std::string& name, const FitQuality& in_sample,
                  const FitQuality& left_out) {
  fmt::print("  {:<34} {:8.1f} {:10.1f} {:10.1f}\n", name, in_sample.mape_percent,
             left_out.mape_percent, left_out.rmspe_percent);
}

void print_calibration(const FeatureTable& table, const Calibration& result) {
  fmt::print("  {:<34} {:>8} {:>10} {:>10}\n", "mean error (%)", "fitted", "left out", "RMSPE");
  print_errors("counts: " + describe(table, result.model.features), result.in_sample,
               result.left_out);
  for (const BaselineScore& score : result.baselines) {
    print_errors(fmt::format("{}, {}", score.name,
                             score.form == BaselineForm::kLine ? "line" : "in proportion"),
                 score.in_sample, score.left_out);
  }
  fmt::print("  {:<10} {:>12} {:>12} {:>7}  terms chosen without it\n", "size", "measured (J)",
             "left out (J)", "off (%)");
  const LeftOut& left_out = result.nested.left_out;
  for (size_t i = 0; i < left_out.samples.size(); ++i) {
    const Sample& sample = table.samples[left_out.samples[i]];
    fmt::print("  {:<10} {:12.0f} {:12.0f} {:+7.1f}  {}\n", sample.workload, sample.target,
               left_out.predicted[i], 100 * (left_out.predicted[i] / sample.target - 1),
               describe(table, result.candidates[result.nested.chosen[i]].features));
  }
  for (size_t i = 0; i < result.model.features.size(); ++i) {
    const Feature& feature = table.features[result.model.features[i]];
    fmt::print("  {}: {:.4g} {} [{:.4g}, {:.4g}]\n", feature.name, result.model.coefficients[i],
               feature.unit, result.coefficients[i].low, result.coefficients[i].high);
  }
  fmt::print("  95 % interval of a prediction: +-{:.1f} %\n\n", result.interval_percent);
}

void print_line(const char* name, const std::vector<Size>& sizes,
                const std::vector<double>& energies_j, Weighting weighting) {
  std::vector<double> pixels;
  for (const Size& size : sizes) pixels.push_back(size.pixels());
  const StraightLine line = fit_line(pixels, energies_j, BaselineForm::kLine, weighting);
  const double an_image = kMillijoulesAJoule / static_cast<double>(kImages);
  fmt::print("  {:<34} {:9.3f} {:15.3f}\n", name, 1e3 * an_image * line.slope,
             an_image * line.intercept);
}

void draw(const FeatureTable& table, const Calibration& result, const std::string& part) {
  const std::string folder = WATTGRIND_SOURCE_DIR "/experiments/deepmeter/";
  const std::string title = "LeNet-5's conv1, 10,000 images, 2 x Skylake server: " + part;
  write_file(folder + part + "_predicted.svg", to_svg(plot_predictions(table, result, title)));
  write_file(folder + part + "_residuals.svg", to_svg(plot_residuals(table, result, title)));
}

void run() {
  const Machine machine = builtin_machine("skylake_server");
  const std::vector<Size> sizes =
      read_sizes(measurements_file("deepmeter_conv1_by_image_size.csv"), machine);
  CalibrationOptions options;
  options.fit.weighting = Weighting::kRelative;  // the sizes' energies span a factor of 56
  std::vector<double> measured_j(sizes.size()), modelled_j(sizes.size());
  for (const auto& [part, energy_j] :
       {std::pair("cpu", &Size::cpu_j), std::pair("dram", &Size::dram_j)}) {
    std::vector<Baseline> baselines;
    const FeatureTable table = features_of(sizes, machine, energy_j, baselines);
    const Calibration result = calibrate(table, baselines, options);
    fmt::print("{}\n", part);
    print_calibration(table, result);
    draw(table, result, part);
    for (size_t i = 0; i < sizes.size(); ++i) {
      measured_j[i] += sizes[i].*energy_j;
      modelled_j[i] += result.fitted[i];
    }
  }
  fmt::print("{:<36} {:>9} {:>15}\n", "CPU and DRAM, a straight line", "uJ/pixel",
             "start (mJ/image)");
  fmt::print("  {:<34} {:9.3f} {:15.3f}\n", "thesis", 5.68, 152.17);
  print_line("readings, joules count alike", sizes, measured_j, Weighting::kAbsolute);
  print_line("readings, percents count alike", sizes, measured_j, Weighting::kRelative);
  print_line("model, joules count alike", sizes, modelled_j, Weighting::kAbsolute);
  print_line("model, percents count alike", sizes, modelled_j, Weighting::kRelative);
}

}  // namespace
}  // namespace wattgrind

int main() {
  return wattgrind::exit_status_of("deepmeter", [] {
    wattgrind::run();
    return 0;
  });
}
