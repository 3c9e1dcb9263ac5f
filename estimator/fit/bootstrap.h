// The bootstrap tells how far coefficients would move had other workloads been measured.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "estimator/fit/feature_table.h"
#include "estimator/fit/linear_fit.h"

namespace wattgrind {

struct Interval {
  double low = 0;
  double high = 0;
};

struct BootstrapOptions {
  uint32_t resamples = 2000;
  uint64_t seed = 1;
};

// 95 % percentile intervals of the coefficients, by feature used. Each resample draws as many folds
// as there are, with replacement, and fits the model again. The same seed gives the same intervals
// on every platform.
std::vector<Interval> bootstrap_coefficients(const FeatureTable& table, std::span<const Fold> folds,
                                             const FeatureSet& features, const FitOptions& fit,
                                             const BootstrapOptions& options);

}  // namespace wattgrind
