// A network's time, power and energy from models of its layers: T = sum T_n, E = sum P_n T_n, and
// its power is E / T (Cai et al. 2017, equations 6 to 8).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/models/layer_models.h"
#include "estimator/network/network.h"

namespace wattgrind {

struct PredictedLayerRow {
  std::string name;
  std::string kind;  // as models have it
  bool is_free = false;
  std::optional<PredictedLayer> prediction;  // absent: it is free, or the models lack its kind
};

struct NetworkPrediction {
  std::vector<PredictedLayerRow> layers;  // as the network has them
  // Sums over the layers that the models know, with the errors of layers taken to be independent.
  // Absent where a known kind has no such quantity, or no layer is known.
  std::optional<PredictedQuantity> time_s, energy_j;
  std::vector<std::string> unknown_kinds;  // each once: their layers are not in the sums

  std::optional<double> power_w() const;
};

// What was counted of the layers stands in `counted`, by layer; empty where nothing was.
NetworkPrediction predict_network(const Network& network, uint64_t batch, const LayerModels& models,
                                  const std::vector<KernelWork>& counted = {});

// Whether a predictor goes by counts of kernels.
bool needs_counts(const LayerModels& models);

// The layers, the largest first, that take a share of at least `share` of a quantity together, with
// each one's share.
struct Bottleneck {
  std::string layer;
  double share = 0;
};
std::vector<Bottleneck> bottlenecks(const NetworkPrediction& prediction, LayerQuantity quantity,
                                    double share);

}  // namespace wattgrind
