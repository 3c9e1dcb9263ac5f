// Layers and networks on this computer, measured, against a profile that knows nothing of it.
#include <fmt/format.h>

#include <cmath>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/machine/host_isa.h"
#include "estimator/system/atomic_file.h"
#include "experiments/meter_free/counting.h"
#include "experiments/meter_free/parts.h"
#include "experiments/meter_free/table.h"
#include "experiments/runtime/timed_networks.h"
#include "experiments/runtime/times.h"

namespace wattgrind {
namespace {

// This project's virtual machines are of this processor.
constexpr const char* kProfile = "zen5_epyc";

double mean_error_percent(const std::vector<Compared>& rows) {
  double sum = 0;
  for (const Compared& row : rows) sum += std::abs(row.ratio() - 1);
  return 100 * sum / static_cast<double>(rows.size());
}

}  // namespace

void run_here(const Options& options) {
  const Machine machine = builtin_machine(kProfile);
  if (host_isa() != machine.isa) {
    fail(ErrorKind::kMissing, "this part compares profile {} with a processor of it: found {}",
         kProfile, traits(host_isa()).name);
  }
  const std::vector<Network> layers = random_layers(options.seed);
  std::vector<Network> all = layers;
  for (const std::string_view name : builtin_names("networks")) {
    all.push_back(builtin_network(name));
  }
  Times times;
  if (options.times.empty()) {
    times = time_networks(all, 0, options.seconds);
  } else {
    for (const std::string& file : options.times) add_times(file, times);
  }
  if (!options.write_times.empty()) {
    write_file(options.write_times, times_csv(times));
    return;
  }
  std::vector<Group> groups;
  for (const std::string_view name : kLayerKindNames) groups.push_back({std::string(name), {}});
  Group layer_rows{"all layers", {}}, network_rows{"networks", {}};
  double squares = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const Network& network = all[i];
    fmt::print(stderr, "counting {}\n", network.name);
    const PredictedCost predicted = predict(count_steady(network, 1, machine), machine);
    const RunTimes& run = times.at(network.name);
    squares += run.disagreement() * run.disagreement();
    const Compared row{network.name, predicted.time.seconds, run.median_s(), predicted.time_factor};
    if (i < layers.size()) {
      groups[static_cast<size_t>(kind_of(network.layers[0].operation))].rows.push_back(row);
      layer_rows.rows.push_back(row);
    } else {
      network_rows.rows.push_back(row);
    }
  }
  std::vector<Group> drawn = groups;
  groups.push_back(layer_rows);
  groups.push_back(network_rows);
  drawn.push_back(network_rows);
  print_agreement("time, medians of rounds", groups);
  fmt::print("\n{:<14} {:>14} {:>15} {:>8}\n", "network", "measured (ms)", "predicted (ms)",
             "off (%)");
  for (const Compared& row : network_rows.rows) {
    fmt::print("{:<14} {:14.4f} {:15.4f} {:+8.1f}\n", row.name, 1e3 * row.read, 1e3 * row.predicted,
               100 * (row.ratio() - 1));
  }
  fmt::print(
      "\nmean error: layers {:.1f} %, networks {:.1f} %; medians of every other round differ "
      "by {:.1f} % (root of the mean square)\n",
      mean_error_percent(layer_rows.rows), mean_error_percent(network_rows.rows),
      100 * std::sqrt(squares / static_cast<double>(all.size())));
  draw("here", "This computer: an EPYC of Zen 5 cores, one thread, batch 1", "s", drawn);
  save_rows(options, "here", groups);
}

}  // namespace wattgrind
