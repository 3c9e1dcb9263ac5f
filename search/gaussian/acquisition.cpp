#include "search/gaussian/acquisition.h"

#include <algorithm>
#include <cmath>

namespace wattgrind {
namespace {

constexpr double kLogRootTwoPi = 0.91893853320467274;
constexpr double kLeastDeviation = 1e-9;

// log(phi(z) + z Phi(z)).
double log_improvement(double z) {
  const double log_density = -0.5 * z * z - kLogRootTwoPi;
  if (z < -8) {
    // The two terms cancel; the asymptotic series of their sum is what is left.
    const double w = 1 / (z * z);
    return log_density + std::log(w) + std::log1p(w * (-3 + w * (15 - 105 * w)));
  }
  return std::log(std::exp(log_density) + z * 0.5 * std::erfc(-z * std::sqrt(0.5)));
}

}  // namespace

double log_expected_improvement(const Prediction& prediction, double incumbent) {
  const double deviation = std::max(std::sqrt(prediction.variance), kLeastDeviation);
  return log_improvement((incumbent - prediction.mean) / deviation) + std::log(deviation);
}

double log_probability_below(const Prediction& prediction, double limit) {
  const double deviation = std::max(std::sqrt(prediction.variance), kLeastDeviation);
  const double z = (limit - prediction.mean) / deviation;
  // Further out the probability underflows; its logarithm is taken from Mills's ratio there.
  if (z < -30) return -0.5 * z * z - kLogRootTwoPi - std::log(-z);
  return std::log(0.5 * std::erfc(-z * std::sqrt(0.5)));
}

double optimistic_value(const Prediction& prediction, double width) {
  return width * std::sqrt(prediction.variance) - prediction.mean;
}

}  // namespace wattgrind
