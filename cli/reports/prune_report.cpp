#include "cli/reports/prune_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "cli/terminal/sentence.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

std::string_view order_name(PruningOrder order) {
  return kPruningOrderNames[static_cast<size_t>(order)];
}

// "6 16 120 84", by the layers that channels can be taken from.
std::string channels_text(const PruningStep& step) {
  return fmt::format("{}", fmt::join(step.channels, " "));
}

std::vector<Column> step_columns() {
  return {{"energy_percent", "energy (%)", 1},
          {"energy_pj", "energy (pJ)", 0, 1},
          {"macs", "MACs", 0, 2},
          {"parameters", "parameters", 0, 2},
          {"validation_percent", "validation (%)", 2},
          {"channels", "channels"}};
}

std::vector<Cell> step_cells(const PruningStep& step, double whole_pj) {
  return {100 * step.energy_pj / whole_pj,
          step.energy_pj,
          step.macs,
          step.parameters,
          100 * step.accuracy,
          channels_text(step)};
}

Table steps_table(const PrunedCase& of) {
  Table table;
  table.columns = step_columns();
  table.columns.insert(table.columns.begin(), {"step", "step"});
  const std::vector<PruningStep>& steps = of.result.steps;
  for (size_t i = 0; i < steps.size(); ++i) {
    std::vector<Cell> row = step_cells(steps[i], steps[0].energy_pj);
    row.insert(row.begin(), uint64_t{i});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table outcomes_table(const PruneReport& report) {
  Table table;
  table.columns = step_columns();
  table.columns.insert(table.columns.begin(), {"network", "network"});
  table.columns.insert(table.columns.end() - 1, {"test_percent", "test (%)", 2});
  const auto add = [&](std::string_view name, const PruningStep& step, double test) {
    std::vector<Cell> row = step_cells(step, report.cases[0].result.steps[0].energy_pj);
    row.insert(row.begin(), std::string(name));
    row.insert(row.end() - 1, 100 * test);
    table.rows.push_back(std::move(row));
  };
  add("whole", report.cases[0].result.steps.front(), report.whole_test_accuracy);
  for (const PrunedCase& each : report.cases) {
    add(fmt::format("by {}", order_name(each.order)), each.result.steps.back(), each.test_accuracy);
  }
  return table;
}

Json step_json(const PruningStep& step) {
  return {{"energy_pj", step.energy_pj},
          {"macs", step.macs},
          {"parameters", step.parameters},
          {"validation_accuracy", step.accuracy},
          {"channels", step.channels}};
}

}  // namespace

std::string prune_text(const PruneReport& report, const TextPage& page) {
  std::string text = sentence("{} on {}, energy of one inference on {} (steady: caches warm)\n",
                              report.whole.name, report.data, report.machine);
  std::vector<std::string> names;
  for (const PrunableLayer& layer : prunable_layers(report.whole)) {
    names.push_back(report.whole.layers[layer.layer].name);
  }
  text += sentence("channels of {}\n", fmt::join(names, ", "));
  text += fmt::format("\nby {}, each step trained on\n{}", order_name(report.cases[0].order),
                      aligned_text(steps_table(report.cases[0]), page));
  return text + fmt::format("\nWhat is left\n{}", aligned_text(outcomes_table(report), page));
}

Json prune_json(const PruneReport& report) {
  Json json;
  json["schema"] = "wattgrind/prune/1";
  json["network"] = report.whole.name;
  json["data"] = report.data;
  json["machine"] = report.machine;
  json["budget"] = {{"energy", report.budget}};
  json["layers"] = Json::array();
  for (const PrunableLayer& layer : prunable_layers(report.whole)) {
    json["layers"].push_back(report.whole.layers[layer.layer].name);
  }
  json["test_accuracy"] = report.whole_test_accuracy;
  json["cases"] = Json::array();
  for (const PrunedCase& each : report.cases) {
    Json steps = Json::array();
    for (const PruningStep& step : each.result.steps) steps.push_back(step_json(step));
    json["cases"].push_back({{"method", order_name(each.order)},
                             {"test_accuracy", each.test_accuracy},
                             {"steps", std::move(steps)}});
  }
  return json;
}

Table prune_csv(const PruneReport& report) {
  Table table;
  table.columns = step_columns();
  table.columns.insert(table.columns.begin(), {{"method", ""}, {"step", ""}});
  table.columns.push_back({"test_percent", ""});
  for (const PrunedCase& each : report.cases) {
    const std::vector<PruningStep>& steps = each.result.steps;
    for (size_t i = 0; i < steps.size(); ++i) {
      std::vector<Cell> row = step_cells(steps[i], steps[0].energy_pj);
      row.insert(row.begin(), {std::string(order_name(each.order)), uint64_t{i}});
      row.push_back(i + 1 == steps.size() ? Cell{100 * each.test_accuracy}
                    : i == 0              ? Cell{100 * report.whole_test_accuracy}
                                          : Cell{});
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

ScatterPlot prune_plot(const PruneReport& report) {
  ScatterPlot plot;
  plot.title = fmt::format("{} on {}", report.whole.name, report.machine);
  plot.x_label = "energy of an inference that is left (%)";
  plot.y_label = "validation accuracy (%)";
  plot.x_scale = AxisScale::kLog;
  for (const PrunedCase& each : report.cases) {
    PlotSeries series{fmt::format("by {}", order_name(each.order)), {}, PlotStyle::kJoined};
    const double whole_pj = each.result.steps[0].energy_pj;
    for (const PruningStep& step : each.result.steps) {
      series.points.push_back(
          {100 * step.energy_pj / whole_pj, 100 * step.accuracy, channels_text(step)});
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace wattgrind
