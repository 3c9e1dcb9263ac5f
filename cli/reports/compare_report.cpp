#include "cli/reports/compare_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <sstream>

#include "cli/reports/dataflow_report.h"
#include "cli/terminal/sentence.h"
#include "estimator/pricing/energy_precision.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr double kMicrosAUnit = 1e6, kKib = 1024;

// A figure of a case: a column of tables and a member of JSON.
struct CaseFigure {
  Column column;
  std::function<std::optional<double>(const CaseFigures&)> value;
  bool is_count = false;
};

std::optional<double> scaled_by(const std::optional<double>& value, double factor) {
  return value ? std::optional(*value * factor) : std::nullopt;
}

std::vector<CaseFigure> case_columns(const CompareReport& report) {
  const auto count = [](Column column, auto LayerFigures::*figure) {
    return CaseFigure{std::move(column),
                      [figure](const CaseFigures& of) -> std::optional<double> {
                        const auto& value = of.total.*figure;
                        if constexpr (std::is_same_v<decltype(value), const uint64_t&>) {
                          return static_cast<double>(value);
                        } else {
                          return value;
                        }
                      },
                      true};
  };
  std::vector<CaseFigure> figures = {
      count({"macs", "MACs"}, &LayerFigures::macs),
      count({"other_operations", "other operations", 0, 4}, &LayerFigures::other_operations),
      count({"parameters", "parameters"}, &LayerFigures::parameters),
      {{"memory_kib", "memory (KiB)", 1},
       [](const CaseFigures& of) {
         return of.memory_bytes ? std::optional(static_cast<double>(*of.memory_bytes) / kKib)
                                : std::nullopt;
       }},
      {{"latency_cycles", "latency cycles"},
       [](const CaseFigures& of) { return of.total.latency_cycles; }},
      count({"array_cycles", "array cycles"}, &LayerFigures::array_cycles),
      {{"dram_bytes", "DRAM bytes"}, [](const CaseFigures& of) { return of.total.dram_bytes; }},
      {{"time_us", "time (us)", 2},
       [](const CaseFigures& of) { return scaled_by(of.total.time_s, kMicrosAUnit); }},
      {{"energy_uj", "energy (uJ)", 3},
       [](const CaseFigures& of) { return scaled_by(of.total.energy_j, kMicrosAUnit); }},
      {{"model_time_us", "model: time (us)", 2},
       [](const CaseFigures& of) { return scaled_by(of.model_time_s, kMicrosAUnit); }},
      {{"model_energy_uj", "energy (uJ)", 3},
       [](const CaseFigures& of) { return scaled_by(of.model_energy_j, kMicrosAUnit); }},
      {{"measured_time_us", "measured: time (us)", 2},
       [](const CaseFigures& of) { return scaled_by(of.measured_time_s, kMicrosAUnit); }},
      {{"measured_energy_uj", "measured: energy (uJ)", 3},
       [](const CaseFigures& of) { return scaled_by(of.measured_energy_j, kMicrosAUnit); }},
      {{"image_energy_uj", "an image (uJ)", 3},
       [](const CaseFigures& of) { return scaled_by(of.energy_of_an_image_j(), kMicrosAUnit); }}};
  for (const double alpha : report.alphas) {
    figures.push_back({{fmt::format("epr_alpha{:g}_uj", alpha), fmt::format("EPR {:g}", alpha), 4},
                       [alpha](const CaseFigures& of) -> std::optional<double> {
                         const std::optional<double> energy = of.energy_of_an_image_j();
                         if (!of.accuracy || !energy) return std::nullopt;
                         return kMicrosAUnit *
                                energy_precision_ratio(1 - *of.accuracy, alpha, *energy);
                       }});
  }
  std::erase_if(figures, [&](const CaseFigure& figure) {
    return std::none_of(report.cases.begin(), report.cases.end(),
                        [&](const CaseFigures& of) { return figure.value(of).has_value(); });
  });
  return figures;
}

Table case_table(const CompareReport& report) {
  Table table;
  table.columns = {{"case", "case"}};
  const std::vector<CaseFigure> figures = case_columns(report);
  for (const CaseFigure& figure : figures) table.columns.push_back(figure.column);
  for (const CaseFigures& of : report.cases) {
    std::vector<Cell> row = {of.label};
    for (const CaseFigure& figure : figures) {
      const std::optional<double> value = figure.value(of);
      row.push_back(value && figure.is_count ? Cell(static_cast<uint64_t>(*value))
                                             : optional_cell(value));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table difference_table(const CompareReport& report) {
  Table table;
  table.columns = {{"case", "case"}};
  const std::vector<CaseFigure> figures = case_columns(report);
  for (const CaseFigure& figure : figures) {
    Column column = figure.column;
    column.decimals = 1;
    if (const size_t unit = column.title.find(" ("); unit != std::string::npos) {
      column.title.resize(unit);
    }
    column.title += " (%)";
    table.columns.push_back(std::move(column));
  }
  const CaseFigures& first = report.cases.front();
  for (size_t i = 1; i < report.cases.size(); ++i) {
    std::vector<Cell> row = {report.cases[i].label};
    for (const CaseFigure& figure : figures) {
      const auto value = figure.value(report.cases[i]), base = figure.value(first);
      Cell cell;
      if (value && base && *base != 0) cell = 100 * (*value / *base - 1);
      row.push_back(cell);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

// "conv1+relu1+pool1" holds three layers.
std::vector<std::string> layers_within(const std::string& name) {
  std::vector<std::string> names;
  std::istringstream stream(name);
  for (std::string part; std::getline(stream, part, '+');) names.push_back(part);
  return names;
}

bool is_unmapped(const CaseFigures& of, const std::string& name) {
  return std::ranges::find(of.unmapped, name, &UnmappedLayer::name) != of.unmapped.end();
}

ordered_json unmapped_json(const CaseFigures& of) {
  ordered_json layers = ordered_json::array();
  for (const UnmappedLayer& layer : of.unmapped) {
    layers.push_back({{"name", layer.name}, {"kind", layer.kind}});
    if (!layer.reason.empty()) layers.back()["reason"] = layer.reason;
  }
  return layers;
}

Table layer_table(const CompareReport& report, const std::vector<std::string>& names) {
  Table table;
  table.columns = {{"layer", "layer"}};
  for (const CaseFigures& of : report.cases) {
    table.columns.push_back({of.label, of.label + " (uJ)", 3});
  }
  for (const std::string& name : names) {
    std::vector<Cell> row = {name};
    for (const CaseFigures& of : report.cases) {
      row.push_back(optional_cell(scaled_by(layer_energy_j(of, name), kMicrosAUnit)));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

std::optional<double> CaseFigures::energy_of_an_image_j() const {
  return scaled_by(model_energy_j ? model_energy_j : total.energy_j,
                   1 / static_cast<double>(images));
}

std::optional<double> layer_energy_j(const CaseFigures& of, const std::string& name) {
  if (const auto found = std::ranges::find(of.layers, name, &LayerFigures::name);
      found != of.layers.end()) {
    return found->energy_j;
  }
  std::optional<double> sum;
  for (const std::string& part : layers_within(name)) {
    if (is_unmapped(of, part)) continue;
    const auto found = std::ranges::find(of.layers, part, &LayerFigures::name);
    if (found == of.layers.end() || !found->energy_j) return std::nullopt;
    sum = sum.value_or(0) + *found->energy_j;
  }
  return sum;
}

std::vector<std::string> common_layers(const std::vector<CaseFigures>& cases) {
  std::vector<std::string> names;
  if (cases.empty()) return names;
  for (const LayerFigures& layer : cases.front().layers) {
    if (std::ranges::all_of(cases, [&](const CaseFigures& of) {
          return !of.total.energy_j || layer_energy_j(of, layer.name);
        })) {
      names.push_back(layer.name);
    }
  }
  return names;
}

std::string unmapped_lines(const CompareReport& report) {
  std::string text;
  for (const CaseFigures& of : report.cases) {
    if (of.unmapped.empty()) continue;
    text +=
        sentence("{}: not mapped, and in no figure: {}\n", of.label, unmapped_text(of.unmapped));
  }
  return text;
}

std::string compare_text(const CompareReport& report, const TextPage& page) {
  std::string text = aligned_text(case_table(report), page);
  std::string unmapped = unmapped_lines(report);
  if (!unmapped.empty()) unmapped = "\n" + unmapped;
  if (report.cases.size() < 2) return text + unmapped;
  text += fmt::format("\nmore than the first, in percent\n{}",
                      aligned_text(difference_table(report), page));
  if (const std::vector<std::string> names = common_layers(report.cases); !names.empty()) {
    text += fmt::format("\nenergy of the layers in common\n{}",
                        aligned_text(layer_table(report, names), page));
  }
  return text + unmapped;
}

ordered_json compare_json(const CompareReport& report) {
  ordered_json cases = ordered_json::array();
  for (const CaseFigures& of : report.cases) {
    ordered_json json = {{"case", of.label}, {"images", of.images}};
    if (of.accuracy) json["accuracy"] = *of.accuracy;
    for (const CaseFigure& figure : case_columns(report)) {
      const std::optional<double> value = figure.value(of);
      json[figure.column.key] = !value            ? ordered_json(nullptr)
                                : figure.is_count ? ordered_json(static_cast<uint64_t>(*value))
                                                  : ordered_json(*value);
    }
    if (!of.unmapped.empty()) json["not_mapped"] = unmapped_json(of);
    cases.push_back(std::move(json));
  }
  ordered_json layers = ordered_json::array();
  for (const std::string& name : common_layers(report.cases)) {
    ordered_json energies = ordered_json::array();
    for (const CaseFigures& of : report.cases) {
      const std::optional<double> energy = layer_energy_j(of, name);
      energies.push_back(energy ? ordered_json(kMicrosAUnit * *energy) : ordered_json(nullptr));
    }
    layers.push_back({{"name", name}, {"energy_uj", std::move(energies)}});
  }
  return {{"schema", "wattgrind/comparison/1"},
          {"cases", std::move(cases)},
          {"layers_in_common", std::move(layers)}};
}

Table compare_csv(const CompareReport& report) { return case_table(report); }

}  // namespace wattgrind
