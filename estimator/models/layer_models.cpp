#include "estimator/models/layer_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "estimator/base/error.h"
#include "estimator/base/quantile.h"
#include "estimator/fit/cross_validation.h"
#include "estimator/fit/linear_fit.h"

namespace wattgrind {
namespace {

struct LeftOutForm {
  const PredictorForm* form = nullptr;
  std::vector<double> predicted;  // by reading
  std::vector<std::vector<Mode>> modes;
  FitQuality all, warm;
  std::optional<FitQuality> cold, by_network;
};

// A fit of the form to the readings that it can tell apart.
LayerPredictorPtr fit_form(const PredictorForm& form, FitRequest request) {
  if (!form.reads_counts || !all_counted(request)) {
    std::erase_if(request.readings, [](const LayerReading* reading) { return reading->cold; });
  }
  return request.readings.empty() ? nullptr : form.fit(request);
}

// Absent where no reading is `cold`.
std::optional<FitQuality> quality_of(const FitRequest& request,
                                     const std::vector<double>& predicted, bool cold) {
  std::vector<double> measured, told;
  for (size_t i = 0; i < predicted.size(); ++i) {
    if (request.readings[i]->cold != cold) continue;
    measured.push_back(*request.readings[i]->of(request.quantity));
    told.push_back(predicted[i]);
  }
  if (measured.empty()) return std::nullopt;
  return fit_quality(measured, told);
}

std::vector<double> targets_of(const FitRequest& request) {
  std::vector<double> targets;
  for (const LayerReading* reading : request.readings) {
    targets.push_back(*reading->of(request.quantity));
  }
  return targets;
}

// Absent where the form cannot be fitted without one of the folds.
std::optional<LeftOutForm> leave_out(const PredictorForm& form, const FitRequest& request,
                                     std::span<const Fold> folds) {
  LeftOutForm result;
  result.form = &form;
  result.predicted.resize(request.readings.size());
  result.modes.resize(request.readings.size());
  for (size_t i = 0; i < folds.size(); ++i) {
    FitRequest others{{}, request.quantity, request.platform};
    for (size_t j = 0; j < folds.size(); ++j) {
      if (j == i) continue;
      for (const size_t row : folds[j]) others.readings.push_back(request.readings[row]);
    }
    const LayerPredictorPtr predictor = fit_form(form, std::move(others));
    if (!predictor) return std::nullopt;
    for (const size_t row : folds[i]) {
      result.predicted[row] = predictor->predict(request.readings[row]->point);
      result.modes[row] = predictor->modes(request.readings[row]->point);
    }
  }
  result.all = fit_quality(targets_of(request), result.predicted);
  result.warm = quality_of(request, result.predicted, false).value_or(result.all);
  result.cold = quality_of(request, result.predicted, true);
  return result;
}

// Predicts each network's layers by a fit that saw neither them nor layers of the same sizes.
std::optional<FitQuality> leave_networks_out(const PredictorForm& form, const FitRequest& request) {
  std::set<std::string> networks;
  for (const LayerReading* reading : request.readings) {
    if (!reading->network.empty()) networks.insert(reading->network);
  }
  if (networks.size() < 2) return std::nullopt;
  std::vector<double> measured, predicted;
  for (const std::string& network : networks) {
    std::set<std::vector<double>> sizes;
    for (const LayerReading* reading : request.readings) {
      if (reading->network == network) sizes.insert(reading->point.sizes);
    }
    FitRequest others{{}, request.quantity, request.platform};
    for (const LayerReading* reading : request.readings) {
      if (sizes.count(reading->point.sizes) == 0) others.readings.push_back(reading);
    }
    const LayerPredictorPtr predictor = fit_form(form, std::move(others));
    if (!predictor) return std::nullopt;
    for (const LayerReading* reading : request.readings) {
      if (reading->network != network || reading->cold) continue;
      measured.push_back(*reading->of(request.quantity));
      predicted.push_back(predictor->predict(reading->point));
    }
  }
  if (measured.empty()) return std::nullopt;
  return fit_quality(measured, predicted);
}

// 95 % of measured / predicted.
Interval factor_of(const std::vector<double>& measured, const std::vector<double>& predicted) {
  std::vector<double> ratios;
  for (size_t i = 0; i < measured.size(); ++i) ratios.push_back(measured[i] / predicted[i]);
  return {std::min(1.0, quantile(ratios, 0.025)), std::max(1.0, quantile(ratios, 0.975))};
}

std::optional<double> nearest_mode_mape(const LeftOutForm& left_out,
                                        const std::vector<double>& measured) {
  bool has_modes = false;
  double sum = 0;
  for (size_t i = 0; i < measured.size(); ++i) {
    double least = std::abs(left_out.predicted[i] / measured[i] - 1);
    for (const Mode& mode : left_out.modes[i]) {
      has_modes = true;
      least = std::min(least, std::abs(mode.value / measured[i] - 1));
    }
    sum += least;
  }
  if (!has_modes) return std::nullopt;
  return 100 * sum / static_cast<double>(measured.size());
}

// Of a quantity in proportion to operations, each fold's rate being that of the others.
FitQuality proportion_quality(const FitRequest& request, std::span<const Fold> folds) {
  std::vector<double> predicted(request.readings.size());
  for (size_t i = 0; i < folds.size(); ++i) {
    std::vector<std::vector<double>> rows;
    std::vector<double> targets;
    for (size_t j = 0; j < folds.size(); ++j) {
      if (j == i) continue;
      for (const size_t row : folds[j]) {
        rows.push_back({request.readings[row]->point.amounts.operations});
        targets.push_back(*request.readings[row]->of(request.quantity));
      }
    }
    const std::vector<double> rate = relative_prices(rows, targets);
    for (const size_t row : folds[i]) {
      predicted[row] = rate.front() * request.readings[row]->point.amounts.operations;
    }
  }
  return fit_quality(targets_of(request), predicted);
}

std::optional<QuantityModel> fit_quantity(const FitRequest& request,
                                          const std::vector<const PredictorForm*>& forms,
                                          const std::function<void(std::string_view)>& progress) {
  const std::vector<Fold> folds = reading_folds(request.readings);
  if (folds.size() < 2) return std::nullopt;
  std::vector<LeftOutForm> candidates;
  for (const PredictorForm* form : forms) {
    progress(form->name);
    if (auto candidate = leave_out(*form, request, folds)) {
      candidate->by_network = leave_networks_out(*form, request);
      candidates.push_back(std::move(*candidate));
    }
  }
  if (candidates.empty()) return std::nullopt;
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.all.mape_percent < b.all.mape_percent;
  });
  const std::vector<double> measured = targets_of(request);
  QuantityModel model;
  model.predictor = fit_form(*candidates.front().form, request);
  CHECK(model.predictor, "{} fits less and not more", candidates.front().form->name);
  model.left_out = candidates.front().warm;
  model.factor = factor_of(measured, candidates.front().predicted);
  model.nearest_mode_mape_percent = nearest_mode_mape(candidates.front(), measured);
  model.in_proportion = proportion_quality(request, folds);
  for (const LeftOutForm& candidate : candidates) {
    model.scores.push_back(
        {std::string(candidate.form->name), candidate.warm, candidate.cold, candidate.by_network});
  }
  model.left_out_predictions = std::move(candidates.front().predicted);
  return model;
}

std::vector<SizeRange> ranges_of(const std::vector<const LayerReading*>& readings) {
  const auto names = size_names(readings.front()->point.kind);
  std::vector<SizeRange> ranges;
  for (size_t i = 0; i < names.size(); ++i) {
    const double first = readings.front()->point.sizes[i];
    SizeRange range{std::string(names[i]), first, first};
    for (const LayerReading* reading : readings) {
      range.least = std::min(range.least, reading->point.sizes[i]);
      range.most = std::max(range.most, reading->point.sizes[i]);
    }
    ranges.push_back(std::move(range));
  }
  return ranges;
}

PredictedQuantity predicted_quantity(const QuantityModel& model, const LayerPoint& point) {
  const double value = model.predictor->predict(point);
  return {value, value * model.factor.low, value * model.factor.high,
          model.predictor->modes(point)};
}

}  // namespace

const KindModel* LayerModels::find(std::string_view kind) const {
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const KindModel& model) { return model.kind == kind; });
  return found == kinds.end() ? nullptr : &*found;
}

std::optional<double> PredictedLayer::power_w() const {
  if (!time_s || !energy_j) return std::nullopt;
  return energy_j->value / time_s->value;
}

PredictedLayer predict(const KindModel& model, const LayerPoint& point) {
  PredictedLayer prediction;
  if (model.time) prediction.time_s = predicted_quantity(*model.time, point);
  if (model.energy) prediction.energy_j = predicted_quantity(*model.energy, point);
  for (const SizeRange& range : model.ranges) {
    const double size = point.size(range.name);
    // A size that a mean made may differ by rounding.
    if (size < range.least * (1 - 1e-9) || size > range.most * (1 + 1e-9)) {
      prediction.outside.push_back(
          fmt::format("{} {:g}, seen {:g} to {:g}", range.name, size, range.least, range.most));
    }
  }
  return prediction;
}

std::vector<size_t> readings_of(const std::vector<LayerReading>& readings, std::string_view kind,
                                LayerQuantity quantity) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < readings.size(); ++i) {
    const LayerReading& reading = readings[i];
    const bool takes_part = !reading.cold || reading.point.counted;
    if (reading.point.kind == kind && reading.of(quantity) && takes_part) indices.push_back(i);
  }
  return indices;
}

LayerModels fit_layer_models(const std::vector<LayerReading>& readings,
                             const LayerFitOptions& options) {
  const PlatformRates platform = platform_rates(readings);
  std::set<std::string> kinds;
  for (const LayerReading& reading : readings) kinds.insert(reading.point.kind);
  LayerModels models;
  size_t done = 0;
  for (const std::string& kind : kinds) {
    KindModel model;
    model.kind = kind;
    std::vector<const LayerReading*> of_kind;
    for (const LayerReading& reading : readings) {
      if (reading.point.kind == kind) of_kind.push_back(&reading);
    }
    model.readings = of_kind.size();
    model.ranges = ranges_of(of_kind);
    std::vector<double> errors;
    for (const LayerReading* reading : of_kind) {
      if (reading->relative_error) errors.push_back(100 * *reading->relative_error);
    }
    if (!errors.empty()) model.repeatability_percent = quantile(errors, 0.5);
    for (const LayerQuantity quantity : {LayerQuantity::kTime, LayerQuantity::kEnergy}) {
      FitRequest request{{}, quantity, platform};
      for (const size_t i : readings_of(readings, kind, quantity)) {
        request.readings.push_back(&readings[i]);
      }
      if (request.readings.empty()) continue;
      auto fitted = fit_quantity(request, options.forms, [&](std::string_view form) {
        if (!options.progress) return;
        options.progress(fmt::format("{}: {} by {}", kind, name(quantity), form), done,
                         kinds.size());
      });
      (quantity == LayerQuantity::kTime ? model.time : model.energy) = std::move(fitted);
    }
    models.kinds.push_back(std::move(model));
    ++done;
  }
  return models;
}

}  // namespace wattgrind
