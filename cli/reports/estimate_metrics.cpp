#include "cli/reports/estimate_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

double total_energy(const Estimate& estimate, const PricedRow& row) {
  return energy_of(row.energy, estimate.pricing.scope).total;
}

// A metric is a column of the table and the way to fill its cell of a row.
struct Metric {
  Column column;
  bool for_people = false;  // shown where no metrics are asked for
  std::function<Cell(const PricedRow&)> cell;
  bool of_a_layer = false;  // says nothing of a whole step
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
  for (size_t i = 0; i < estimate.machine.levels.size(); ++i) {
    const std::string& name = estimate.machine.levels[i].name;
    const auto line_bytes =
        static_cast<uint64_t>(estimate.machine.levels[i].geometry.value.line_bytes);
    metrics.push_back({{lower(name) + "_bytes_moved", name + " bytes moved"},
                       false,
                       [i, line_bytes](const PricedRow& row) {
                         return optional_cell(bytes_moved(row.row.counts, i, line_bytes));
                       }});
  }
  metrics.push_back({{"dram_accesses", "DRAM accesses"}, false, [](const PricedRow& row) {
                       return Cell(row.row.counts.dram.reads);
                     }});
  metrics.push_back({{"dram_write_backs", "DRAM write-backs"}, false, [](const PricedRow& row) {
                       return optional_cell(row.row.counts.dram.write_backs);
                     }});
}

// There are three decimals, or as many more as it takes to show four digits of a small total.
int microjoule_decimals(const Estimate& estimate) {
  const double total_uj = total_energy(estimate, estimate.total) / kPicojoulesAMicrojoule;
  if (total_uj <= 0) return 3;
  return std::clamp(3 - static_cast<int>(std::floor(std::log10(total_uj))), 3, 12);
}

void append_microjoules(const Estimate& estimate, std::vector<Metric>& metrics) {
  const int decimals = microjoule_decimals(estimate);
  metrics.push_back(
      {{"energy_uj", "energy (uJ)", decimals}, true, [&estimate](const PricedRow& row) {
         return Cell(total_energy(estimate, row) / kPicojoulesAMicrojoule);
       }});
  if (!energy_interval(estimate, estimate.total)) return;
  const auto add = [&](const char* key, const char* title, double EnergyInterval::*bound) {
    metrics.push_back({{key, title, decimals}, true, [&estimate, bound](const PricedRow& row) {
                         const EnergyInterval interval = energy_interval(estimate, row).value();
                         return Cell(interval.*bound / kPicojoulesAMicrojoule);
                       }});
  };
  add("energy_low_uj", "95 % from", &EnergyInterval::low_pj);
  add("energy_high_uj", "to", &EnergyInterval::high_pj);
}

void append_instructions(const Estimate& estimate, std::vector<Metric>& metrics) {
  const EventCounts& whole = estimate.total.row.counts;
  if (!whole.executed_instructions) return;
  metrics.push_back({{"instructions", "instructions", 0, 1}, true, [](const PricedRow& row) {
                       return optional_cell(row.row.counts.executed_instructions);
                     }});
  if (!whole.instructions) return;
  for (const InstructionClassName& name : kInstructionClasses) {
    const InstructionClass wanted = name.instruction_class;
    metrics.push_back(
        {{fmt::format("{}_instructions", name.key), std::string(name.words)},
         false,
         [wanted](const PricedRow& row) { return Cell(row.row.counts.instructions->of(wanted)); }});
  }
}

void append_time(const Estimate& estimate, std::vector<Metric>& metrics) {
  if (!estimate.total.time_s) return;
  constexpr double kMicrosecondsASecond = 1e6;
  metrics.push_back({{"time_us", "time (us)", 2}, true, [](const PricedRow& row) {
                       return Cell(kMicrosecondsASecond * row.time_s.value());
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
  const EnergyParts whole = energy_of(estimate.total.energy, estimate.pricing.scope);
  if (whole.static_energy) add("static", [](const auto& energy) { return *energy.static_energy; });
  if (whole.instructions) {
    add("instructions", [](const auto& energy) { return *energy.instructions; });
  }
  if (whole.awake) add("awake", [](const auto& energy) { return *energy.awake; });
  if (whole.activity) add("activity", [](const auto& energy) { return *energy.activity(); });
  if (whole.running) add("running", [](const auto& energy) { return *energy.running(); });
  if (whole.machine) add("machine", [](const auto& energy) { return *energy.machine(); });
  if (whole.wall) add("wall", [](const auto& energy) { return *energy.wall(); });
  const EnergyScope scope = estimate.pricing.scope;
  add("total", [scope](const auto& energy) { return energy.total(scope); });
  if (picojoules) {
    append_microjoules(estimate, metrics);
  } else {
    metrics.back().for_people = true;
  }
  const double all = total_energy(estimate, estimate.total);
  metrics.push_back({{"energy_percent", "%", 1},
                     true,
                     [all, &estimate](const PricedRow& row) {
                       return all > 0 ? Cell(100 * total_energy(estimate, row) / all) : Cell();
                     },
                     true});
}

// Only where there are any.
void append_byte_operations(const Estimate& estimate, std::vector<Metric>& metrics) {
  const OperationCounts& total = estimate.total.row.operations;
  if (total.byte_macs + total.other_byte == 0) return;
  metrics.push_back({{"int8_macs", "int8 MACs"}, true, [](const PricedRow& row) {
                       return Cell(row.row.operations.byte_macs);
                     }});
  metrics.push_back({{"other_int8_operations", "other int8 operations"},
                     false,
                     [](const PricedRow& row) { return Cell(row.row.operations.other_byte); }});
}

std::vector<Metric> all_metrics(const Estimate& estimate) {
  std::vector<Metric> metrics = {
      {{"kind", "kind", 0, 2}, true, [](const PricedRow& row) { return Cell(row.row.kind); }, true},
      {{"output", "output", 0, 3},
       true,
       [](const PricedRow& row) {
         return row.row.output_shape ? Cell(to_string(*row.row.output_shape)) : Cell();
       },
       true},
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
      {{"reads", "reads", 0, 4},
       true,
       [](const PricedRow& row) { return Cell(row.row.counts.refs.reads); }},
      {{"writes", "writes", 0, 5},
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
  append_byte_operations(estimate, metrics);
  append_level_metrics(estimate, metrics);
  append_instructions(estimate, metrics);
  metrics.push_back({{"cost_cycles", "latency cycles", 0}, true, [](const PricedRow& row) {
                       return Cell(row.cost.value());
                     }});
  append_time(estimate, metrics);
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

}  // namespace

Table metrics_table(const Estimate& estimate, const std::vector<std::string>& metrics,
                    Audience audience) {
  const bool for_people = audience == Audience::kPeople;
  return table_of(estimate, chosen_metrics(estimate, metrics, for_people), for_people);
}

Table steps_table(const Estimate& estimate) {
  const std::vector<Metric> metrics = chosen_metrics(estimate, {}, true);
  Table table;
  table.columns = {{"step", "step"}, {"times", "times"}};
  for (const Metric& metric : metrics) {
    if (metric.of_a_layer) continue;
    table.columns.push_back(metric.column);
  }
  for (const PricedStep& kind : estimate.training->kinds) {
    std::vector<Cell> cells = {std::string(kind.step), kind.times};
    for (const Metric& metric : metrics) {
      if (!metric.of_a_layer) cells.push_back(metric.cell(kind.total));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace wattgrind
