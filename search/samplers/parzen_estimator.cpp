#include "search/samplers/parzen_estimator.h"

#include <algorithm>
#include <cmath>

namespace wattgrind {
namespace {

constexpr size_t kForgetting = 25;
constexpr double kPriorMean = 0.5;
constexpr double kPriorDeviation = 1;
constexpr double kPriorWeight = 1;
constexpr double kLeastMass = 1e-300;

double normal_below(double x, double mean, double deviation) {
  return 0.5 * std::erfc((mean - x) / deviation * std::sqrt(0.5));
}

}  // namespace

std::vector<double> forgetting_weights(size_t n) {
  std::vector<double> weights(n, 1.0);
  if (n <= kForgetting) return weights;
  const size_t ramp = n - kForgetting;
  const double first = 1.0 / static_cast<double>(n);
  for (size_t i = 0; i < ramp; ++i) {
    const double share = ramp == 1 ? 0 : static_cast<double>(i) / static_cast<double>(ramp - 1);
    weights[i] = first + (1 - first) * share;
  }
  return weights;
}

ParzenEstimator::ParzenEstimator(std::span<const double> observations) {
  const std::vector<double> weights = forgetting_weights(observations.size());
  for (size_t i = 0; i < observations.size(); ++i) {
    components_.push_back({observations[i], 0, weights[i]});
  }
  const auto by_mean = [](const Component& a, const Component& b) { return a.mean < b.mean; };
  std::stable_sort(components_.begin(), components_.end(), by_mean);
  const Component prior{kPriorMean, kPriorDeviation, kPriorWeight};
  const auto place = std::lower_bound(components_.begin(), components_.end(), prior, by_mean);
  const size_t prior_at = static_cast<size_t>(place - components_.begin());
  components_.insert(place, prior);

  const size_t count = components_.size();
  const double least = kPriorDeviation / std::min(100.0, 1.0 + static_cast<double>(count));
  for (size_t i = 0; i < count; ++i) {
    double gap = 0;
    if (i > 0) gap = components_[i].mean - components_[i - 1].mean;
    if (i + 1 < count) gap = std::max(gap, components_[i + 1].mean - components_[i].mean);
    if (count == 2) gap = kPriorDeviation / 2;  // a single observation
    components_[i].deviation = std::clamp(gap, least, kPriorDeviation);
  }
  components_[prior_at].deviation = kPriorDeviation;
  double sum = 0;
  for (const Component& component : components_) sum += component.weight;
  for (Component& component : components_) component.weight /= sum;
  inside_ = mass(0, 1);
}

double ParzenEstimator::draw(Random& random) const {
  while (true) {
    double share = random.uniform();
    size_t i = 0;
    while (i + 1 < components_.size() && share >= components_[i].weight) {
      share -= components_[i++].weight;
    }
    const double x = components_[i].mean + components_[i].deviation * random.normal();
    if (x >= 0 && x < 1) return x;
  }
}

double ParzenEstimator::log_density(double x) const {
  constexpr double kRootTwoPi = 2.5066282746310005;
  double density = 0;
  for (const Component& component : components_) {
    const double z = (x - component.mean) / component.deviation;
    density += component.weight / (component.deviation * kRootTwoPi) * std::exp(-0.5 * z * z);
  }
  return std::log(std::max(density / inside_, kLeastMass));
}

double ParzenEstimator::log_probability(double low, double high) const {
  return std::log(std::max(mass(std::max(low, 0.0), std::min(high, 1.0)) / inside_, kLeastMass));
}

double ParzenEstimator::mass(double low, double high) const {
  double sum = 0;
  for (const Component& c : components_) {
    sum += c.weight *
           (normal_below(high, c.mean, c.deviation) - normal_below(low, c.mean, c.deviation));
  }
  return sum;
}

}  // namespace wattgrind
