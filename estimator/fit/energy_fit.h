// One energy model: a sum of features, each times a coefficient that is not negative.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "estimator/fit/feature_table.h"

namespace wattgrind {

// Features of a model, by index in the table, ascending.
using Terms = std::vector<size_t>;

enum class Weighting {
  kAbsolute,  // joules count alike: large loads dominate (ordinary least squares)
  kRelative   // percents count alike
};

struct FitOptions {
  Weighting weighting = Weighting::kAbsolute;
  // How many average readings a prior weighs as much as; 0 leaves priors out. A term without a
  // prior is free.
  double prior_strength = 0;
};

struct EnergyModel {
  Terms terms;
  std::vector<double> coefficients;  // by term, joules a unit of the feature, at least 0

  double predict_j(const std::vector<double>& values) const;
};

// Minimises the weighted squared error over `samples` plus, for each term with a prior,
// prior_strength * mean over samples of (weight * value * (coefficient - prior))^2.
EnergyModel fit_energy(const FeatureTable& table, std::span<const size_t> samples,
                       const Terms& terms, const FitOptions& options);

// Names of the terms: "operations + DRAM".
std::string describe(const FeatureTable& table, const Terms& terms);

}  // namespace wattgrind
