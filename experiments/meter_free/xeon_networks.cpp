#include "experiments/meter_free/xeon_networks.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "estimator/base/quantile.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"
#include "experiments/meter_free/counting.h"
#include "experiments/meter_free/xeon_layers.h"

namespace wattgrind {
namespace {

// The readings of one batch, of one pass each.
struct BatchReadings {
  std::vector<double> seconds, joules;
};

// By network and batch; rows of whole networks have the index 0.
std::map<std::string, std::map<int64_t, BatchReadings>> read_networks(const Options& options) {
  const std::string name = "xeon5120_layers/networks.csv";
  const CsvTable table = parse_csv(read_file(published(options, name)), name);
  std::map<std::string, std::map<int64_t, BatchReadings>> result;
  for (const CsvRow& row : table.rows) {
    const auto number = [&](const char* column) { return table.number(row, table.column(column)); };
    if (number("layer_idx") != 0) continue;
    const double passes = number("forward_passes");
    BatchReadings& readings =
        result[row.fields[table.column("network")]][std::llround(number("batch_size"))];
    readings.seconds.push_back(number("duration_s") / passes);
    readings.joules.push_back(number("cpu_energy_kwh_all_passes") * kJoulesAKilowattHour / passes);
  }
  return result;
}

}  // namespace

XeonNetworks xeon_networks(const Options& options, const Machine& machine) {
  // Lines are simulated at these batches; the line through two of them gives the others.
  const std::vector<int64_t> batches = {8, 16, 32, 64};
  const std::map<std::string, std::string> files = {{"alexnet", "alexnet_torchvision"},
                                                    {"vgg11", "vgg11"}};
  XeonNetworks result;
  for (const auto& [name, by_batch] : read_networks(options)) {
    const Network network = find_network(WATTGRIND_SOURCE_DIR "/experiments/meter_free/networks/" +
                                         files.at(name) + ".json");
    fmt::print(stderr, "{}\n", name);
    const CountsByBatch counts(network, machine, batches);
    Group times{name, {}}, energies{name, {}};
    for (const auto& [batch, readings] : by_batch) {
      const PredictedCost predicted = predict(counts.at(batch), machine);
      const std::string label = fmt::format("{} batch {}", name, batch);
      times.rows.push_back(
          {label, predicted.time.seconds, quantile(readings.seconds, 0.5), predicted.time_factor});
      energies.rows.push_back(
          {label, predicted.machine_j, quantile(readings.joules, 0.5), predicted.energy_factor});
      result.predictions.push_back(predicted);
      result.macs.push_back(static_cast<double>(network.macs()) * static_cast<double>(batch));
    }
    result.times.push_back(std::move(times));
    result.energies.push_back(std::move(energies));
  }
  return result;
}

}  // namespace wattgrind
