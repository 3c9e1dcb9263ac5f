// Leave-one-out cross-validation: every fold is predicted by a fit that never saw it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "estimator/fit/feature_table.h"
#include "estimator/fit/fit_quality.h"
#include "estimator/fit/linear_fit.h"

namespace wattgrind {

// Fits a model to `train` and predicts `test`, both of them indices of samples. Returns one
// prediction for each of `test`.
using FitAndPredict =
    std::function<std::vector<double>(std::span<const size_t> train, std::span<const size_t> test)>;

// A prediction for every sample of every fold, made by a fit to the other folds, in the order of
// the folds. There must be at least 2 folds.
struct LeftOut {
  std::vector<size_t> samples;
  std::vector<double> predicted;
};
LeftOut leave_one_out(std::span<const Fold> folds, const FitAndPredict& fit_and_predict);

FitQuality quality(const FeatureTable& table, const LeftOut& left_out);

// A candidate model and how well it predicts folds left out. The quality is absent where, with one
// fold left out, there would be fewer workloads than features.
struct ScoredModel {
  FeatureSet features;
  std::optional<FitQuality> left_out;
};

// Scores every candidate on `folds`.
std::vector<ScoredModel> score_models(const FeatureTable& table, std::span<const Fold> folds,
                                      std::span<const FeatureSet> candidates,
                                      const FitOptions& options);

// The index of the candidate with the least leave-one-out MAPE, of the earlier one among equals. At
// least one candidate must have a score.
size_t best_model(std::span<const ScoredModel> scored);

// Nested cross-validation: for each fold the model is chosen by leave-one-out among the other folds
// and then fitted to them, so that the error includes what choosing costs. There must be at least 3
// folds.
struct NestedResult {
  LeftOut left_out;
  std::vector<size_t> chosen;  // candidate by fold
};
NestedResult nested_cross_validation(const FeatureTable& table, std::span<const Fold> folds,
                                     std::span<const FeatureSet> candidates,
                                     const FitOptions& options);

// Deals samples into `count` folds (fewer where there are fewer groups) of nearly the same number
// of groups, in an order drawn by the seed. Samples with the same group stay together.
std::vector<Fold> dealt_folds(std::span<const std::string> groups, size_t count, uint64_t seed);

// The samples of all folds, one fold after another.
std::vector<size_t> samples_of(std::span<const Fold> folds);

}  // namespace wattgrind
