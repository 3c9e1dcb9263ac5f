#include "estimator/models/layer_predictor.h"

#include <algorithm>
#include <array>

#include "estimator/base/error.h"
#include "estimator/fit/cross_validation.h"

namespace wattgrind {
namespace {

constexpr std::array<const PredictorForm*, 5> kForms = {&kPolynomialForm, &kCountsForm, &kPaleoForm,
                                                        &kHybridForm, &kStepsForm};
constexpr size_t kFolds = 10;
constexpr uint64_t kFoldSeed = 1;

}  // namespace

std::string_view name(LayerQuantity quantity) {
  return quantity == LayerQuantity::kTime ? "time" : "energy";
}

std::string_view unit(LayerQuantity quantity) {
  return quantity == LayerQuantity::kTime ? "s" : "J";
}

PlatformRates platform_rates(std::span<const LayerReading> readings) {
  PlatformRates rates;
  double energy_j = 0, time_s = 0;
  const bool has_cold = std::any_of(readings.begin(), readings.end(),
                                    [](const LayerReading& reading) { return reading.cold; });
  for (const LayerReading& reading : readings) {
    if (!reading.time_s) continue;
    const LayerAmounts& amounts = reading.point.amounts;
    rates.operations_per_s = std::max(rates.operations_per_s, amounts.operations / *reading.time_s);
    const double moved = amounts.input_elements + amounts.output_elements + amounts.parameters;
    if (reading.cold == has_cold) {
      rates.elements_per_s = std::max(rates.elements_per_s, moved / *reading.time_s);
    }
    if (!reading.energy_j) continue;
    energy_j += *reading.energy_j;
    time_s += *reading.time_s;
  }
  if (time_s > 0) rates.power_w = energy_j / time_s;
  return rates;
}

std::span<const PredictorForm* const> predictor_forms() { return kForms; }

const PredictorForm* find_predictor_form(std::string_view name) {
  const auto found = std::find_if(kForms.begin(), kForms.end(),
                                  [&](const PredictorForm* form) { return form->name == name; });
  return found == kForms.end() ? nullptr : *found;
}

bool all_counted(const FitRequest& request) {
  return std::all_of(request.readings.begin(), request.readings.end(),
                     [](const LayerReading* reading) { return reading->point.counted; });
}

void require_counts(const LayerPredictor& predictor, const LayerPoint& point) {
  if (predictor.needs_counts() && !point.counted) {
    fail(ErrorKind::kUsage, "the model of {} goes by counts of kernels, and nothing was counted",
         point.kind);
  }
}

std::vector<Fold> reading_folds(std::span<const LayerReading* const> readings) {
  std::vector<std::string> workloads;
  for (const LayerReading* reading : readings) workloads.push_back(reading->workload);
  return dealt_folds(workloads, kFolds, kFoldSeed);
}

}  // namespace wattgrind
