#include "cli/reports/model_estimate_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "cli/reports/estimate_json.h"
#include "cli/reports/estimate_report.h"
#include "cli/terminal/sentence.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr double kMicro = 1e6;
constexpr double kBottleneckShare = 0.8;
constexpr size_t kShownOutside = 8;

// What is told of a layer or of the network.
struct ToldQuantities {
  std::optional<PredictedQuantity> time_s, energy_j;
  std::optional<double> power_w;
};

ToldQuantities told(const PredictedLayerRow& row) {
  if (!row.prediction) return {};
  return {row.prediction->time_s, row.prediction->energy_j, row.prediction->power_w()};
}

ToldQuantities told(const NetworkPrediction& prediction) {
  return {prediction.time_s, prediction.energy_j, prediction.power_w()};
}

struct ToldColumn {
  Column column;
  std::function<std::optional<double>(const ToldQuantities&)> value;
};

ToldColumn quantity_column(Column column, std::optional<PredictedQuantity> ToldQuantities::*part,
                           double PredictedQuantity::*value) {
  return {std::move(column), [part, value](const ToldQuantities& quantities) {
            const auto& quantity = quantities.*part;
            return quantity ? std::optional(kMicro * (*quantity).*value) : std::nullopt;
          }};
}

std::vector<ToldColumn> told_columns() {
  const auto time = &ToldQuantities::time_s;
  const auto energy = &ToldQuantities::energy_j;
  using Part = PredictedQuantity;
  return {quantity_column({"model_time_us", "model: time (us)", 2}, time, &Part::value),
          quantity_column({"model_time_low_us", "from", 2, 7}, time, &Part::low),
          quantity_column({"model_time_high_us", "to", 2, 7}, time, &Part::high),
          {{"model_power_w", "power (W)", 2},
           [](const ToldQuantities& quantities) { return quantities.power_w; }},
          quantity_column({"model_energy_uj", "energy (uJ)", 2}, energy, &Part::value),
          quantity_column({"model_energy_low_uj", "from", 2, 8}, energy, &Part::low),
          quantity_column({"model_energy_high_uj", "to", 2, 8}, energy, &Part::high)};
}

// The rows of the estimate are of layers, which stand in the prediction under their names, and the
// total, which comes last where there is a footer.
void add_columns(const ModelEstimate& estimate, bool only_known, Table& table) {
  const NetworkPrediction& prediction = estimate.prediction;
  const ToldQuantities total = told(prediction);
  for (const ToldColumn& column : told_columns()) {
    if (only_known && !column.value(total)) continue;
    table.columns.push_back(column.column);
    for (std::vector<Cell>& row : table.rows) {
      const auto* name = std::get_if<std::string>(&row.front());
      const auto found =
          std::find_if(prediction.layers.begin(), prediction.layers.end(),
                       [&](const auto& layer) { return name != nullptr && layer.name == *name; });
      const bool is_total = table.footer_rows > 0 && &row == &table.rows.back();
      ToldQuantities quantities;
      if (is_total) quantities = total;
      if (!is_total && found != prediction.layers.end()) quantities = told(*found);
      row.push_back(optional_cell(column.value(quantities)));
    }
  }
}

std::vector<std::string> layers_outside(const NetworkPrediction& prediction) {
  std::vector<std::string> layers;
  for (const PredictedLayerRow& row : prediction.layers) {
    if (!row.prediction || row.prediction->outside.empty()) continue;
    layers.push_back(fmt::format("{}: {}", row.name, fmt::join(row.prediction->outside, "; ")));
  }
  return layers;
}

std::string modes_of_layers(const NetworkPrediction& prediction) {
  std::vector<std::string> layers;
  for (const PredictedLayerRow& row : prediction.layers) {
    if (!row.prediction) continue;
    const auto& energy = row.prediction->energy_j;
    const auto& time = row.prediction->time_s;
    if ((energy && !energy->modes.empty()) || (time && !time->modes.empty())) {
      layers.push_back(row.name);
    }
  }
  if (layers.empty()) return "";
  return sentence(
      "Readings like {} fell into several modes, of which sizes do not tell the next: --format "
      "json "
      "has them all.\n",
      fmt::format("{}", fmt::join(layers, ", ")));
}

std::string doubts(const ModelEstimate& estimate) {
  std::string text;
  const NetworkPrediction& prediction = estimate.prediction;
  if (!prediction.unknown_kinds.empty()) {
    text += sentence("The models know no {}: what these take is not in the total.\n",
                     fmt::format("{}", fmt::join(prediction.unknown_kinds, ", ")));
  }
  const std::vector<std::string> outside = layers_outside(prediction);
  if (!outside.empty()) {
    text += outside.size() == 1 ? "One layer lies outside of what the models have seen:\n"
                                : fmt::format(
                                      "{} layers lie outside of what the models have "
                                      "seen:\n",
                                      outside.size());
  }
  for (size_t i = 0; i < outside.size() && i < kShownOutside; ++i) {
    text += sentence("  {}\n", outside[i]);
  }
  if (outside.size() > kShownOutside) {
    text += fmt::format("  and {} more\n", outside.size() - kShownOutside);
  }
  text += modes_of_layers(prediction);
  return text.empty() ? text : "\n" + text;
}

std::string shares_text(const NetworkPrediction& prediction, LayerQuantity quantity) {
  std::vector<std::string> parts;
  for (const Bottleneck& layer : bottlenecks(prediction, quantity, kBottleneckShare)) {
    parts.push_back(fmt::format("{} {:.0f} %", layer.layer, 100 * layer.share));
  }
  if (parts.empty()) return "";
  return sentence("{:.0f} % of {}: {}\n", 100 * kBottleneckShare, name(quantity),
                  fmt::format("{}", fmt::join(parts, ", ")));
}

std::string highest_power_text(const NetworkPrediction& prediction) {
  const PredictedLayerRow* highest = nullptr;
  for (const PredictedLayerRow& row : prediction.layers) {
    if (!row.prediction || !row.prediction->power_w()) continue;
    if (highest == nullptr || *row.prediction->power_w() > *highest->prediction->power_w()) {
      highest = &row;
    }
  }
  if (highest == nullptr) return "";
  return sentence("highest power: {}, {:.1f} W; of the network {:.1f} W\n", highest->name,
                  *highest->prediction->power_w(), prediction.power_w().value_or(0));
}

ordered_json prediction_json(const std::optional<PredictedQuantity>& quantity) {
  if (!quantity) return nullptr;
  ordered_json json = {
      {"value", quantity->value}, {"low", quantity->low}, {"high", quantity->high}};
  for (const Mode& mode : quantity->modes) {
    json["modes"].push_back({{"value", mode.value}, {"share", mode.share}});
  }
  return json;
}

ordered_json told_json(const ToldQuantities& quantities) {
  ordered_json json = {{"time_s", prediction_json(quantities.time_s)},
                       {"energy_j", prediction_json(quantities.energy_j)}};
  json["power_w"] = quantities.power_w ? ordered_json(*quantities.power_w) : ordered_json(nullptr);
  return json;
}

}  // namespace

std::string model_estimate_text(const ModelEstimate& estimate,
                                const std::vector<std::string>& metrics, const TextPage& page) {
  const Table table = model_estimate_table(estimate, metrics, Audience::kPeople);
  const std::string most = bottleneck_text(estimate);
  return estimate_heading(estimate.estimate) + aligned_text(table, page) +
         (most.empty() ? "" : "\n" + most) + "\n" + model_notes(estimate);
}

std::string model_notes(const ModelEstimate& estimate) {
  return sentence("models of layers alone, from {}; \"from\" and \"to\" hold 95 %\n",
                  estimate.readings) +
         doubts(estimate);
}

std::string bottleneck_text(const ModelEstimate& estimate) {
  if (!estimate.bottleneck) return "";
  return shares_text(estimate.prediction, LayerQuantity::kTime) +
         highest_power_text(estimate.prediction) +
         shares_text(estimate.prediction, LayerQuantity::kEnergy);
}

Table model_estimate_table(const ModelEstimate& estimate, const std::vector<std::string>& metrics,
                           Audience audience) {
  Table table = metrics_table(estimate.estimate, metrics, audience);
  add_columns(estimate, audience == Audience::kPeople, table);
  return table;
}

ordered_json model_estimate_json(const ModelEstimate& estimate) {
  ordered_json json = estimate_json(estimate.estimate);
  ordered_json layers = ordered_json::array();
  for (const PredictedLayerRow& row : estimate.prediction.layers) {
    ordered_json layer = {{"name", row.name}, {"kind", row.kind}};
    layer.update(told_json(told(row)));
    if (row.prediction) layer["outside"] = row.prediction->outside;
    layers.push_back(std::move(layer));
  }
  ordered_json model = {{"readings", estimate.readings},
                        {"layers", std::move(layers)},
                        {"total", told_json(told(estimate.prediction))},
                        {"unknown_kinds", estimate.prediction.unknown_kinds}};
  for (const LayerQuantity quantity : {LayerQuantity::kTime, LayerQuantity::kEnergy}) {
    if (!estimate.bottleneck) break;
    ordered_json& parts = model["bottlenecks"][std::string(name(quantity))];
    parts = ordered_json::array();
    for (const Bottleneck& layer : bottlenecks(estimate.prediction, quantity, kBottleneckShare)) {
      parts.push_back({{"layer", layer.layer}, {"share", layer.share}});
    }
  }
  json["model"] = std::move(model);
  return json;
}

}  // namespace wattgrind
