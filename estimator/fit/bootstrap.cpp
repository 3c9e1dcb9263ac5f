#include "estimator/fit/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "estimator/base/error.h"
#include "estimator/base/quantile.h"

namespace wattgrind {

std::vector<Interval> bootstrap_coefficients(const FeatureTable& table, std::span<const Fold> folds,
                                             const FeatureSet& features, const FitOptions& fit,
                                             const BootstrapOptions& options) {
  CHECK(!folds.empty() && options.resamples > 0, "{} folds, {} resamples", folds.size(),
        options.resamples);
  // The engine is specified to the bit; the distributions of <random> are not. The bias of the
  // remainder is below 2^-50 for any number of folds that fits in memory.
  std::mt19937_64 random(options.seed);
  std::vector<std::vector<double>> drawn(features.size());
  for (uint32_t resample = 0; resample < options.resamples; ++resample) {
    std::vector<size_t> samples;
    for (size_t i = 0; i < folds.size(); ++i) {
      const Fold& fold = folds[random() % folds.size()];
      samples.insert(samples.end(), fold.begin(), fold.end());
    }
    const LinearModel model = fit_linear(table, samples, features, fit);
    for (size_t j = 0; j < features.size(); ++j) drawn[j].push_back(model.coefficients[j]);
  }
  std::vector<Interval> intervals;
  for (const std::vector<double>& values : drawn) {
    intervals.push_back({quantile(values, 0.025), quantile(values, 0.975)});
  }
  return intervals;
}

}  // namespace wattgrind
