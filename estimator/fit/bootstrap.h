// How far coefficients would move had other workloads been measured.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "estimator/fit/energy_fit.h"
#include "estimator/fit/feature_table.h"

namespace wattgrind {

struct Interval {
  double low = 0;
  double high = 0;
};

struct BootstrapOptions {
  uint32_t resamples = 2000;
  uint64_t seed = 1;
};

// 95 % percentile intervals of the coefficients, by term: as many workloads as there are are
// drawn with replacement, and the model fitted again. The same seed gives the same intervals on
// every platform.
std::vector<Interval> bootstrap_coefficients(const FeatureTable& table, std::span<const Fold> folds,
                                             const Terms& terms, const FitOptions& fit,
                                             const BootstrapOptions& options);

// The p-quantile (0 to 1) of values, linear between order statistics. Not empty.
double quantile(std::vector<double> values, double p);

}  // namespace wattgrind
