// How well models of layers, fitted to what `wattgrind profile` measured on this computer, predict
// layers that they have not seen and whole networks; and how many layers a second they predict.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "cli/commands/layer_readings.h"
#include "cli/reports/layer_models_report.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/readings/readings.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "experiments/experiment.h"
#include "experiments/layer_models/networks.h"

namespace wattgrind {
namespace {

constexpr double kMostMacs = 2.5e9;
constexpr double kSpeedS = 0.5;

struct Options {
  std::string layers, times, write_times;
  double seconds = 3;  // of each network's runs
};

LayerModels fit_forms(const std::vector<LayerReading>& readings,
                      std::vector<const PredictorForm*> forms) {
  LayerFitOptions options;
  options.forms = std::move(forms);
  return fit_layer_models(readings, options);
}

double percent_off(double predicted, double measured) { return 100 * (predicted / measured - 1); }

// Predictions of the readings' own layers, again and again.
double predictions_per_s(const LayerModels& models, const std::vector<LayerReading>& readings) {
  using Watch = std::chrono::steady_clock;
  const Watch::time_point start = Watch::now();
  size_t done = 0;
  double seconds = 0, sum = 0;
  while (seconds < kSpeedS) {
    for (const LayerReading& reading : readings) {
      const KindModel* model = models.find(reading.point.kind);
      if (model == nullptr || !model->time) continue;
      sum += predict(*model, reading.point).time_s->value;
      ++done;
    }
    seconds = std::chrono::duration<double>(Watch::now() - start).count();
  }
  CHECK(sum > 0, "{}", sum);
  return static_cast<double>(done) / seconds;
}

struct NamedModels {
  std::string name;
  LayerModels models;
  double off_percent = 0;  // sum over networks of the error's size
};

void print_networks(const NetworkTimes& times, std::vector<NamedModels>& all,
                    const Machine& machine) {
  fmt::print("\n{:<17} {:>13} {:>9}", "network", "measured (ms)", "+- (%)");
  for (const NamedModels& models : all) fmt::print(" {:>11}", models.name);
  fmt::print("   (% off)\n");
  for (const auto& [name, time] : times) {
    const CountedNetworkLayers counted = count_layers_of(name, machine);
    fmt::print("{:<17} {:13.4f} {:9.1f}", name, 1e3 * time.seconds, 100 * time.relative_error);
    std::set<std::string> unknown;
    for (NamedModels& models : all) {
      const NetworkPrediction prediction =
          predict_network(counted.network, 1, models.models, counted.work);
      const double off = percent_off(prediction.time_s.value().value, time.seconds);
      models.off_percent += std::abs(off);
      fmt::print(" {:+11.1f}", off);
      for (const std::string& kind : prediction.unknown_kinds) unknown.insert(kind);
    }
    fmt::print("{}\n",
               unknown.empty() ? "" : fmt::format("   without {}", fmt::join(unknown, ", ")));
  }
  fmt::print("{:<17} {:13} {:9}", "mean error", "", "");
  for (const NamedModels& models : all) {
    fmt::print(" {:11.1f}", models.off_percent / static_cast<double>(times.size()));
  }
  fmt::print("   NeuralPower 11.8\n");
}

int run(const Options& options) {
  if (!options.write_times.empty()) {
    const NetworkTimes times = time_networks_here(network_names(kMostMacs), options.seconds);
    write_file(options.write_times, network_times_csv(times));
    return 0;
  }
  const Machine machine = find_machine("host");
  ReadingsFormat format;
  format.time_alone = true;
  LayerModelsReport report;
  report.readings_file = std::filesystem::path(options.layers).filename();
  report.readings =
      layer_readings(parse_readings(read_file(options.layers), options.layers, format),
                     options.layers, &machine, [](std::string_view, uint64_t, uint64_t) {});
  const auto forms = predictor_forms();
  report.models = fit_forms(report.readings, {forms.begin(), forms.end()});
  fmt::print("{}", layer_models_text(report, Emphasis::kNone));
  std::vector<NamedModels> all;
  all.push_back({"auto", fit_forms(report.readings, {forms.begin(), forms.end()}), 0});
  for (const PredictorForm* form : forms) {
    all.push_back({std::string(form->name), fit_forms(report.readings, {form}), 0});
  }
  if (!options.times.empty()) print_networks(read_network_times(options.times), all, machine);
  fmt::print("\npredictions a second:");
  for (const NamedModels& models : all) {
    fmt::print(" {} {:.0f}", models.name, predictions_per_s(models.models, report.readings));
  }
  fmt::print("\n");
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  CLI::App program{"Models of layers, fitted and tried on this computer"};
  wattgrind::Options options;
  program.add_option("--layers", options.layers, "Readings of wattgrind profile");
  program.add_option("--times", options.times, "Times of networks, measured before");
  program.add_option("--write-times", options.write_times, "Measure networks, and nothing else");
  program.add_option("--seconds", options.seconds, "For each network's runs");
  CLI11_PARSE(program, argc, argv);
  return wattgrind::exit_status_of("layer_models", [&] { return wattgrind::run(options); });
}
