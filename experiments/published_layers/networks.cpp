#include "experiments/published_layers/networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "estimator/base/quantile.h"
#include "estimator/catalog/network_source.h"
#include "estimator/fit/baseline.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"
#include "experiments/measurements.h"

namespace wattgrind {
namespace {

constexpr double kJoulesAKwh = 3.6e6;

Network torchvision_network(const std::string& name) {
  const std::string file = name == "alexnet" ? "alexnet_torchvision" : name;
  return find_network(WATTGRIND_SOURCE_DIR "/experiments/meter_free/networks/" + file + ".json");
}

struct LayerSum {
  double energy_j = 0;
  size_t unknown = 0;  // layers of kinds that no readings are of
  size_t outside = 0;  // layers with a size outside of what was seen
};

LayerSum sum_of_layers(const Network& network, int64_t batch, const LayerModels& models) {
  LayerSum sum;
  for (const Layer& layer : network.layers) {
    if (is_free(layer)) continue;
    const LayerPoint point = layer_point(layer, static_cast<uint64_t>(batch));
    const KindModel* model = models.find(point.kind);
    if (model == nullptr) {
      ++sum.unknown;
      continue;
    }
    const PredictedLayer prediction = predict(*model, point);
    sum.energy_j += prediction.energy_j->value;
    if (!prediction.outside.empty()) ++sum.outside;
  }
  return sum;
}

struct Errors {
  double sum = 0, largest = 0;
  size_t count = 0;

  void add(double predicted, double measured) {
    const double error = 100 * std::abs(predicted / measured - 1);
    sum += error;
    largest = std::max(largest, error);
    ++count;
  }
  std::string text() const {
    return fmt::format("mean {:5.2f} %, largest {:5.2f} %", sum / static_cast<double>(count),
                       largest);
  }
};

void print_lines(const std::vector<NetworkReading>& readings) {
  const size_t count = readings.size();
  for (const auto& [words, first, second] :
       {std::tuple("smallest and largest batch", size_t{0}, count - 1),
        std::tuple("quartiles of the batches", count / 4, 3 * count / 4)}) {
    const NetworkReading &low = readings[first], &high = readings[second];
    const double batches[] = {static_cast<double>(low.batch), static_cast<double>(high.batch)};
    const double energies[] = {low.energy_j, high.energy_j};
    const StraightLine line =
        fit_line(batches, energies, BaselineForm::kLine, Weighting::kAbsolute);
    Errors errors;
    for (size_t i = 0; i < count; ++i) {
      if (i == first || i == second) continue;
      errors.add(line.intercept + line.slope * static_cast<double>(readings[i].batch),
                 readings[i].energy_j);
    }
    fmt::print("  line through the {} ({} and {}): {}\n", words, low.batch, high.batch,
               errors.text());
  }
}

}  // namespace

std::vector<NetworkReading> read_network_energies() {
  const std::filesystem::path path = measurements_file("xeon5120_layers/networks.csv");
  const CsvTable table = parse_csv(read_file(path), path.filename().string());
  std::map<std::pair<std::string, int64_t>, std::vector<double>> energies;
  for (const CsvRow& row : table.rows) {
    const auto number = [&](const char* name) { return table.number(row, table.column(name)); };
    if (number("layer_idx") != 0) continue;
    const std::pair key(row.fields[table.column("network")],
                        static_cast<int64_t>(number("batch_size")));
    energies[key].push_back(kJoulesAKwh * number("cpu_energy_kwh_all_passes") /
                            number("forward_passes"));
  }
  std::vector<NetworkReading> readings;
  for (const auto& [key, values] : energies) {
    readings.push_back({key.first, key.second, quantile(values, 0.5)});
  }
  return readings;
}

void print_networks(const std::vector<NetworkReading>& readings, const LayerModels& models) {
  std::map<std::string, std::vector<NetworkReading>> by_network;
  for (const NetworkReading& reading : readings) by_network[reading.network].push_back(reading);
  for (const auto& [name, of_network] : by_network) {
    const Network network = torchvision_network(name);
    Errors errors;
    fmt::print("{}\n  batch    read (J)  layers (J)  off (%)\n", name);
    for (const NetworkReading& reading : of_network) {
      const LayerSum sum = sum_of_layers(network, reading.batch, models);
      errors.add(sum.energy_j, reading.energy_j);
      fmt::print(
          "  {:5} {:11.1f} {:11.1f}  {:+7.1f}  {}\n", reading.batch, reading.energy_j, sum.energy_j,
          100 * (sum.energy_j / reading.energy_j - 1),
          sum.outside > 0 ? fmt::format("{} layers outside of what was seen", sum.outside) : "");
    }
    const LayerSum sum = sum_of_layers(network, 1, models);
    fmt::print("  sum of the layers: {}; {} layers are of kinds without readings\n", errors.text(),
               sum.unknown);
    print_lines(of_network);
  }
}

}  // namespace wattgrind
