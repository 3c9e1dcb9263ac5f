#include "estimator/models/reading_oddities.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "estimator/base/quantile.h"
#include "estimator/fit/linear_fit.h"
#include "estimator/models/layer_features.h"

namespace wattgrind {
namespace {

constexpr double kLeastJump = 1.1;

struct AxisOfJumps {
  std::string_view name;
  double (*at)(const LayerPoint& point);
};

constexpr AxisOfJumps kAxes[] = {
    {"values read", [](const LayerPoint& point) { return point.amounts.input_elements; }},
    {"values written", [](const LayerPoint& point) { return point.amounts.output_elements; }},
    {"batch", [](const LayerPoint& point) { return point.size("batch"); }}};

// The boxes of a tree over one axis, from the least to the largest.
void boxes_in_order(const StepFit& fit, size_t node, std::vector<size_t>& boxes) {
  if (fit.nodes[node].is_box()) {
    boxes.push_back(node);
    return;
  }
  boxes_in_order(fit, fit.nodes[node].left, boxes);
  boxes_in_order(fit, fit.nodes[node].right, boxes);
}

void cuts_in_order(const StepFit& fit, size_t node, std::vector<double>& cuts) {
  if (fit.nodes[node].is_box()) return;
  cuts_in_order(fit, fit.nodes[node].left, cuts);
  cuts.push_back(fit.nodes[node].below);
  cuts_in_order(fit, fit.nodes[node].right, cuts);
}

std::vector<Jump> jumps_along(const AxisOfJumps& axis,
                              const std::vector<const LayerReading*>& readings,
                              const std::vector<double>& ratios) {
  Eigen::MatrixXd points(static_cast<Eigen::Index>(readings.size()), 1);
  for (size_t i = 0; i < readings.size(); ++i) {
    points(static_cast<Eigen::Index>(i), 0) = std::log(axis.at(readings[i]->point));
  }
  StepOptions options;
  options.fewest_samples = {std::max<size_t>(8, readings.size() / 20)};
  options.most_boxes = 6;
  const StepFit fit = fit_steps(points, ratios, reading_folds(readings), options);
  std::vector<size_t> boxes;
  std::vector<double> cuts;
  boxes_in_order(fit, 0, boxes);
  cuts_in_order(fit, 0, cuts);
  std::vector<Jump> jumps;
  for (size_t i = 0; i < cuts.size(); ++i) {
    const double factor = fit.nodes[boxes[i + 1]].value / fit.nodes[boxes[i]].value;
    if (factor < kLeastJump && factor > 1 / kLeastJump) continue;
    jumps.push_back({std::string(axis.name), std::exp(cuts[i]), factor});
  }
  return jumps;
}

}  // namespace

std::vector<PowerOutlier> power_outliers(const std::vector<LayerReading>& readings) {
  std::map<std::string, std::vector<double>> powers;
  for (const LayerReading& reading : readings) {
    if (!reading.time_s || !reading.energy_j) continue;
    powers[reading.point.kind].push_back(*reading.energy_j / *reading.time_s);
  }
  std::map<std::string, double> medians;
  for (const auto& [kind, values] : powers) medians[kind] = quantile(values, 0.5);
  std::vector<PowerOutlier> outliers;
  for (size_t i = 0; i < readings.size(); ++i) {
    if (!readings[i].time_s || !readings[i].energy_j) continue;
    const double power_w = *readings[i].energy_j / *readings[i].time_s;
    const double median_w = medians.at(readings[i].point.kind);
    if (power_w > kOutlierFactor * median_w || power_w * kOutlierFactor < median_w) {
      outliers.push_back({i, power_w, median_w});
    }
  }
  return outliers;
}

std::vector<Jump> find_jumps(const std::vector<LayerReading>& readings, std::string_view kind,
                             LayerQuantity quantity) {
  std::vector<const LayerReading*> of_kind;
  std::vector<std::vector<double>> rows;
  std::vector<double> ratios;
  for (const size_t i : readings_of(readings, kind, quantity)) {
    if (readings[i].cold) continue;
    of_kind.push_back(&readings[i]);
    rows.push_back(priced_values(readings[i].point, false));
    ratios.push_back(*readings[i].of(quantity));
  }
  std::vector<Jump> jumps;
  if (reading_folds(of_kind).size() < 2) return jumps;
  const std::vector<double> prices = relative_prices(rows, ratios);
  for (size_t i = 0; i < ratios.size(); ++i) {
    const double sum = priced(rows[i], prices);
    if (sum <= 0) return jumps;
    ratios[i] /= sum;
  }
  for (const AxisOfJumps& axis : kAxes) {
    if (!jumps.empty()) break;
    jumps = jumps_along(axis, of_kind, ratios);
  }
  return jumps;
}

std::optional<OpenModes> open_modes(const std::vector<LayerReading>& readings,
                                    const KindModel& model, LayerQuantity quantity) {
  OpenModes open;
  std::map<std::vector<double>, std::pair<size_t, std::vector<Mode>>> boxes;
  for (const size_t i : readings_of(readings, model.kind, quantity)) {
    if (readings[i].cold) continue;
    const LayerPoint& point = readings[i].point;
    std::vector<Mode> modes = model.of(quantity)->predictor->modes(point);
    if (modes.empty()) continue;
    ++open.readings;
    std::vector<double> key;
    for (Mode& mode : modes) {
      mode.value /= point.amounts.operations;
      key.push_back(std::round(1e15 * mode.value));
    }
    auto& [count, box] = boxes[key];
    ++count;
    box = std::move(modes);
  }
  if (boxes.empty()) return std::nullopt;
  const auto largest = std::max_element(
      boxes.begin(), boxes.end(),
      [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
  open.an_operation = largest->second.second;
  return open;
}

}  // namespace wattgrind
