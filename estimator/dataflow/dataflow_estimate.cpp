#include "estimator/dataflow/dataflow_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "estimator/base/error.h"
#include "estimator/dataflow/run_length.h"

namespace wattgrind {
namespace {

// Mappings found before, by the layer's shape and the widths of its words.
class MappingMemory {
 public:
  MappingMemory(const Accelerator& accelerator, const Dataflow& dataflow,
                MappingObjective objective)
      : accelerator_(accelerator), dataflow_(dataflow), objective_(objective) {}

  // Finds no mapping for pooling that does not fit.
  const MappingResult& find(const DataflowTask& task, const WordPrices& prices) {
    std::string key = task.problem->pooling ? "pool " : "";
    key += to_string(*task.problem) + " " + std::to_string(task.problem->span_rows) + " " +
           std::to_string(task.problem->span_columns);
    for (const double bits : task.bits.value_or(std::array<double, kDataKinds>{})) {
      key += " " + std::to_string(bits);
    }
    const auto known = mapped_.find(key);
    if (known != mapped_.end()) return known->second;
    const MappingResult result = map(*task.problem, prices);
    const auto* none = std::get_if<NoMapping>(&result);
    if (none != nullptr && !task.problem->pooling) {
      fail(ErrorKind::kInput, "{}: layer {} has no {} mapping: {}", accelerator_.name, task.name,
           dataflow_.description(), to_text(*none));
    }
    return mapped_.emplace(key, result).first->second;
  }

 private:
  // Register files may be too small for the rows of a layer's filters. Seen flat, a dense layer has
  // none; those of others are cut into the fewest pieces that fit. Where nothing fits, what is
  // wanted is the least buffer that any of these would do with.
  MappingResult map(const LayerProblem& problem, const WordPrices& prices) const {
    MappingResult result = dataflow_.map(problem, accelerator_, prices, objective_);
    for (const LayerProblem& form : other_forms(problem)) {
      if (std::holds_alternative<MappedLayer>(result)) return result;
      MappingResult again = dataflow_.map(form, accelerator_, prices, objective_);
      const auto* none = std::get_if<NoMapping>(&again);
      if (none == nullptr || wants_less(*none, std::get<NoMapping>(result))) {
        result = std::move(again);
      }
    }
    return result;
  }

  static std::vector<LayerProblem> other_forms(const LayerProblem& problem) {
    std::vector<LayerProblem> forms;
    if (const auto flat = flattened(problem)) forms.push_back(*flat);
    for (uint64_t pieces = 2; pieces <= problem.filter_columns; ++pieces) {
      if (const auto cut = with_column_pieces(problem, pieces)) forms.push_back(*cut);
    }
    return forms;
  }

  static bool wants_less(const NoMapping& none, const NoMapping& other) {
    return none.least_buffer_bytes &&
           (!other.least_buffer_bytes || *none.least_buffer_bytes < *other.least_buffer_bytes);
  }

  const Accelerator& accelerator_;
  const Dataflow& dataflow_;
  const MappingObjective objective_;
  std::map<std::string, MappingResult> mapped_;
};

double dram_bytes_of(const AccessAmounts& amounts, const DataflowTask& task,
                     const Accelerator& accelerator) {
  double bits = 0;
  for (size_t kind = 0; kind < kDataKinds; ++kind) {
    bits += amounts.words[index_of(StorageLevel::kDram)][kind] *
            (task.bits ? (*task.bits)[kind] : accelerator.word_bits[kind].value);
  }
  return bits / kBitsAByte;
}

void add_amounts(const AccessAmounts& amounts, AccessAmounts& sum) {
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      sum.words[level][kind] += amounts.words[level][kind];
    }
  }
  sum.macs += amounts.macs;
  sum.cycles += amounts.cycles;
}

}  // namespace

std::vector<UnmappedLayer> unmapped_layers(const DataflowEstimate& estimate) {
  std::vector<UnmappedLayer> unmapped;
  for (const DataflowLayer& layer : estimate.layers) {
    if (layer.mapped) continue;
    unmapped.push_back({layer.task.name, layer.task.kind,
                        layer.no_mapping ? to_text(*layer.no_mapping) : std::string()});
  }
  return unmapped;
}

AccessAmounts without_zeros(const MappedLayer& mapped, const DataflowTask& task,
                            const Accelerator& accelerator) {
  AccessAmounts amounts = amounts_of(mapped);
  if (accelerator.zero_gating_source && task.zeros.ifmap) {
    const double left = 1 - *task.zeros.ifmap;
    auto& registers = amounts.words[index_of(StorageLevel::kRegisterFile)];
    amounts.macs *= left;
    registers[index_of(DataKind::kWeights)] *= left;
    registers[index_of(DataKind::kPsum)] *= left;
  }
  if (!accelerator.compression_source) return amounts;
  auto& dram = amounts.words[index_of(StorageLevel::kDram)];
  if (task.zeros.ifmap && !task.reads_network_input) {
    dram[index_of(DataKind::kIfmap)] *= run_length_ratio(*task.zeros.ifmap);
  }
  if (task.zeros.ofmap) {
    const auto outputs = static_cast<double>(task.problem->words(DataKind::kPsum));
    dram[index_of(DataKind::kPsum)] -= outputs * (1 - run_length_ratio(*task.zeros.ofmap));
  }
  return amounts;
}

DataflowEstimate estimate_dataflow(const DataflowTasks& tasks, const Accelerator& accelerator,
                                   const Dataflow& dataflow, MappingObjective objective,
                                   AcceleratorUnit unit) {
  if (!(unit == AcceleratorUnit::kPicojoules ? accelerator.pj : accelerator.macs)) {
    fail(ErrorKind::kInput, "{}: found no energies in {}, wanted energy.{}", accelerator.name,
         unit == AcceleratorUnit::kPicojoules ? "picojoules" : "multiples of a MAC",
         unit == AcceleratorUnit::kPicojoules ? "pj" : "macs");
  }
  DataflowEstimate estimate;
  estimate.network = tasks.network;
  estimate.images = tasks.images;
  estimate.accelerator = accelerator_for(dataflow, accelerator);
  estimate.dataflow = dataflow.name();
  estimate.description = dataflow.description();
  estimate.unit = unit;
  estimate.objective = objective;
  MappingMemory memory(estimate.accelerator, dataflow, objective);
  for (const DataflowTask& task : tasks.layers) {
    DataflowLayer layer;
    layer.task = task;
    if (task.problem) {
      const WordPrices prices = word_prices(estimate.accelerator, unit, task.bits);
      const MappingResult& result = memory.find(task, prices);
      if (const auto* mapped = std::get_if<MappedLayer>(&result)) layer.mapped = *mapped;
      if (const auto* none = std::get_if<NoMapping>(&result)) layer.no_mapping = *none;
    }
    if (layer.mapped) {
      const WordPrices prices = word_prices(estimate.accelerator, unit, task.bits);
      layer.amounts = without_zeros(*layer.mapped, task, estimate.accelerator);
      layer.energy = energy_of(layer.amounts, prices);
      layer.dram_bytes = dram_bytes_of(layer.amounts, task, estimate.accelerator);
      add_amounts(layer.amounts, estimate.amounts);
      estimate.energy += layer.energy;
      estimate.dram_bytes += layer.dram_bytes;
    }
    estimate.layers.push_back(std::move(layer));
  }
  return estimate;
}

}  // namespace wattgrind
