#include "cli/reports/measure_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal/sentence.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr double kMicrosecondsASecond = 1e6;
constexpr double kMillijoulesAJoule = 1e3;

const Measurement* find(const MeasureReport& report, const std::string& workload) {
  for (const Measurement& load : report.measured.loads) {
    if (load.workload == workload) return &load;
  }
  return nullptr;
}

// The cost of one repetition; energy is absent where the meter reads none.
struct MeasuredCost {
  double seconds = 0;
  std::optional<double> energy_j;
};

MeasuredCost cost_of(const Measurement& load) { return {load.seconds(), load.energy_j()}; }

MeasuredCost sum(const MeasuredCost& a, const MeasuredCost& b, double sign = 1) {
  MeasuredCost result{a.seconds + sign * b.seconds, std::nullopt};
  if (a.energy_j && b.energy_j) result.energy_j = *a.energy_j + sign * *b.energy_j;
  return result;
}

// The layers' sum; absent where one of them was not measured.
std::optional<MeasuredCost> sum_of_layers(const MeasureReport& report, const MeasuredParts& parts) {
  MeasuredCost total{0, 0};
  for (const std::string& layer : parts.layers) {
    const Measurement* load = find(report, layer);
    if (load == nullptr) return std::nullopt;
    total = sum(total, cost_of(*load));
  }
  return total;
}

// The cost that the layer added to that of all before it.
std::optional<MeasuredCost> increment(const MeasureReport& report, const MeasuredParts& parts,
                                      size_t i) {
  const Measurement* load = find(report, parts.leading[i]);
  if (load == nullptr) return std::nullopt;
  if (i == 0) return cost_of(*load);
  const Measurement* before = find(report, parts.leading[i - 1]);
  if (before == nullptr) return std::nullopt;
  return sum(cost_of(*load), cost_of(*before), -1);
}

Cell scaled(const std::optional<double>& value, double factor) {
  return value ? Cell(factor * *value) : Cell();
}

std::vector<Cell> cells(const std::string& name, const MeasuredCost& cost) {
  return {name,
          Cell(),
          kMicrosecondsASecond * cost.seconds,
          scaled(cost.energy_j, 1 / cost.seconds),
          scaled(cost.energy_j, kMillijoulesAJoule),
          Cell()};
}

std::vector<Cell> cells(const Measurement& load) {
  std::vector<Cell> row = cells(load.workload, cost_of(load));
  row[1] = load.repetitions();
  row[3] = optional_cell(load.power_w());
  row[5] = scaled(load.relative_error(), 100);
  return row;
}

// A column a rail; those in the total first. Empty where there is no more than one.
std::string rails_text(const MeasureReport& report, Emphasis emphasis) {
  if (report.measured.loads.empty()) return "";
  std::vector<RailPower> columns = report.measured.loads.front().rails();
  if (columns.size() < 2) return "";
  std::stable_partition(columns.begin(), columns.end(),
                        [](const RailPower& rail) { return rail.in_total; });
  Table table;
  table.columns = {{"workload", "power by rail (W)"}};
  for (const RailPower& rail : columns) {
    table.columns.push_back({rail.name, rail.in_total ? rail.name : "(" + rail.name + ")", 2});
  }
  for (const Measurement& load : report.measured.loads) {
    const std::vector<RailPower> rails = load.rails();
    std::vector<Cell> row = {load.workload};
    for (const RailPower& column : columns) {
      const auto rail = std::ranges::find(rails, column.name, &RailPower::name);
      row.push_back(rail == rails.end() ? Cell() : Cell(rail->power_w));
    }
    table.rows.push_back(std::move(row));
  }
  const std::string text = "\n" + aligned_text(table, emphasis);
  if (columns.back().in_total) return text;
  return text + "Rails in parentheses are not in the total.\n";
}

std::string samples_text(const Measurements& measured) {
  if (measured.missed_samples == 0) return "";
  return fmt::format("\nThe meter took {} samples and missed {}.\n", measured.samples,
                     measured.missed_samples);
}

Table empty_table() {
  Table table;
  table.columns = {{"workload", "workload"},        {"repetitions", "repetitions"},
                   {"time_us", "time (us)", 2},     {"power_w", "power (W)", 2},
                   {"energy_mj", "energy (mJ)", 4}, {"relative_error_percent", "+- (%)", 1}};
  return table;
}

Table load_table(const MeasureReport& report) {
  Table table = empty_table();
  for (const Measurement& load : report.measured.loads) table.rows.push_back(cells(load));
  for (const MeasuredParts& parts : report.parts) {
    const std::optional<MeasuredCost> layers = sum_of_layers(report, parts);
    if (!layers) continue;
    table.rows.push_back(cells("sum of the layers of " + parts.network, *layers));
    ++table.footer_rows;
  }
  return table;
}

double percent_above(double value, double of) { return 100 * (value / of - 1); }

// A sentence that compares the sum of the layers with the whole network.
std::string comparison_text(const MeasureReport& report, const MeasuredParts& parts) {
  const std::optional<MeasuredCost> layers = sum_of_layers(report, parts);
  const Measurement* whole = find(report, parts.network);
  if (!layers || whole == nullptr) return "";
  std::string text =
      sentence("\nThe layers of {}, each alone, add up to {:+.1f} % of the whole's time",
               parts.network, percent_above(layers->seconds, whole->seconds()));
  if (layers->energy_j) {
    text += fmt::format(" and {:+.1f} % of its energy",
                        percent_above(*layers->energy_j, whole->energy_j().value()));
  }
  return text + ".\n";
}

std::string increments_text(const MeasureReport& report, const MeasuredParts& parts,
                            Emphasis emphasis) {
  if (parts.leading.empty()) return "";
  Table table;
  table.columns = {{"workload", "cumulatively"},
                   {"time_us", "added time (us)", 2},
                   {"energy_mj", "added energy (mJ)", 4}};
  for (size_t i = 0; i < parts.leading.size(); ++i) {
    const std::optional<MeasuredCost> added = increment(report, parts, i);
    if (!added) continue;
    table.rows.push_back({parts.leading[i], kMicrosecondsASecond * added->seconds,
                          scaled(added->energy_j, kMillijoulesAJoule)});
  }
  return "\n" + aligned_text(table, emphasis);
}

std::string idle_text(const MeasureReport& report) {
  if (report.measured.loads.empty()) return "";
  const Measurement& load = report.measured.loads.front();
  if (!load.total_energy_j()) return "time alone";
  if (!report.idle_subtracted) return "idle power is in it";
  return fmt::format("idle power of {:.2f} W is subtracted", load.idle_power_w.value());
}

ordered_json number_or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json cost_json(const MeasuredCost& cost) {
  ordered_json json = {{"seconds", cost.seconds}};
  if (cost.energy_j) json["energy_j"] = *cost.energy_j;
  return json;
}

ordered_json load_json(const Measurement& load) {
  ordered_json json = {
      {"workload", load.workload}, {"runs", load.runs.size()}, {"repetitions", load.repetitions()}};
  json.update(cost_json(cost_of(load)));
  if (const auto power_w = load.power_w()) json["power_w"] = *power_w;
  if (load.idle_power_w) json["idle_power_w"] = *load.idle_power_w;
  for (const RailPower& rail : load.rails()) {
    json["rails"].push_back(
        {{"name", rail.name}, {"power_w", rail.power_w}, {"in_total", rail.in_total}});
  }
  const std::optional<double> error = load.relative_error();
  json["relative_error_percent"] =
      error ? number_or_null(100 * *error) : number_or_null(std::nullopt);
  if (!load.warnings.empty()) json["warnings"] = load.warnings;
  return json;
}

ordered_json parts_json(const MeasureReport& report, const MeasuredParts& parts) {
  ordered_json json = {{"network", parts.network}};
  if (const auto layers = sum_of_layers(report, parts)) json["sum_of_layers"] = cost_json(*layers);
  if (const Measurement* whole = find(report, parts.network)) {
    json["whole"] = cost_json(cost_of(*whole));
  }
  for (size_t i = 0; i < parts.leading.size(); ++i) {
    const std::optional<MeasuredCost> added = increment(report, parts, i);
    if (!added) continue;
    ordered_json row = {{"workload", parts.leading[i]}};
    row.update(cost_json(*added));
    json["added"].push_back(std::move(row));
  }
  return json;
}

}  // namespace

std::string measure_text(const MeasureReport& report, Emphasis emphasis) {
  std::string text = sentence("meter {}, {} kernels, batch {}: one repetition; {}\n\n",
                              report.meter, report.isa, report.batch, idle_text(report)) +
                     aligned_text(load_table(report), emphasis);
  text += rails_text(report, emphasis) + samples_text(report.measured);
  for (const MeasuredParts& parts : report.parts) {
    text += increments_text(report, parts, emphasis) + comparison_text(report, parts);
  }
  for (const Measurement& load : report.measured.loads) {
    for (const std::string& warning : load.warnings) {
      text += sentence("\n{}: {}", load.workload, warning);
    }
  }
  return text.back() == '\n' ? text : text + "\n";
}

ordered_json measure_json(const MeasureReport& report) {
  ordered_json json;
  json["schema"] = "wattgrind/measurement/1";
  json["meter"] = report.meter;
  json["isa"] = report.isa;
  if (report.frequency_hz) json["frequency_hz"] = *report.frequency_hz;
  json["batch"] = report.batch;
  json["relative_error_wanted_percent"] = 100 * report.relative_error;
  json["idle_subtracted"] = report.idle_subtracted;
  json["interrupted"] = report.measured.interrupted;
  json["samples"] = {{"taken", report.measured.samples},
                     {"missed", report.measured.missed_samples}};
  json["loads"] = ordered_json::array();
  for (const Measurement& load : report.measured.loads) json["loads"].push_back(load_json(load));
  for (const MeasuredParts& parts : report.parts) {
    json["networks"].push_back(parts_json(report, parts));
  }
  return json;
}

Table measure_csv(const MeasureReport& report) {
  Table table = empty_table();
  for (const Measurement& load : report.measured.loads) table.rows.push_back(cells(load));
  return table;
}

}  // namespace wattgrind
