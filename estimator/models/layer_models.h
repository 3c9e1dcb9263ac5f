// Layer models tell time, power and energy of layers on one machine, kind by kind, as readings of
// layers alone taught them.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/fit/bootstrap.h"
#include "estimator/fit/fit_quality.h"
#include "estimator/models/layer_predictor.h"

namespace wattgrind {

// How well a form predicted readings that it was not fitted to.
struct FormScore {
  std::string form;
  FitQuality left_out;             // by tenths of the readings; of those from warm caches
  std::optional<FitQuality> cold;  // the same of those from cold caches, where there are some
  // Of each network's layers by a fit that saw no layer of that network nor any of the same sizes.
  // Absent where fewer than two networks' layers were read, or too little is left to fit to.
  std::optional<FitQuality> by_network;
};

struct QuantityModel {
  LayerPredictorPtr predictor;
  FitQuality left_out;
  // 95 % of the readings left out lay between these multiples of what was predicted.
  Interval factor{1, 1};
  // Error to the nearest mode, where the predictor tells modes; absent elsewhere.
  std::optional<double> nearest_mode_mape_percent;
  std::optional<FitQuality> in_proportion;  // to operations: what a model has to beat
  // Of all forms that could be fitted, the least mean absolute percentage error over all readings
  // first.
  std::vector<FormScore> scores;
  // Of the chosen form, by reading of the kind that has the quantity; empty in a model from a file.
  std::vector<double> left_out_predictions;
};

struct SizeRange {
  std::string name;
  double least = 0, most = 0;
};

struct KindModel {
  std::string kind;
  size_t readings = 0;
  // The median of what the readings say of their own error; absent where they say nothing.
  std::optional<double> repeatability_percent;
  std::vector<SizeRange> ranges;  // of the sizes, as readings had them
  std::optional<QuantityModel> time, energy;

  const std::optional<QuantityModel>& of(LayerQuantity quantity) const {
    return quantity == LayerQuantity::kTime ? time : energy;
  }
};

struct LayerModels {
  std::string readings;  // the file they were in
  std::string machine;   // that they were taken on, as whoever fitted called it; empty: not said
  std::string kernels;   // the program's version whose kernels ran; empty: other people's
  std::string date;      // of the fit: "2026-11-29 12:00:00 UTC"
  std::vector<KindModel> kinds;

  const KindModel* find(std::string_view kind) const;
};

// A quantity of one layer: from `low` to `high` with 95 % confidence.
struct PredictedQuantity {
  double value = 0;
  double low = 0, high = 0;
  std::vector<Mode> modes;
};

struct PredictedLayer {
  std::optional<PredictedQuantity> time_s, energy_j;
  // "batch 512, seen 1 to 256": sizes that lie outside of what the model has seen.
  std::vector<std::string> outside;

  // Energy over time.
  std::optional<double> power_w() const;
};

PredictedLayer predict(const KindModel& model, const LayerPoint& point);

struct LayerFitOptions {
  // Of which the one is taken, kind by kind and quantity by quantity, that has the least mean
  // absolute percentage error on readings left out, warm and cold together.
  std::vector<const PredictorForm*> forms;
  std::function<void(std::string_view what, size_t done, size_t total)> progress;
};

// Fits each kind of layer among the readings, by ten folds dealt by a fixed seed and then to all of
// its readings. A quantity that none of a kind's readings has is absent, and so is one that no form
// could be fitted to.
LayerModels fit_layer_models(const std::vector<LayerReading>& readings,
                             const LayerFitOptions& options);

// Indices of the kind's readings that have the quantity, in order: those that
// left_out_predictions are of. A reading from cold caches takes part if it is counted.
std::vector<size_t> readings_of(const std::vector<LayerReading>& readings, std::string_view kind,
                                LayerQuantity quantity);

}  // namespace wattgrind
