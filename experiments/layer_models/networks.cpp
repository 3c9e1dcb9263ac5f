#include "experiments/layer_models/networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands/layer_readings.h"
#include "estimator/base/error.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/csv.h"
#include "estimator/readings/layer_turns.h"
#include "estimator/system/file_text.h"
#include "estimator/system/thread_clock.h"
#include "kernels/count/count_source.h"
#include "kernels/run/native_workload.h"

namespace wattgrind {
namespace {

constexpr size_t kNetworksTogether = 6;

}  // namespace

std::vector<std::string> network_names(double most_macs) {
  std::vector<std::string> names;
  for (const std::string_view name : builtin_names("networks")) {
    if (static_cast<double>(builtin_network(name).macs()) <= most_macs) names.emplace_back(name);
  }
  return names;
}

NetworkTimes time_networks_here(const std::vector<std::string>& names, double limit_s) {
  NetworkTimes times;
  TurnOptions options;
  options.caches = {CacheWarmth::kWarm};
  options.time_limit_s = limit_s;
  options.relative_error = 0.005;
  for (size_t begin = 0; begin < names.size(); begin += kNetworksTogether) {
    std::vector<TurnLoad> loads;
    for (size_t i = begin; i < std::min(names.size(), begin + kNetworksTogether); ++i) {
      auto native = std::make_shared<NativeWorkload>(builtin_network(names[i]), 1);
      loads.push_back(
          {names[i], 1, [native] { native->run(); }, [native] { native->empty_caches(); }});
    }
    for (const Reading& reading : time_in_turns(loads, thread_clock(), options)) {
      times[reading.workload] = {*reading.seconds(), *reading.relative_error};
    }
  }
  return times;
}

std::string network_times_csv(const NetworkTimes& times) {
  std::string text = "network,seconds,relative_error\n";
  for (const auto& [name, time] : times) {
    text += fmt::format("{},{},{}\n", name, time.seconds, time.relative_error);
  }
  return text;
}

NetworkTimes read_network_times(const std::string& path) {
  const CsvTable table = parse_csv(read_file(path), path);
  NetworkTimes times;
  for (const CsvRow& row : table.rows) {
    times[row.fields[table.column("network")]] = {
        table.number(row, table.column("seconds")),
        table.number(row, table.column("relative_error"))};
  }
  return times;
}

CountedNetworkLayers count_layers_of(const std::string& name, const Machine& machine) {
  CountedNetworkLayers result{builtin_network(name), {}};
  const auto events = make_simulation_source(CacheModel::kMachine);
  const auto source = make_instruction_source(*events);
  const NetworkCounts counts = count_network(
      result.network, 1, machine, true, *source, [](std::string_view, uint64_t, uint64_t) {},
      nullptr, Plan::kLayers);
  for (size_t i = 0; i < result.network.layers.size(); ++i) {
    CHECK(counts.rows[i].name == result.network.layers[i].name, "row {}", i);
    result.work.push_back(kernel_work(counts.rows[i].counts));
  }
  return result;
}

}  // namespace wattgrind
