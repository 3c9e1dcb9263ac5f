#include "cli/reports/roofline_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal/sentence.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr double kGiga = 1e9;

Table roofline_table(const Roofline& roofline) {
  Table table;
  table.columns = {{"layer", "layer"}, {"operations", "operations", 0, 3}};
  for (const Roof& roof : roofline.roofs) {
    table.columns.push_back(
        {fmt::format("operations_a_byte_of_{}", roof.of), "a byte of " + roof.of, 2, 2});
  }
  table.columns.push_back({"bound", "bound by"});
  table.columns.push_back({"attainable_gops", "at most (Gop/s)", 2});
  table.columns.push_back({"reached_gops", "predicted (Gop/s)", 2});
  table.columns.push_back({"share_percent", "of that (%)", 1, 1});
  for (const RooflineRow& row : roofline.rows) {
    std::vector<Cell> cells = {row.name, static_cast<uint64_t>(row.operations)};
    for (const auto& intensity : row.operations_a_byte) cells.push_back(optional_cell(intensity));
    cells.emplace_back(row.bound);
    cells.emplace_back(row.attainable_per_s / kGiga);
    const std::optional<double> reached = row.reached_per_s();
    cells.push_back(reached ? Cell(*reached / kGiga) : Cell());
    cells.push_back(reached ? Cell(100 * *reached / row.attainable_per_s) : Cell());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace

std::string roofline_text(const Roofline& roofline, const TextPage& page) {
  std::string text = sentence("{} on {}: one core computes at most {:.4g} Gop/s", roofline.network,
                              roofline.machine, roofline.peak_per_s / kGiga);
  for (const Roof& roof : roofline.roofs) {
    text += fmt::format(", {} gives {:.4g} GB/s", roof.of, roof.bytes_per_s / kGiga);
  }
  return text + "\n\n" + aligned_text(roofline_table(roofline), page);
}

ordered_json roofline_json(const Roofline& roofline) {
  ordered_json json = {
      {"schema", "wattgrind/roofline/1"}, {"network", roofline.network},
      {"machine", roofline.machine},      {"peak_operations_per_s", roofline.peak_per_s},
      {"roofs", ordered_json::array()},   {"layers", ordered_json::array()}};
  for (const Roof& roof : roofline.roofs) {
    json["roofs"].push_back({{"of", roof.of}, {"bytes_per_s", roof.bytes_per_s}});
  }
  for (const RooflineRow& row : roofline.rows) {
    ordered_json layer = {{"name", row.name}, {"operations", row.operations}};
    for (size_t i = 0; i < roofline.roofs.size(); ++i) {
      if (row.operations_a_byte[i]) {
        layer["operations_a_byte"][roofline.roofs[i].of] = *row.operations_a_byte[i];
      }
    }
    layer["bound"] = row.bound;
    layer["attainable_operations_per_s"] = row.attainable_per_s;
    if (row.reached_per_s()) layer["predicted_operations_per_s"] = *row.reached_per_s();
    json["layers"].push_back(std::move(layer));
  }
  return json;
}

Table roofline_csv(const Roofline& roofline) { return roofline_table(roofline); }

ScatterPlot roofline_plot(const Roofline& roofline) {
  const Roof& roof = roofline.roofs.back();
  PlotSeries layers{"layers, as predicted", {}};
  const double ridge = roofline.peak_per_s / roof.bytes_per_s;
  double least = ridge / 10, most = 10 * ridge;
  for (const RooflineRow& row : roofline.rows) {
    const std::optional<double>& intensity = row.operations_a_byte.back();
    if (!intensity || !row.reached_per_s()) continue;
    least = std::min(least, *intensity);
    most = std::max(most, *intensity);
    const double reached = *row.reached_per_s() / kGiga;
    layers.points.push_back(
        {*intensity, reached,
         fmt::format("{}: {:.3g} operations a byte, {:.3g} Gop/s", row.name, *intensity, reached)});
  }
  if (layers.points.empty()) {
    fail(ErrorKind::kInput, "{}: no layer moves anything from {}: nothing to draw",
         roofline.network, roof.of);
  }
  ScatterPlot plot;
  plot.title = roofline.network + " on " + roofline.machine;
  plot.x_label = fmt::format("operations for each byte of {}", roof.of);
  plot.y_label = "Gop/s";
  plot.x_scale = plot.y_scale = AxisScale::kLog;
  plot.series.push_back(std::move(layers));
  const double bandwidth = roof.bytes_per_s / kGiga, peak = roofline.peak_per_s / kGiga;
  plot.lines.push_back(
      {fmt::format("{}: {:.4g} GB/s", roof.of, bandwidth), least, least * bandwidth, ridge, peak});
  plot.lines.push_back({fmt::format("core: {:.4g} Gop/s", peak), ridge, peak, most, peak});
  return plot;
}

}  // namespace wattgrind
