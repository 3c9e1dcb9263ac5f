#include "estimator/models/network_prediction.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

const std::optional<PredictedQuantity>& part_of(const PredictedLayer& layer,
                                                LayerQuantity quantity) {
  return quantity == LayerQuantity::kTime ? layer.time_s : layer.energy_j;
}

std::optional<PredictedQuantity> sum_of(const NetworkPrediction& prediction,
                                        LayerQuantity quantity) {
  PredictedQuantity sum;
  double below = 0, above = 0;  // squares
  size_t known = 0;
  for (const PredictedLayerRow& row : prediction.layers) {
    if (!row.prediction) continue;
    const auto& part = part_of(*row.prediction, quantity);
    if (!part) return std::nullopt;
    ++known;
    sum.value += part->value;
    below += std::pow(part->value - part->low, 2);
    above += std::pow(part->high - part->value, 2);
  }
  if (known == 0) return std::nullopt;
  sum.low = std::max(0.0, sum.value - std::sqrt(below));
  sum.high = sum.value + std::sqrt(above);
  return sum;
}

}  // namespace

std::optional<double> NetworkPrediction::power_w() const {
  if (!time_s || !energy_j) return std::nullopt;
  return energy_j->value / time_s->value;
}

NetworkPrediction predict_network(const Network& network, uint64_t batch, const LayerModels& models,
                                  const std::vector<KernelWork>& counted) {
  CHECK(counted.empty() || counted.size() == network.layers.size(), "{} counts of {} layers",
        counted.size(), network.layers.size());
  NetworkPrediction result;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    PredictedLayerRow row{layer.name, layer_model_kind(layer), is_free(layer), std::nullopt};
    const KindModel* model = models.find(row.kind);
    if (!row.is_free && model != nullptr) {
      LayerPoint point = layer_point(layer, batch);
      if (!counted.empty()) point.counted = counted[i];
      row.prediction = predict(*model, point);
    } else if (!row.is_free && std::find(result.unknown_kinds.begin(), result.unknown_kinds.end(),
                                         row.kind) == result.unknown_kinds.end()) {
      result.unknown_kinds.push_back(row.kind);
    }
    result.layers.push_back(std::move(row));
  }
  result.time_s = sum_of(result, LayerQuantity::kTime);
  result.energy_j = sum_of(result, LayerQuantity::kEnergy);
  return result;
}

bool needs_counts(const LayerModels& models) {
  for (const KindModel& model : models.kinds) {
    for (const LayerQuantity quantity : {LayerQuantity::kTime, LayerQuantity::kEnergy}) {
      if (model.of(quantity) && model.of(quantity)->predictor->needs_counts()) return true;
    }
  }
  return false;
}

std::vector<Bottleneck> bottlenecks(const NetworkPrediction& prediction, LayerQuantity quantity,
                                    double share) {
  std::vector<Bottleneck> layers;
  double sum = 0;
  for (const PredictedLayerRow& row : prediction.layers) {
    if (!row.prediction) continue;
    const auto& part = part_of(*row.prediction, quantity);
    if (!part) continue;
    layers.push_back({row.name, part->value});
    sum += part->value;
  }
  std::stable_sort(layers.begin(), layers.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  double together = 0;
  size_t taken = 0;
  while (taken < layers.size() && together < share * sum) together += layers[taken++].share;
  layers.resize(taken);
  for (Bottleneck& layer : layers) layer.share /= sum;
  return layers;
}

}  // namespace wattgrind
