#include "cli/reports/dataflow_report.h"

#include <fmt/ranges.h>

#include <map>

#include "cli/reports/estimate_metrics.h"
#include "cli/terminal/sentence.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr double kMilliwattsAWatt = 1e3, kMillisecondsASecond = 1e3, kPercentOfWhole = 100;
constexpr double kPicojoulesAWattsecond = 1e12;

// What a unit of energy is in tables.
struct EnergyColumn {
  std::string suffix, title;
  double unit = 1;
  int decimals = 0;
};

EnergyColumn energy_column(const DataflowEstimate& estimate) {
  if (estimate.unit == AcceleratorUnit::kMacs) return {"_mac", " (MACs)", 1, 0};
  return {"_uj", " (uJ)", kPicojoulesAMicrojoule, 3};
}

std::string_view objective_word(MappingObjective objective) {
  switch (objective) {
    case MappingObjective::kEnergy:
      return "energy";
    case MappingObjective::kDelay:
      return "delay";
    case MappingObjective::kEnergyDelay:
      return "energy times delay";
  }
  return "";
}

std::optional<double> accelerator_seconds(const DataflowEstimate& estimate, double cycles) {
  if (!estimate.accelerator.clock_hz) return std::nullopt;
  return cycles / estimate.accelerator.clock_hz->value;
}

// What the chip draws, which DRAM is no part of.
std::optional<double> chip_watts(const DataflowEstimate& estimate, const DataflowEnergy& energy,
                                 double cycles) {
  const std::optional<double> time = accelerator_seconds(estimate, cycles);
  if (!time || estimate.unit != AcceleratorUnit::kPicojoules || *time == 0) return std::nullopt;
  return (energy.total() - energy.level(StorageLevel::kDram)) / kPicojoulesAWattsecond / *time;
}

std::optional<double> scaled_amount(const std::optional<double>& value, double factor) {
  if (!value) return std::nullopt;
  return *value * factor;
}

bool has_idle(const DataflowEstimate& estimate) { return estimate.energy.idle > 0; }

std::string storage_text(const Accelerator& accelerator) {
  return fmt::format("{:.0f} x {:.0f} elements with {:.0f} B each, buffer {:.6g} KiB",
                     accelerator.rows.value, accelerator.columns.value,
                     accelerator.register_bytes(), accelerator.buffer_bytes.value / 1024);
}

bool any_zeros_known(const DataflowEstimate& estimate) {
  for (const DataflowLayer& layer : estimate.layers) {
    if (layer.task.zeros.ifmap || layer.task.zeros.ofmap) return true;
  }
  return false;
}

std::string zeros_text(const DataflowEstimate& estimate) {
  if (!any_zeros_known(estimate)) return "";
  const Accelerator& accelerator = estimate.accelerator;
  const bool gates = accelerator.zero_gating_source.has_value();
  const bool compresses = accelerator.compression_source.has_value();
  return fmt::format("zeros: {}\n", gates && compresses
                                        ? "gate multipliers, and shorten maps in DRAM"
                                    : gates      ? "gate multipliers"
                                    : compresses ? "shorten maps in DRAM"
                                                 : "change nothing on this accelerator");
}

ordered_json dataflow_energy_json(const DataflowEnergy& energy) {
  ordered_json json;
  json["compute"] = energy.compute;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      json["levels"][std::string(kStorageLevelNames[level])][std::string(kDataKindNames[kind])] =
          energy.data[level][kind];
    }
  }
  if (energy.idle > 0) json["idle"] = energy.idle;
  json["total"] = energy.total();
  return json;
}

ordered_json accesses_json(const AccessAmounts& amounts) {
  ordered_json json;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      json[std::string(kStorageLevelNames[level])][std::string(kDataKindNames[kind])] =
          amounts.words[level][kind];
    }
  }
  return json;
}

ordered_json access_counts_json(const AccessCounts& counts) {
  ordered_json json;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      json[std::string(kStorageLevelNames[level])][std::string(kDataKindNames[kind])] =
          counts.at(static_cast<StorageLevel>(level), static_cast<DataKind>(kind));
    }
  }
  return json;
}

void add_time_json(const DataflowEstimate& estimate, const DataflowEnergy& energy, double cycles,
                   ordered_json& json) {
  if (const auto time = accelerator_seconds(estimate, cycles)) json["time_s"] = *time;
  if (const auto watts = chip_watts(estimate, energy, cycles)) json["chip_power_w"] = *watts;
}

ordered_json mapping_json(const Mapping& mapping) {
  ordered_json json;
  for (const MappingParameter& parameter : mapping.parameters) {
    json["parameters"][parameter.name] = parameter.value;
  }
  json["loops"] = ordered_json::array();
  for (const MappingLoop& loop : mapping.loops) {
    json["loops"].push_back({{"level", kStorageLevelNames[index_of(loop.level)]},
                             {"parallel", loop.parallel},
                             {"dimension", loop.dimension},
                             {"extent", loop.extent}});
  }
  return json;
}

ordered_json dataflow_layer_json(const DataflowEstimate& estimate, const DataflowLayer& layer) {
  ordered_json json = {{"name", layer.task.name}, {"kind", layer.task.kind}};
  json["mapped"] = layer.mapped.has_value();
  if (layer.no_mapping) json["reason"] = to_text(*layer.no_mapping);
  if (!layer.mapped) return json;
  json["shape"] = to_string(*layer.task.problem);
  json["macs"] = layer.mapped->macs;
  json["accesses"] = access_counts_json(layer.mapped->counts);
  if (any_zeros_known(estimate)) json["accesses_without_zeros"] = accesses_json(layer.amounts);
  json["energy"] = dataflow_energy_json(layer.energy);
  json["active_elements"] = layer.mapped->active_elements;
  json["cycles"] = layer.mapped->cycles;
  json["utilisation"] = dataflow_utilisation(*layer.mapped, estimate.accelerator);
  json["dram_bytes"] = layer.dram_bytes;
  add_time_json(estimate, layer.energy, layer.amounts.cycles, json);
  json["mapping"] = mapping_json(layer.mapped->mapping);
  return json;
}

}  // namespace

std::string unmapped_text(const std::vector<UnmappedLayer>& layers) {
  std::map<std::string, int> kinds;
  for (const UnmappedLayer& layer : layers) {
    if (layer.reason.empty()) ++kinds[layer.kind];
  }
  std::vector<std::string> words;
  for (const auto& [kind, count] : kinds) words.push_back(fmt::format("{} ({})", kind, count));
  for (const UnmappedLayer& layer : layers) {
    if (!layer.reason.empty()) words.push_back(fmt::format("{} ({})", layer.name, layer.reason));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

double dataflow_utilisation(const MappedLayer& layer, const Accelerator& accelerator) {
  return static_cast<double>(layer.macs) /
         (static_cast<double>(layer.cycles) * static_cast<double>(accelerator.elements()));
}

Table dataflow_table(const DataflowEstimate& estimate, bool with_total) {
  const EnergyColumn energy = energy_column(estimate);
  Table table;
  table.columns = {{"layer", "layer"}, {"kind", "kind"}, {"macs", "MACs", 0, 3}};
  std::vector<std::string> parts = {"compute", "registers", "array", "buffer", "dram"};
  if (has_idle(estimate)) parts.emplace_back("idle");
  parts.emplace_back("total");
  for (const std::string& part : parts) {
    table.columns.push_back({part + energy.suffix, (part == "dram" ? "DRAM" : part) + energy.title,
                             energy.decimals, part == "total" ? 0 : 2});
  }
  table.columns.push_back({"percent", "%", 1, 1});
  table.columns.push_back({"active_elements", "active", 0, 4});
  table.columns.push_back({"utilisation_percent", "utilisation (%)", 1, 3});
  table.columns.push_back({"cycles", "cycles", 0, 1});
  table.columns.push_back({"dram_bytes", "DRAM bytes", 0, 2});
  const bool timed = estimate.accelerator.clock_hz.has_value();
  const bool powered = timed && estimate.unit == AcceleratorUnit::kPicojoules;
  if (timed) table.columns.push_back({"time_ms", "time (ms)", 3, 2});
  if (powered) table.columns.push_back({"chip_power_mw", "chip (mW)", 1, 3});
  const double whole = estimate.energy.total();
  const auto append = [&](std::vector<Cell> cells, const DataflowEnergy& part,
                          const AccessAmounts& amounts, double dram_bytes, Cell active,
                          double utilisation) {
    cells.emplace_back(part.compute / energy.unit);
    for (size_t level = kStorageLevels; level-- > 0;) {
      cells.emplace_back(part.level(static_cast<StorageLevel>(level)) / energy.unit);
    }
    if (has_idle(estimate)) cells.emplace_back(part.idle / energy.unit);
    cells.emplace_back(part.total() / energy.unit);
    cells.emplace_back(whole > 0 ? part.total() / whole * kPercentOfWhole : 0.0);
    cells.push_back(std::move(active));
    cells.emplace_back(utilisation * kPercentOfWhole);
    cells.emplace_back(static_cast<uint64_t>(amounts.cycles));
    cells.emplace_back(dram_bytes);
    if (timed)
      cells.push_back(optional_cell(
          scaled_amount(accelerator_seconds(estimate, amounts.cycles), kMillisecondsASecond)));
    if (powered) {
      cells.push_back(optional_cell(
          scaled_amount(chip_watts(estimate, part, amounts.cycles), kMilliwattsAWatt)));
    }
    table.rows.push_back(std::move(cells));
  };
  uint64_t macs = 0;
  for (const DataflowLayer& layer : estimate.layers) {
    if (!layer.mapped) continue;
    macs += layer.mapped->macs;
    append({layer.task.name, layer.task.kind, layer.mapped->macs}, layer.energy, layer.amounts,
           layer.dram_bytes, layer.mapped->active_elements,
           dataflow_utilisation(*layer.mapped, estimate.accelerator));
  }
  if (!with_total) return table;
  const double slots =
      estimate.amounts.cycles * static_cast<double>(estimate.accelerator.elements());
  append({"total", "-", macs}, estimate.energy, estimate.amounts, estimate.dram_bytes, Cell(),
         slots > 0 ? static_cast<double>(macs) / slots : 0);
  table.footer_rows = 1;
  return table;
}

Table dataflow_tensor_table(const DataflowEstimate& estimate, bool with_total) {
  const EnergyColumn energy = energy_column(estimate);
  Table table;
  table.columns = {{"layer", "layer"}};
  std::vector<std::pair<std::string, std::string>> parts = {{"ifmap", "input maps"},
                                                            {"weights", "weights"},
                                                            {"ofmap", "output maps"},
                                                            {"compute", "computation"}};
  if (has_idle(estimate)) parts.emplace_back("idle", "idle");
  parts.emplace_back("total", "total");
  for (const auto& [key, title] : parts) {
    table.columns.push_back({key + energy.suffix, title + energy.title, energy.decimals});
  }
  const auto append = [&](const std::string& name, const DataflowEnergy& part) {
    std::vector<Cell> cells = {name};
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      cells.emplace_back(part.kind(static_cast<DataKind>(kind)) / energy.unit);
    }
    cells.emplace_back(part.compute / energy.unit);
    if (has_idle(estimate)) cells.emplace_back(part.idle / energy.unit);
    cells.emplace_back(part.total() / energy.unit);
    table.rows.push_back(std::move(cells));
  };
  for (const DataflowLayer& layer : estimate.layers) {
    if (layer.mapped) append(layer.task.name, layer.energy);
  }
  if (with_total) {
    append("total", estimate.energy);
    table.footer_rows = 1;
  }
  return table;
}

std::string dataflow_text(const DataflowEstimate& estimate, bool by_tensor, const TextPage& page) {
  std::string text = sentence("{}, batch {}, on {}: {}, mapped for least {}\n", estimate.network,
                              estimate.images, estimate.accelerator.name, estimate.description,
                              objective_word(estimate.objective)) +
                     storage_text(estimate.accelerator) + "\n" + zeros_text(estimate) + "\n";
  text += aligned_text(
      by_tensor ? dataflow_tensor_table(estimate, true) : dataflow_table(estimate, true), page);
  if (const std::string unmapped = unmapped_text(unmapped_layers(estimate)); !unmapped.empty()) {
    text += sentence("\nnot mapped, and in no figure: {}\n", unmapped);
  }
  if (!estimate.accelerator.notes.empty()) text += "\n";
  for (const std::string& note : estimate.accelerator.notes) text += sentence("{}\n", note);
  return text;
}

ordered_json dataflow_json(const DataflowEstimate& estimate) {
  const Accelerator& accelerator = estimate.accelerator;
  ordered_json json = {{"schema", "wattgrind/dataflow/1"}};
  json["network"] = {{"name", estimate.network}, {"batch", estimate.images}};
  json["accelerator"] = {{"name", accelerator.name},
                         {"rows", accelerator.rows.value},
                         {"columns", accelerator.columns.value},
                         {"register_file_bytes", accelerator.register_bytes()},
                         {"buffer_bytes", accelerator.buffer_bytes.value}};
  json["dataflow"] = estimate.dataflow;
  json["objective"] = objective_word(estimate.objective);
  json["unit"] = estimate.unit == AcceleratorUnit::kMacs ? "mac" : "pj";
  json["layers"] = ordered_json::array();
  for (const DataflowLayer& layer : estimate.layers) {
    json["layers"].push_back(dataflow_layer_json(estimate, layer));
  }
  ordered_json total;
  total["energy"] = dataflow_energy_json(estimate.energy);
  total["cycles"] = static_cast<uint64_t>(estimate.amounts.cycles);
  total["dram_bytes"] = estimate.dram_bytes;
  add_time_json(estimate, estimate.energy, estimate.amounts.cycles, total);
  json["total"] = total;
  return json;
}

std::string mappings_text(const DataflowEstimate& estimate) {
  std::string text;
  for (const DataflowLayer& layer : estimate.layers) {
    if (!layer.mapped) continue;
    const Mapping& mapping = layer.mapped->mapping;
    std::vector<std::string> parameters;
    for (const MappingParameter& parameter : mapping.parameters) {
      parameters.push_back(fmt::format("{} = {}", parameter.name, parameter.value));
    }
    text += sentence("{}: {}\n{}\n", layer.task.name, to_string(*layer.task.problem),
                     fmt::format("{}", fmt::join(parameters, ", "))) +
            to_text(mapping) + "\n";
  }
  return text;
}

}  // namespace wattgrind
