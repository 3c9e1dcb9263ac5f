#include "cli/estimate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "estimator/error.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr double kPicojoulesAMicrojoule = 1e6;

std::string_view origin_name(PriceOrigin origin) {
  switch (origin) {
    case PriceOrigin::kDefault:
      return "default";
    case PriceOrigin::kEyeriss:
      return "eyeriss";
    case PriceOrigin::kCalibrated:
      return "calibrated";
    case PriceOrigin::kMeasured:
      return "measured";
  }
  CHECK(false, "price origin {}", static_cast<int>(origin));
}

Energy price_energy(const EventCounts& counts, const OperationCounts& operations,
                    const Pricing& pricing) {
  if (pricing.unit == EnergyUnit::kPicojoules) {
    return energy_pj(counts, operations, pricing.prices);
  }
  return energy_macs(counts, operations, pricing.prices);
}

void add(Energy& sum, const Energy& energy) {
  std::visit([&](auto& total) { total += std::get<std::decay_t<decltype(total)>>(energy); }, sum);
}

PricedRow priced(CountedRow row, const Machine& machine, const Pricing& pricing) {
  PricedRow result;
  result.cost = latency_cost(row.counts, machine, pricing.accounting);
  if (row.tensors.empty()) {
    result.energy = price_energy(row.counts, row.operations, pricing);
  } else {
    EventCounts nothing;
    nothing.bytes = References{};
    nothing.levels.resize(machine.levels.size());
    result.energy = price_energy(nothing, row.operations, pricing);
    for (const TensorCounts& tensor : row.tensors) {
      result.tensors.push_back({tensor.tensor, price_energy(tensor.counts, {}, pricing)});
      add(result.energy, result.tensors.back().energy);
    }
  }
  result.row = std::move(row);
  return result;
}

PricedRow sum_of(const std::vector<PricedRow>& rows) {
  std::vector<CountedRow> counted;
  for (const PricedRow& row : rows) counted.push_back(row.row);
  PricedRow sum;
  sum.row = total(counted);
  sum.energy = rows[0].energy;
  for (size_t i = 0; i < rows.size(); ++i) {
    sum.cost += rows[i].cost;
    if (i > 0) add(sum.energy, rows[i].energy);
    for (const PricedTensor& tensor : rows[i].tensors) {
      const auto at = std::ranges::find(sum.tensors, tensor.tensor, &PricedTensor::tensor);
      if (at == sum.tensors.end()) {
        sum.tensors.push_back(tensor);
      } else {
        add(at->energy, tensor.energy);
      }
    }
  }
  return sum;
}

double total_energy(const PricedRow& row) { return energy_of(row.energy).total; }

// A column of the table: how it is called, and its cell of a row.
struct Metric {
  Column column;
  bool for_people = false;  // shown where no metrics are asked for
  std::function<Cell(const PricedRow&)> cell;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

template <typename Part>
Cell energy_part(const PricedRow& row, const Part& part) {
  return std::visit([&](const auto& energy) { return Cell(part(energy).value()); }, row.energy);
}

void append_level_metrics(const Estimate& estimate, std::vector<Metric>& metrics) {
  for (size_t i = 0; i < estimate.machine.levels.size(); ++i) {
    const std::string& name = estimate.machine.levels[i].name;
    const std::string key = lower(name);
    const auto level = [i](const PricedRow& row) { return row.row.counts.levels[i]; };
    metrics.push_back({{key + "_accesses", name + " accesses"},
                       false,
                       [level](const PricedRow& row) { return Cell(level(row).accesses); }});
    metrics.push_back({{key + "_hits", name + " hits"}, false, [level](const PricedRow& row) {
                         return optional_cell(level(row).hits);
                       }});
    metrics.push_back({{key + "_misses", name + " misses"}, true, [level](const PricedRow& row) {
                         return Cell(level(row).misses);
                       }});
    metrics.push_back(
        {{key + "_write_backs", name + " write-backs"}, false, [level](const PricedRow& row) {
           return optional_cell(level(row).write_backs);
         }});
  }
  metrics.push_back({{"dram_accesses", "DRAM accesses"}, false, [](const PricedRow& row) {
                       return Cell(row.row.counts.dram.reads);
                     }});
  metrics.push_back({{"dram_write_backs", "DRAM write-backs"}, false, [](const PricedRow& row) {
                       return optional_cell(row.row.counts.dram.write_backs);
                     }});
}

void append_energy_metrics(const Estimate& estimate, std::vector<Metric>& metrics) {
  const bool picojoules = estimate.pricing.unit == EnergyUnit::kPicojoules;
  const std::string unit = picojoules ? "pj" : "mac";
  const std::string title = picojoules ? "pJ" : "MACs";
  const auto add = [&](const std::string& part, auto get) {
    metrics.push_back({{fmt::format("energy_{}_{}", lower(part), unit),
                        fmt::format("{} energy ({})", part, title), 0},
                       false,
                       [get](const PricedRow& row) { return energy_part(row, get); }});
  };
  add("compute", [](const auto& energy) { return energy.compute; });
  for (size_t i = 0; i < estimate.machine.levels.size(); ++i) {
    add(estimate.machine.levels[i].name, [i](const auto& energy) { return energy.levels[i]; });
  }
  add("DRAM", [](const auto& energy) { return energy.dram; });
  add("total", [](const auto& energy) { return energy.total(); });
  if (picojoules) {
    metrics.push_back({{"energy_uj", "energy (uJ)", 3}, true, [](const PricedRow& row) {
                         return Cell(total_energy(row) / kPicojoulesAMicrojoule);
                       }});
  } else {
    metrics.back().for_people = true;
  }
  const double all = total_energy(estimate.total);
  metrics.push_back({{"energy_percent", "%", 1}, true, [all](const PricedRow& row) {
                       return all > 0 ? Cell(100 * total_energy(row) / all) : Cell();
                     }});
}

std::vector<Metric> all_metrics(const Estimate& estimate) {
  std::vector<Metric> metrics = {
      {{"kind", "kind"}, true, [](const PricedRow& row) { return Cell(row.row.kind); }},
      {{"output", "output"},
       true,
       [](const PricedRow& row) {
         return row.row.output_shape ? Cell(to_string(*row.row.output_shape)) : Cell();
       }},
      {{"macs", "MACs"}, true, [](const PricedRow& row) { return Cell(row.row.operations.macs); }},
      {{"other_operations", "other operations"},
       false,
       [](const PricedRow& row) { return Cell(row.row.operations.other); }},
      {{"padding_macs", "padding MACs"},
       false,
       [](const PricedRow& row) { return Cell(row.row.operations.padding_macs); }},
      {{"parameters", "parameters"},
       false,
       [](const PricedRow& row) { return Cell(row.row.parameters); }},
      {{"reads", "reads"},
       true,
       [](const PricedRow& row) { return Cell(row.row.counts.refs.reads); }},
      {{"writes", "writes"},
       true,
       [](const PricedRow& row) { return Cell(row.row.counts.refs.writes); }},
      {{"read_bytes", "bytes read"},
       false,
       [](const PricedRow& row) {
         return row.row.counts.bytes ? Cell(row.row.counts.bytes->reads) : Cell();
       }},
      {{"written_bytes", "bytes written"}, false, [](const PricedRow& row) {
         return row.row.counts.bytes ? Cell(row.row.counts.bytes->writes) : Cell();
       }}};
  append_level_metrics(estimate, metrics);
  metrics.push_back({{"cost_cycles", "cycles", 0}, true, [](const PricedRow& row) {
                       return Cell(row.cost.value());
                     }});
  append_energy_metrics(estimate, metrics);
  return metrics;
}

std::vector<Metric> chosen_metrics(const Estimate& estimate, const std::vector<std::string>& names,
                                   bool for_people) {
  const std::vector<Metric> all = all_metrics(estimate);
  std::vector<Metric> chosen;
  if (names.empty()) {
    for (const Metric& metric : all) {
      if (metric.for_people || !for_people) chosen.push_back(metric);
    }
    return chosen;
  }
  for (const std::string& name : names) {
    const auto at = std::ranges::find(all, name, [](const Metric& m) { return m.column.key; });
    if (at == all.end()) {
      std::string known;
      for (const Metric& metric : all) known += (known.empty() ? "" : ", ") + metric.column.key;
      fail(ErrorKind::kUsage, "--metrics: found {}, wanted some of {}", name, known);
    }
    chosen.push_back(*at);
  }
  return chosen;
}

Table table_of(const Estimate& estimate, const std::vector<Metric>& metrics, bool with_total) {
  Table table;
  table.columns.push_back({"layer", "layer"});
  for (const Metric& metric : metrics) table.columns.push_back(metric.column);
  const auto append = [&](const PricedRow& row) {
    std::vector<Cell> cells = {row.row.name};
    for (const Metric& metric : metrics) cells.push_back(metric.cell(row));
    table.rows.push_back(std::move(cells));
  };
  for (const PricedRow& row : estimate.rows) append(row);
  if (with_total) {
    append(estimate.total);
    table.footer_rows = 1;
  }
  return table;
}

ordered_json level_json(const Machine& machine, const EventCounts& counts, size_t i) {
  const LevelCounts& level = counts.levels[i];
  ordered_json json = {{"name", machine.levels[i].name}, {"accesses", level.accesses}};
  if (level.hits) json["hits"] = *level.hits;
  json["misses"] = level.misses;
  if (level.read_misses) json["read_misses"] = *level.read_misses;
  if (level.write_misses) json["write_misses"] = *level.write_misses;
  if (level.write_backs) json["write_backs"] = *level.write_backs;
  if (level.compulsory_misses) json["compulsory_misses"] = *level.compulsory_misses;
  return json;
}

ordered_json levels_json(const Machine& machine, const EventCounts& counts) {
  ordered_json levels;
  for (size_t i = 0; i < counts.levels.size(); ++i) {
    levels.push_back(level_json(machine, counts, i));
  }
  ordered_json dram = {{"name", "DRAM"}, {"accesses", counts.dram.reads}};
  if (counts.dram.write_backs) dram["write_backs"] = *counts.dram.write_backs;
  levels.push_back(std::move(dram));
  return levels;
}

ordered_json energy_json(const Estimate& estimate, const Energy& priced_energy) {
  return std::visit(
      [&](const auto& energy) {
        ordered_json json = {{"compute", energy.compute.value()}};
        for (size_t i = 0; i < energy.levels.size(); ++i) {
          json["levels"][estimate.machine.levels[i].name] = energy.levels[i].value();
        }
        json["levels"]["DRAM"] = energy.dram.value();
        if (energy.static_energy) json["static"] = energy.static_energy->value();
        json["total"] = energy.total().value();
        return json;
      },
      priced_energy);
}

void append_row_json(const Estimate& estimate, const PricedRow& row, ordered_json& json) {
  const EventCounts& counts = row.row.counts;
  json["macs"] = row.row.operations.macs;
  json["other_operations"] = row.row.operations.other;
  json["padding_macs"] = row.row.operations.padding_macs;
  json["parameters"] = row.row.parameters;
  json["data_refs"] = {{"reads", counts.refs.reads}, {"writes", counts.refs.writes}};
  if (counts.bytes) {
    json["data_bytes"] = {{"reads", counts.bytes->reads}, {"writes", counts.bytes->writes}};
  }
  json["levels"] = levels_json(estimate.machine, counts);
  json["cost_cycles"] = row.cost.value();
  const std::string key =
      estimate.pricing.unit == EnergyUnit::kPicojoules ? "energy_pj" : "energy_mac";
  json[key] = energy_json(estimate, row.energy);
  for (size_t i = 0; i < row.tensors.size(); ++i) {
    const EventCounts& tensor = row.row.tensors[i].counts;
    ordered_json tensor_json = {
        {"tensor", row.tensors[i].tensor},
        {"data_refs", {{"reads", tensor.refs.reads}, {"writes", tensor.refs.writes}}},
        {"levels", levels_json(estimate.machine, tensor)},
        {key, energy_json(estimate, row.tensors[i].energy)}};
    json["tensors"].push_back(std::move(tensor_json));
  }
}

ordered_json machine_json(const Machine& machine) {
  ordered_json json = {{"name", machine.name}, {"isa", traits(machine.isa).name}};
  for (const CacheLevel& level : machine.levels) {
    const CacheGeometry& geometry = level.geometry.value;
    json["levels"].push_back({{"name", level.name},
                              {"size_bytes", geometry.size_bytes},
                              {"ways", geometry.ways},
                              {"line_bytes", geometry.line_bytes},
                              {"latency_cycles", level.latency_cycles.value},
                              {"read_energy_pj", level.read_energy_pj.value},
                              {"write_energy_pj", level.write_energy_pj.value}});
  }
  json["levels"].push_back({{"name", "DRAM"},
                            {"latency_cycles", machine.dram.latency_cycles.value},
                            {"read_energy_pj", machine.dram.read_energy_pj.value},
                            {"write_energy_pj", machine.dram.write_energy_pj.value}});
  if (!machine.notes.empty()) json["notes"] = machine.notes;
  return json;
}

ordered_json counts_json(const CountOrigin& origin, bool steady) {
  ordered_json json = {{"source", origin.source}};
  if (origin.version) json["version"] = *origin.version;
  if (origin.commands.size() == 1) {
    json["command"] = origin.commands[0];
  } else if (!origin.commands.empty()) {
    json["command"] = origin.commands;
  }
  json["isa"] = traits(origin.isa).name;
  json["pass"] = steady ? "second" : "first";
  if (!origin.notes.empty()) json["notes"] = origin.notes;
  return json;
}

}  // namespace

Estimate price_estimate(NetworkCounts counts, Machine machine, Pricing pricing,
                        const std::vector<std::string>& layers) {
  Estimate estimate{std::move(counts), std::move(machine), std::move(pricing), {}, {}};
  const auto wanted = [&](const CountedRow& row) {
    return layers.empty() || std::ranges::find(layers, row.name) != layers.end();
  };
  for (const std::string& layer : layers) {
    if (std::ranges::find(estimate.counts.rows, layer, &CountedRow::name) ==
        estimate.counts.rows.end()) {
      fail(ErrorKind::kUsage, "--layers: {} has no layer {}", estimate.counts.network, layer);
    }
  }
  for (const CountedRow& row : estimate.counts.rows) {
    if (wanted(row)) estimate.rows.push_back(priced(row, estimate.machine, estimate.pricing));
  }
  estimate.total = sum_of(estimate.rows);
  return estimate;
}

EnergyParts energy_of(const Energy& energy) {
  return std::visit(
      [](const auto& parts) {
        return EnergyParts{parts.compute.value(), parts.total().value()};
      },
      energy);
}

std::string estimate_heading(const Estimate& estimate) {
  const NetworkCounts& counts = estimate.counts;
  const CountOrigin& origin = counts.origin;
  return fmt::format("{}, batch {}, inference on {}: {}\ncounts: {}{}, {} kernels; prices: {}\n\n",
                     counts.network, counts.batch, estimate.machine.name,
                     counts.steady ? "the second of two passes" : "one pass from empty caches",
                     origin.source, origin.version ? " " + *origin.version : "",
                     traits(origin.isa).name, origin_name(estimate.pricing.prices.origin));
}

std::string estimate_notes(const Estimate& estimate) {
  std::string text;
  for (const std::string& note : estimate.counts.origin.notes) text += "\n" + note;
  for (const std::string& note : estimate.machine.notes) text += "\n" + note;
  return text.empty() ? text : text + "\n";
}

std::string estimate_text(const Estimate& estimate, const std::vector<std::string>& metrics,
                          Emphasis emphasis) {
  const Table table = table_of(estimate, chosen_metrics(estimate, metrics, true), true);
  return estimate_heading(estimate) + aligned_text(table, emphasis) + estimate_notes(estimate);
}

ordered_json estimate_json(const Estimate& estimate) {
  const NetworkCounts& counts = estimate.counts;
  const CountedRow whole = total(counts.rows);
  ordered_json json;
  json["schema"] = "wattgrind/estimate/1";
  json["network"] = {{"name", counts.network},
                     {"batch", counts.batch},
                     {"phase", "inference"},
                     {"macs", whole.operations.macs},
                     {"parameters", whole.parameters}};
  json["machine"] = machine_json(estimate.machine);
  json["counts"] = counts_json(counts.origin, counts.steady);
  json["prices"] = origin_name(estimate.pricing.prices.origin);
  json["accounting"] = estimate.pricing.accounting == Accounting::kHits ? "hits" : "accesses";
  for (const PricedRow& row : estimate.rows) {
    ordered_json layer = {{"name", row.row.name}, {"kind", row.row.kind}};
    if (const auto& shape = row.row.output_shape) {
      layer["output_shape"] = {shape->channels, shape->height, shape->width};
    }
    append_row_json(estimate, row, layer);
    json["layers"].push_back(std::move(layer));
  }
  json["total"] = ordered_json::object();
  append_row_json(estimate, estimate.total, json["total"]);
  return json;
}

Table estimate_csv(const Estimate& estimate, const std::vector<std::string>& metrics) {
  return table_of(estimate, chosen_metrics(estimate, metrics, false), false);
}

}  // namespace wattgrind
