#include "cli/commands/layer_readings.h"

#include <map>
#include <tuple>
#include <utility>

#include "cli/commands/version.h"
#include "cli/terminal/message.h"
#include "estimator/base/error.h"
#include "estimator/catalog/layer_source.h"
#include "estimator/catalog/workload_source.h"
#include "estimator/models/layer_models_file.h"
#include "estimator/network/network_part.h"
#include "estimator/system/file_text.h"
#include "kernels/count/count_source.h"

namespace wattgrind {
namespace {

LayerLoad layer_load(const Reading& reading) {
  if (std::optional<LayerLoad> load = find_layer(reading.workload)) {
    if (reading.batch != 1) load->batch = static_cast<int64_t>(reading.batch);
    return std::move(*load);
  }
  Workload workload = find_workload(reading.workload);
  auto* network = std::get_if<Network>(&workload);
  if (network == nullptr || network->layers.size() != 1) {
    fail(ErrorKind::kInput,
         "{}: a layer model is fitted to layers alone: wanted a layer, as in "
         "conv:filters=64,kernel=3,input=64x56x56 or lenet5/conv1",
         reading.workload);
  }
  return {std::move(*network), static_cast<int64_t>(reading.batch)};
}

KernelWork count_layer(const LayerLoad& load, const Machine& machine, bool cold) {
  const auto events = make_simulation_source(CacheModel::kMachine);
  const auto source = make_instruction_source(*events);
  const NetworkCounts counts = count_network(
      load.network, load.batch, machine, !cold, *source,
      [](std::string_view, uint64_t, uint64_t) {}, nullptr, Plan::kLayers);
  return kernel_work(total(counts.rows).counts);
}

}  // namespace

void require_one_origin(const std::vector<Reading>& readings, const std::string& file) {
  const Reading* first = nullptr;
  for (const Reading& reading : readings) {
    if (reading.cpu.empty() && reading.kernels.empty()) continue;
    if (first == nullptr) first = &reading;
    if (reading.cpu == first->cpu && reading.kernels == first->kernels) continue;
    fail(ErrorKind::kInput,
         "{}:{}: is of {} and kernels of version {}, line {} of {} and {}: keep each in a file of "
         "its own",
         file, reading.line, reading.cpu, reading.kernels, first->line, first->cpu, first->kernels);
  }
}

KernelWork kernel_work(const EventCounts& counts) {
  KernelWork work;
  work.port_cycles = static_cast<double>(counts.core_cycles.value_or(0));
  work.counts = counts;
  return work;
}

std::vector<LayerReading> layer_readings(const std::vector<Reading>& readings,
                                         const std::string& file, const Machine* machine,
                                         const CountProgress& progress) {
  std::map<std::tuple<std::string, int64_t, bool>, KernelWork> counted;
  std::vector<LayerReading> result;
  require_one_origin(readings, file);
  for (const Reading& reading : readings) {
    within(fmt::format("{}:{}", file, reading.line), [&] {
      if (reading.phase != "inference") {
        fail(ErrorKind::kInput, "{}: layer models are of inference", reading.phase);
      }
      const LayerLoad load = layer_load(reading);
      LayerReading layer;
      layer.point = layer_point(load.network.layers.front(), static_cast<uint64_t>(load.batch));
      layer.workload = fmt::format("{} batch {}", load.network.name, load.batch);
      const std::string whole = whole_workload(reading.workload);
      if (whole != reading.workload) layer.network = whole;
      layer.line = reading.line;
      layer.cold = reading.caches == CacheWarmth::kCold;
      layer.relative_error = reading.relative_error;
      if (reading.energy_j) layer.energy_j = reading.net_energy_j();
      layer.time_s = reading.seconds();
      if (machine != nullptr) {
        progress("counting " + reading.workload, result.size(), readings.size());
        const std::tuple key(load.network.name, load.batch, layer.cold);
        if (counted.count(key) == 0) counted[key] = count_layer(load, *machine, layer.cold);
        layer.point.counted = counted[key];
      }
      result.push_back(std::move(layer));
    });
  }
  return result;
}

NetworkPrediction predict_counted(const Network& network, const NetworkCounts& counts,
                                  const LayerModels& models, const Machine& machine) {
  if (!models.machine.empty() && models.machine != machine.name) {
    print_message(fmt::format("the models are of {}, and this is {}: take --machine {}",
                              models.machine, machine.name, models.machine));
  }
  if (!models.kernels.empty() && models.kernels != program_version()) {
    print_message(
        fmt::format("the models are of the kernels of version {}, and this is {}: measure anew",
                    models.kernels, program_version()));
  }
  std::vector<KernelWork> counted;
  for (size_t i = 0; needs_counts(models) && i < network.layers.size(); ++i) {
    CHECK(counts.rows[i].name == network.layers[i].name, "row {} is {}", i, counts.rows[i].name);
    counted.push_back(kernel_work(counts.rows[i].counts));
  }
  return predict_network(network, static_cast<uint64_t>(counts.batch), models, counted);
}

LayerModels read_models(const std::vector<std::string>& files) {
  std::optional<LayerModels> all;
  for (const std::string& file : files) {
    LayerModels models = read_layer_models(read_file(file), file);
    if (!all) {
      all = std::move(models);
      continue;
    }
    if (models.machine != all->machine) {
      fail(ErrorKind::kInput, "{}: its readings are of machine '{}', those of {} of '{}'", file,
           models.machine, files.front(), all->machine);
    }
    all->readings += ", " + models.readings;
    for (KindModel& model : models.kinds) {
      if (all->find(model.kind) != nullptr) {
        fail(ErrorKind::kInput, "{}: knows {}, as an earlier file does: leave one of them out",
             file, model.kind);
      }
      all->kinds.push_back(std::move(model));
    }
  }
  CHECK(all, "no files");
  return std::move(*all);
}

}  // namespace wattgrind
