// Leave-one-out: every fold is predicted by a fit that never saw it.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "estimator/fit/energy_fit.h"
#include "estimator/fit/feature_table.h"
#include "estimator/fit/fit_quality.h"

namespace wattgrind {

// Fits to `train` and predicts `test`, both samples by index; one prediction for each of `test`.
using FitAndPredict =
    std::function<std::vector<double>(std::span<const size_t> train, std::span<const size_t> test)>;

// A prediction for every sample of every fold, made by a fit to the other folds; in the order of
// the folds. At least 2 folds.
struct LeftOut {
  std::vector<size_t> samples;
  std::vector<double> predicted_j;
};
LeftOut leave_one_out(std::span<const Fold> folds, const FitAndPredict& fit_and_predict);

FitQuality quality(const FeatureTable& table, const LeftOut& left_out);

// A candidate model and how it predicts folds left out. Absent: with one of them left out there
// would be fewer workloads than terms.
struct ScoredModel {
  Terms terms;
  std::optional<FitQuality> left_out;
};

// Scores every candidate on `folds`.
std::vector<ScoredModel> score_models(const FeatureTable& table, std::span<const Fold> folds,
                                      std::span<const Terms> candidates, const FitOptions& options);

// The candidate with the least leave-one-out MAPE; among equals the earlier one. At least one
// candidate must have a score.
size_t best_model(std::span<const ScoredModel> scored);

// Nested cross-validation: for each fold the model is chosen by leave-one-out among the other
// folds, then fitted to them: what choosing costs is in the error. At least 3 folds.
struct NestedResult {
  LeftOut left_out;
  std::vector<size_t> chosen;  // candidate by fold
};
NestedResult nested_cross_validation(const FeatureTable& table, std::span<const Fold> folds,
                                     std::span<const Terms> candidates, const FitOptions& options);

// All samples of the folds, one after another.
std::vector<size_t> samples_of(std::span<const Fold> folds);

}  // namespace wattgrind
