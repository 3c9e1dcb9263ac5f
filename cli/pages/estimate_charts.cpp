#include "cli/pages/estimate_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "cli/pages/drawn_bars.h"
#include "cli/pages/html_page.h"
#include "cli/reports/estimate_report.h"
#include "cli/reports/tensor_report.h"
#include "estimator/charts/axis.h"
#include "estimator/charts/bar_chart.h"
#include "estimator/charts/chart_style.h"
#include "estimator/charts/graph_chart.h"
#include "estimator/charts/place_chart.h"

namespace wattgrind {
namespace {

constexpr double kJoulesAPicojoule = 1e-12;

// What belongs to a row beside its levels, as the scope's total holds it.
void append_parts_beside(const EnergyParts& parts, const EnergyParts& whole, EnergyScope scope,
                         std::vector<double>& amounts) {
  const auto add = [&](const std::optional<double>& is_there, double amount) {
    if (is_there) amounts.push_back(amount);
  };
  add(whole.static_energy, parts.static_energy.value_or(0));
  if (scope == EnergyScope::kEvents) return;
  add(whole.instructions, parts.instructions.value_or(0));
  if (scope == EnergyScope::kActivity) return;
  add(whole.awake, parts.awake.value_or(0));
  if (scope == EnergyScope::kRunning || !whole.machine || !whole.running) return;
  amounts.push_back(parts.machine.value_or(0) - parts.running.value_or(0));
}

std::vector<double> energy_amounts(const Estimate& estimate, const PricedRow& row) {
  std::vector<double> amounts = std::visit(
      [](const auto& energy) {
        std::vector<double> levels;
        for (const auto& level : energy.levels) levels.push_back(level.value());
        levels.push_back(energy.dram.value());
        return levels;
      },
      row.energy);
  const EnergyScope scope = estimate.pricing.scope;
  const EnergyParts whole = energy_of(estimate.total.energy, scope);
  const EnergyParts parts = energy_of(row.energy, scope);
  amounts.push_back(parts.compute);
  append_parts_beside(parts, whole, scope, amounts);
  return amounts;
}

std::vector<std::string> energy_part_names(const Estimate& estimate) {
  std::vector<std::string> names;
  for (const CacheLevel& level : estimate.machine.levels) names.push_back(level.name);
  names.insert(names.end(), {"DRAM", "arithmetic"});
  const EnergyScope scope = estimate.pricing.scope;
  const EnergyParts whole = energy_of(estimate.total.energy, scope);
  if (whole.static_energy) names.emplace_back("static");
  if (scope >= EnergyScope::kActivity && whole.instructions) names.emplace_back("instructions");
  if (scope >= EnergyScope::kRunning && whole.awake) names.emplace_back("awake core and uncore");
  if (scope >= EnergyScope::kMachine && whole.machine && whole.running) {
    names.emplace_back("idle");
  }
  return names;
}

DrawnMeasure energy_measure(const Estimate& estimate) {
  const bool picojoules = estimate.pricing.unit == EnergyUnit::kPicojoules;
  const double unit = picojoules ? kJoulesAPicojoule : 1;
  DrawnMeasure measure;
  measure.name = picojoules ? fmt::format("energy ({})", scope_name(estimate.pricing.scope))
                            : "energy in MACs";
  measure.unit = picojoules ? "J" : "MAC";
  measure.parts = energy_part_names(estimate);
  for (const PricedRow& row : estimate.rows) {
    std::vector<double>& amounts = measure.rows.emplace_back(energy_amounts(estimate, row));
    for (double& amount : amounts) amount = std::max(0.0, amount * unit);
  }
  measure.total = energy_of(estimate.total.energy, estimate.pricing.scope).total * unit;
  return measure;
}

// What a predicted time goes on: the core, and lines from each level. Where both go on at once, a
// row's time is that of what takes longer.
std::vector<double> time_amounts(const PredictedTime& time, bool reorders) {
  std::vector<double> amounts = {time.core_s};
  double lines = time.dram_s;
  for (const double level : time.lines_s) {
    amounts.push_back(level);
    lines += level;
  }
  amounts.push_back(time.dram_s);
  if (!reorders) return amounts;
  if (time.core_s >= lines) {
    std::fill(amounts.begin() + 1, amounts.end(), 0.0);
  } else {
    amounts[0] = 0;
  }
  return amounts;
}

std::optional<DrawnMeasure> time_measure(const Estimate& estimate) {
  if (!estimate.total.time_s) return std::nullopt;
  DrawnMeasure measure{"time", "s", {}, {}, *estimate.total.time_s};
  const bool predicted = estimate.total.predicted.has_value();
  if (predicted) {
    measure.parts.emplace_back("core");
    for (size_t i = 1; i < estimate.machine.levels.size(); ++i) {
      measure.parts.push_back("lines from " + estimate.machine.levels[i].name);
    }
    measure.parts.emplace_back("lines from DRAM");
  } else {
    measure.parts.emplace_back("time");
  }
  for (const PricedRow& row : estimate.rows) {
    measure.rows.push_back(
        predicted ? time_amounts(row.predicted.value(), core_use(estimate.counts.origin).reorders)
                  : std::vector<double>{row.time_s.value()});
  }
  return measure;
}

DrawnMeasure cycles_measure(const Estimate& estimate) {
  DrawnMeasure measure{"latency cycles", "cycles", {"latency cycles"}, {}, 0};
  for (const PricedRow& row : estimate.rows) measure.rows.push_back({row.cost.value()});
  measure.total = estimate.total.cost.value();
  return measure;
}

std::optional<DrawnMeasure> predicted_measure(
    const ModelEstimate& estimate, std::string name, std::string unit,
    const std::optional<PredictedQuantity>& total,
    std::optional<PredictedQuantity> PredictedLayer::*quantity) {
  if (!total) return std::nullopt;
  std::map<std::string_view, double> amounts;
  for (const PredictedLayerRow& layer : estimate.prediction.layers) {
    if (!layer.prediction) continue;
    if (const auto& predicted = (*layer.prediction).*quantity) {
      amounts[layer.name] = predicted->value;
    }
  }
  DrawnMeasure measure{name, std::move(unit), {name}, {}, total->value};
  for (const PricedRow& row : estimate.estimate.rows) {
    const auto found = amounts.find(row.row.name);
    measure.rows.push_back({found == amounts.end() ? 0 : found->second});
  }
  return measure;
}

std::string percent_text(double part, double whole) {
  if (whole <= 0) return "";
  const double percent = 100 * part / whole;
  return percent >= 9.95 ? fmt::format("{:.0f} %", percent) : fmt::format("{:.1f} %", percent);
}

// The colour tells the root of the share, so that small layers differ too.
NodeShade shade_of(const DrawnMeasure& measure, double largest, size_t row) {
  return {heat_step(std::sqrt(measure.of(row)), 0, std::sqrt(largest)),
          percent_text(measure.of(row), measure.total)};
}

std::string node_tip(const Estimate& estimate, const std::vector<DrawnMeasure>& measures,
                     size_t row) {
  const CountedRow& counted = estimate.rows[row].row;
  std::string tip = counted.name + ": " + counted.kind;
  if (counted.output_shape) tip += " " + to_string(*counted.output_shape);
  for (const DrawnMeasure& measure : measures) {
    tip += fmt::format("; {} {}", measure.name, shown_amount(measure.of(row), measure.unit));
  }
  return tip;
}

}  // namespace

double DrawnMeasure::of(size_t row) const {
  return std::accumulate(rows[row].begin(), rows[row].end(), 0.0);
}

std::vector<DrawnMeasure> drawn_measures(const Estimate& estimate) {
  std::vector<DrawnMeasure> measures = {energy_measure(estimate)};
  if (auto time = time_measure(estimate)) measures.push_back(std::move(*time));
  measures.push_back(cycles_measure(estimate));
  return measures;
}

std::vector<DrawnMeasure> predicted_measures(const ModelEstimate& estimate) {
  const NetworkPrediction& prediction = estimate.prediction;
  std::vector<DrawnMeasure> measures;
  for (auto& measure : {predicted_measure(estimate, "time (models)", "s", prediction.time_s,
                                          &PredictedLayer::time_s),
                        predicted_measure(estimate, "energy (models)", "J", prediction.energy_j,
                                          &PredictedLayer::energy_j)}) {
    if (measure) measures.push_back(*measure);
  }
  return measures;
}

std::string measure_bars(const Estimate& estimate, const DrawnMeasure& measure) {
  BarChart chart{estimate.counts.network + ": " + measure.name + " by layer",
                 measure.name,
                 measure.unit,
                 measure.parts,
                 {}};
  for (size_t i = 0; i < estimate.rows.size(); ++i) {
    chart.bars.push_back({estimate.rows[i].row.name, measure.rows[i], static_cast<int>(i)});
  }
  const std::string others = keep_largest_bars(chart);
  const bool by_part = measure.parts.size() > 1;
  const std::string caption = measure.unit == "s" && by_part
                                  ? "Time of each layer, by what takes longest: the core's own "
                                    "cycles, or lines on their way."
                                  : fmt::format("What each layer takes: {}{}.", measure.name,
                                                by_part ? ", by where it goes" : "");
  return drawing_html(to_svg(chart, SvgUse::kInPage), caption + others);
}

std::string tensor_bars(const Estimate& estimate) {
  if (estimate.total.tensors.empty()) return "";
  const Table table = tensor_table(estimate, false);
  const bool picojoules = estimate.pricing.unit == EnergyUnit::kPicojoules;
  BarChart chart{
      estimate.counts.network + ": energy by tensor", "energy", picojoules ? "J" : "MAC", {}, {}};
  // The first column names the layer and the last has the sum; what is beside tensors and
  // arithmetic is among the bars by level.
  size_t end = 1;
  for (; end < table.columns.size(); ++end) {
    chart.parts.push_back(table.columns[end].title.substr(0, table.columns[end].title.find(" (")));
    if (chart.parts.back() == "arithmetic") break;
  }
  for (size_t i = 0; i < table.rows.size(); ++i) {
    Bar bar{estimate.rows[i].row.name, {}, static_cast<int>(i)};
    for (size_t column = 1; column <= end; ++column) {
      const double* amount = std::get_if<double>(&table.rows[i][column]);
      bar.parts.push_back(amount == nullptr ? 0 : *amount * (picojoules ? 1e-6 : 1));
    }
    chart.bars.push_back(std::move(bar));
  }
  const std::string others = keep_largest_bars(chart);
  return drawing_html(to_svg(chart, SvgUse::kInPage),
                      "Energy of moving each tensor, and of arithmetic." + others);
}

std::optional<std::string> network_drawing(const Estimate& estimate, const Network& network,
                                           const std::vector<DrawnMeasure>& measures) {
  GraphChart chart{"the graph of " + network.name, {}, {}};
  std::map<std::string_view, size_t> row_of;
  for (size_t i = 0; i < estimate.rows.size(); ++i) row_of[estimate.rows[i].row.name] = i;
  std::vector<double> largest;
  for (const DrawnMeasure& measure : measures) {
    double most = 0;
    for (size_t i = 0; i < measure.rows.size(); ++i) most = std::max(most, measure.of(i));
    largest.push_back(most);
  }
  const size_t inputs = network.inputs.size();
  for (const NetworkInput& input : network.inputs) {
    const std::string tip = "input " + input.name + ": " + to_string(input.shape);
    chart.nodes.push_back({fmt::format("{} {}", input.name, to_string(input.shape)), {}, tip});
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    GraphNode node{layer.own_name.empty() ? layer.name : layer.own_name, {}, layer.name};
    if (const auto found = row_of.find(layer.name); found != row_of.end()) {
      node.row = static_cast<int>(found->second);
      node.tip = node_tip(estimate, measures, found->second);
      for (size_t m = 0; m < measures.size(); ++m) {
        node.shades.push_back(shade_of(measures[m], largest[m], found->second));
      }
    }
    chart.nodes.push_back(std::move(node));
    for (const int source : layer.inputs) {
      const size_t from =
          is_network_input(source) ? input_number(source) : inputs + static_cast<size_t>(source);
      chart.edges.push_back({from, inputs + i});
    }
  }
  return to_svg(chart, SvgUse::kInPage);
}

std::string cumulative_plot(const Estimate& estimate, const std::vector<DrawnMeasure>& measures) {
  ScatterPlot plot{estimate.counts.network + ": what the layers up to each take",
                   "layers, in the order they run", "share of the total (%)"};
  plot.height = 360;
  const auto add = [&](const std::string& name, const auto& amount_of) {
    PlotSeries series{name, {{0, 0}}, PlotStyle::kLine};
    double sum = 0;
    for (size_t i = 0; i < estimate.rows.size(); ++i) sum += amount_of(i);
    if (sum <= 0) return;
    double so_far = 0;
    for (size_t i = 0; i < estimate.rows.size(); ++i) {
      so_far += amount_of(i);
      series.points.push_back({static_cast<double>(i + 1), std::min(100.0, 100 * so_far / sum)});
    }
    plot.series.push_back(std::move(series));
  };
  for (const DrawnMeasure& measure : measures) {
    add(measure.name, [&](size_t row) { return measure.of(row); });
  }
  add("MACs",
      [&](size_t row) { return static_cast<double>(estimate.rows[row].row.operations.macs); });
  return plot.series.empty() ? "" : to_svg(plot, SvgUse::kInPage);
}

std::string memory_drawing(const Program& program, const std::string& network) {
  PlaceChart chart{"Memory of " + network, "kernel, by its number in the order they run", {}};
  // Scratch memory that shares with nobody lies beside the maps, far from them.
  std::set<std::string_view> apart;
  for (const ProgramBuffer& buffer : program.buffers) {
    if (buffer.kind == BufferKind::kScratch && !buffer.shares) apart.insert(buffer.name);
  }
  uint64_t first = UINT64_MAX;
  std::vector<MapPlace> places = map_places(program);
  std::erase_if(places, [&](const MapPlace& place) { return apart.contains(place.name); });
  for (const MapPlace& place : places) first = std::min(first, place.offset);
  for (const MapPlace& place : places) {
    chart.places.push_back(
        {place.name, place.first, place.last, place.offset - first, place.bytes});
  }
  return chart.places.empty() ? "" : to_svg(chart, SvgUse::kInPage);
}

}  // namespace wattgrind
