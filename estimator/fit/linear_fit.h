// A linear fit: the target is a sum of features, each times a coefficient that is not negative.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "estimator/fit/feature_table.h"

namespace wattgrind {

// The features that a model uses, by index in the table, ascending.
using FeatureSet = std::vector<size_t>;

enum class Weighting {
  kAbsolute,  // errors count alike in the target's unit: large samples dominate
  kRelative   // errors count alike in percent of the sample's target
};

struct FitOptions {
  Weighting weighting = Weighting::kAbsolute;
  // A prior weighs as much as this many average samples; 0 leaves priors out. A feature without a
  // prior is free.
  double prior_strength = 0;
};

struct LinearModel {
  FeatureSet features;
  std::vector<double> coefficients;  // by feature used, in its unit, at least 0

  // The target of a sample whose features, all of the table's, have these values.
  double predict(const std::vector<double>& values) const;
};

// Minimises the weighted squared error over `samples` plus, for each feature with a prior,
// prior_strength * mean over samples of (weight * value * (coefficient - prior))^2.
LinearModel fit_linear(const FeatureTable& table, std::span<const size_t> samples,
                       const FeatureSet& features, const FitOptions& options);

// Prices, none of them negative, of what each row holds, for which the sum of prices comes nearest
// to the targets in percent: least squares of priced(row, prices) / target - 1. There is at least
// one row; rows have the same length, and targets are positive.
std::vector<double> relative_prices(std::span<const std::vector<double>> rows,
                                    std::span<const double> targets);
double priced(std::span<const double> row, std::span<const double> prices);

// The names of the features, as a sum: "operations + DRAM".
std::string describe(const FeatureTable& table, const FeatureSet& features);

}  // namespace wattgrind
