// How well models of layers predict what PyTorch's layers took on a Xeon Gold 5120: energies of
// readings left out, kind by kind and form by form, and of whole networks.
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "cli/commands/layer_readings.h"
#include "estimator/charts/svg_plot.h"
#include "estimator/models/reading_oddities.h"
#include "estimator/readings/readings.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "experiments/experiment.h"
#include "experiments/measurements.h"
#include "experiments/published_layers/networks.h"

namespace wattgrind {
namespace {

struct PublishedKind {
  std::string file;
  std::string workload;
  // Mean errors of energy on rows that nobody has here: of a forest of 600 boosted trees, as
  // whoever keeps the rows says, and what we are to reach.
  std::optional<double> forest_percent, target_percent;
};

std::vector<PublishedKind> published_kinds() {
  const std::string values = ":input={input_size}x1x1,batch={batch_size}";
  const std::string map =
      "stride={stride},padding={padding},input={in_channels}x{image_size}x{image_size},"
      "batch={batch_size}";
  return {
      {"conv2d", "conv:filters={out_channels},kernel={kernel_size}," + map, 13.6, 12},
      {"linear", "dense:units={output_size},input={input_size}x1x1,batch={batch_size}", 2.6, 2.5},
      {"maxpool2d", "maxpool:kernel={kernel_size}," + map, 3.1, 3},
      {"relu", "relu" + values, std::nullopt, 5},
      {"sigmoid", "sigmoid" + values, 5.5, 5},
      {"tanh", "tanh" + values, 7.3, 7},
      {"softmax", "softmax" + values, 3.4, 3.4}};
}

std::vector<LayerReading> read_kind(const PublishedKind& kind) {
  const std::filesystem::path path = measurements_file("xeon5120_layers/" + kind.file + ".csv");
  ReadingsFormat format;
  format.energy_column = "cpu_energy:kWh";
  format.duration_column = "duration/forward_passes";
  format.workload_template = kind.workload;
  const std::string name = path.filename().string();
  return layer_readings(parse_readings(read_file(path), name, format), name, nullptr,
                        [](std::string_view, uint64_t, uint64_t) {});
}

std::string percent_or_dash(const std::optional<double>& percent) {
  return percent ? fmt::format("{:.1f}", *percent) : "-";
}

std::optional<double> error_of(const QuantityModel& model, std::string_view form) {
  for (const FormScore& score : model.scores) {
    if (score.form == form) return score.left_out.mape_percent;
  }
  return std::nullopt;
}

void print_kind(const PublishedKind& published, const KindModel& model) {
  const QuantityModel& energy = *model.energy;
  fmt::print(
      "{:<10} {:>8} {:>10.1f} {:>6} {:>10} {:>6} {:>6} {:>7} {:>6} {:>6}  {}\n", published.file,
      model.readings, energy.in_proportion->mape_percent,
      percent_or_dash(error_of(energy, "paleo")), percent_or_dash(error_of(energy, "polynomial")),
      percent_or_dash(error_of(energy, "hybrid")), percent_or_dash(error_of(energy, "steps")),
      percent_or_dash(energy.nearest_mode_mape_percent), percent_or_dash(published.forest_percent),
      percent_or_dash(published.target_percent), energy.predictor->form());
}

void print_jumps_and_modes(const std::vector<LayerReading>& readings, const KindModel& model) {
  for (const Jump& jump : find_jumps(readings, model.kind, LayerQuantity::kEnergy)) {
    fmt::print("  {}: energy {:+.0f} % from {:.3g} {} on\n", model.kind, 100 * (jump.factor - 1),
               jump.from, jump.of);
  }
  const auto open = open_modes(readings, model, LayerQuantity::kEnergy);
  if (!open) return;
  fmt::print("  {}: {} of {} readings in modes:", model.kind, open->readings, model.readings);
  for (const Mode& mode : open->an_operation) {
    fmt::print(" {:.1f} nJ ({:.0f} %)", 1e9 * mode.value, 100 * mode.share);
  }
  fmt::print(" an operation\n");
}

// Readings of every kind but relu, whose modes no prediction can meet, against predictions by fits
// that never saw them.
void draw(const std::vector<std::vector<LayerReading>>& readings,
          const std::vector<KindModel>& models) {
  ScatterPlot plot;
  plot.title = "Layers of PyTorch on a Xeon Gold 5120, left out";
  plot.x_label = "log10 of the energy read (J)";
  plot.y_label = "log10 of the energy predicted (J)";
  for (size_t i = 0; i < models.size(); ++i) {
    if (models[i].kind == "relu") continue;
    PlotSeries series{models[i].kind, {}};
    const std::vector<size_t> indices =
        readings_of(readings[i], models[i].kind, LayerQuantity::kEnergy);
    for (size_t j = 0; j < indices.size(); ++j) {
      const LayerReading& reading = readings[i][indices[j]];
      series.points.push_back({std::log10(*reading.energy_j),
                               std::log10(models[i].energy->left_out_predictions[j]),
                               reading.workload});
    }
    plot.series.push_back(std::move(series));
  }
  plot.lines.push_back({"read as predicted", -2, -2, 4, 4});
  write_file(WATTGRIND_SOURCE_DIR "/experiments/published_layers/left_out.svg", to_svg(plot));
}

void run() {
  LayerModels all;
  std::string oddities;
  fmt::print("energy of readings left out: mean absolute error (%)\n");
  fmt::print("{:<10} {:>8} {:>10} {:>6} {:>10} {:>6} {:>6} {:>7} {:>6} {:>6}  {}\n", "kind",
             "readings", "operations", "paleo", "polynomial", "hybrid", "steps", "nearest",
             "forest", "target", "taken");
  std::vector<std::vector<LayerReading>> readings;
  for (const PublishedKind& kind : published_kinds()) {
    readings.push_back(read_kind(kind));
    LayerFitOptions options;
    for (const PredictorForm* form : predictor_forms()) options.forms.push_back(form);
    options.progress = [](std::string_view what, size_t, size_t) {
      fmt::print(stderr, "{}\n", what);
    };
    LayerModels models = fit_layer_models(readings.back(), options);
    print_kind(kind, models.kinds.front());
    all.kinds.push_back(std::move(models.kinds.front()));
  }
  fmt::print("\njumps and modes\n");
  for (size_t i = 0; i < readings.size(); ++i) print_jumps_and_modes(readings[i], all.kinds[i]);
  draw(readings, all.kinds);
  fmt::print("\nwhole networks: energy of a pass\n");
  print_networks(read_network_energies(), all);
}

}  // namespace
}  // namespace wattgrind

int main() {
  return wattgrind::exit_status_of("published_layers", [] {
    wattgrind::run();
    return 0;
  });
}
