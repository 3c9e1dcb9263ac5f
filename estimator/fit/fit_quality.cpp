#include "estimator/fit/fit_quality.h"

#include <cmath>
#include <numeric>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

FitQuality fit_quality(std::span<const double> measured, std::span<const double> predicted) {
  CHECK(!measured.empty() && measured.size() == predicted.size(), "{} measured, {} predicted",
        measured.size(), predicted.size());
  const double measured_mean = mean(measured), predicted_mean = mean(predicted);
  double measured_squares = 0, predicted_squares = 0, products = 0, errors = 0;
  FitQuality quality;
  for (size_t i = 0; i < measured.size(); ++i) {
    const double m = measured[i] - measured_mean, p = predicted[i] - predicted_mean;
    const double error = predicted[i] - measured[i], relative = error / measured[i];
    measured_squares += m * m;
    predicted_squares += p * p;
    products += m * p;
    errors += error * error;
    quality.mape_percent += std::abs(relative);
    quality.rmspe_percent += relative * relative;
  }
  const double count = static_cast<double>(measured.size());
  quality.mape_percent *= 100 / count;
  quality.rmspe_percent = 100 * std::sqrt(quality.rmspe_percent / count);
  if (measured_squares > 0) {
    quality.r2 = 1 - errors / measured_squares;
    if (predicted_squares > 0) {
      quality.r = products / std::sqrt(measured_squares * predicted_squares);
    }
  }
  return quality;
}

}  // namespace wattgrind
