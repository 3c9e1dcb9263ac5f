#include "estimator/models/reading_precision.h"

#include <limits>

#include "estimator/base/error.h"
#include "estimator/fit/cross_validation.h"
#include "estimator/fit/fit_quality.h"

namespace wattgrind {
namespace {

constexpr size_t kPrecisionFolds = 4;
constexpr uint64_t kPrecisionSeed = 1;

// Convolutions take most of most networks' time, and other products what they leave.
double weight_of(std::string_view kind) {
  if (kind == "conv2d") return 4;
  return kind == "dense" || kind == "depthwise_conv2d" || kind == "matmul" ? 2 : 1;
}

}  // namespace

double KindPrecision::need() const {
  if (layers < kFewestLayersOfAKind || !left_out_percent) {
    return std::numeric_limits<double>::max() / (1 + static_cast<double>(layers));
  }
  return weight_of(kind) * *left_out_percent / static_cast<double>(layers);
}

KindPrecision kind_precision(std::string_view kind, std::span<const LayerReading> readings) {
  KindPrecision precision;
  precision.kind = kind;
  std::vector<const LayerReading*> warm;
  for (const LayerReading& reading : readings) {
    if (reading.point.kind == kind && !reading.cold && reading.time_s) warm.push_back(&reading);
  }
  precision.layers = warm.size();
  if (warm.size() < kFewestLayersOfAKind) return precision;
  // Three quarters predict the last: tenths would tell the error better, and take longer to fit.
  std::vector<std::string> workloads;
  for (const LayerReading* reading : warm) workloads.push_back(reading->workload);
  const std::vector<Fold> folds = dealt_folds(workloads, kPrecisionFolds, kPrecisionSeed);
  std::vector<double> measured, predicted;
  for (const Fold& fold : folds) {
    FitRequest others;
    for (const Fold& other : folds) {
      if (&other == &fold) continue;
      for (const size_t i : other) others.readings.push_back(warm[i]);
    }
    const LayerPredictorPtr predictor = kHybridForm.fit(others);
    if (!predictor) return precision;
    for (const size_t i : fold) {
      measured.push_back(*warm[i]->time_s);
      predicted.push_back(predictor->predict(warm[i]->point));
    }
  }
  precision.left_out_percent = fit_quality(measured, predicted).mape_percent;
  return precision;
}

size_t most_needed(std::span<const KindPrecision> kinds) {
  CHECK(!kinds.empty(), "no kinds");
  size_t best = 0;
  for (size_t i = 1; i < kinds.size(); ++i) {
    if (kinds[i].need() > kinds[best].need()) best = i;
  }
  return best;
}

}  // namespace wattgrind
