#include "search/samplers/warm_start.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace wattgrind {
namespace {

constexpr size_t kUnheard = 4;  // trials that have ended before a study is asked whether it agrees
constexpr uint64_t kStartEvery = 4;
constexpr uint64_t kLaterEvery = 3;
constexpr double kWorthTrying = 0.25;  // of a study's configurations that are worth trying again

// In squares of the parameters' ranges; two options differ by 1, as in the process's covariance.
double squared_distance(const UnitSpace& space, const Point& a, const Point& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const bool ordered = space.parameter(i).kind != UnitParameter::Kind::kUnordered;
    const bool both = a[i] != kInactive && b[i] != kInactive;
    const double difference = ordered && both ? a[i] - b[i] : (a[i] == b[i] ? 0 : 1);
    sum += difference * difference;
  }
  return sum;
}

double told_by_nearest(const UnitSpace& space, const PriorStudy& prior,
                       const std::vector<Point>& points, const Point& at) {
  constexpr size_t kNearest = 3;
  std::vector<std::pair<double, size_t>> near;
  for (size_t i = 0; i < points.size(); ++i) {
    near.emplace_back(squared_distance(space, points[i], at), i);
  }
  const size_t count = std::min(kNearest, near.size());
  std::partial_sort(near.begin(), near.begin() + static_cast<ptrdiff_t>(count), near.end());
  if (near[0].first == 0) return prior.findings[near[0].second].value;
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += prior.findings[near[i].second].value;
  return sum / static_cast<double>(count);
}

int sign_of(double difference) { return (difference > 0 ? 1 : 0) - (difference < 0 ? 1 : 0); }

}  // namespace

double rank_agreement(const UnitSpace& space, const PriorStudy& prior,
                      std::span<const Trial* const> trials) {
  const size_t count = trials.size();
  if (count < 2 || prior.findings.empty()) return 0;
  std::vector<Point> points;
  for (const auto& finding : prior.findings)
    points.push_back(space.to_point(finding.configuration));
  std::vector<double> told;
  for (const Trial* trial : trials) {
    told.push_back(told_by_nearest(space, prior, points, space.to_point(trial->configuration)));
  }
  int64_t agreeing = 0;
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < i; ++j) {
      agreeing += sign_of(told[i] - told[j]) * sign_of(trials[i]->values[0] - trials[j]->values[0]);
    }
  }
  const auto n = static_cast<double>(count);
  const double tau = static_cast<double>(agreeing) / (n * (n - 1) / 2);
  return std::max(tau - std::sqrt(2 * (2 * n + 5) / (9 * n * (n - 1))), 0.0);
}

WarmStartSampler::WarmStartSampler(std::unique_ptr<Sampler> proposals, Space space,
                                   std::vector<PriorStudy> priors)
    : proposals_(std::move(proposals)), space_(std::move(space)), priors_(std::move(priors)) {
  for (PriorStudy& prior : priors_) {
    std::stable_sort(prior.findings.begin(), prior.findings.end(),
                     [](const auto& a, const auto& b) { return a.value < b.value; });
  }
}

std::optional<Configuration> WarmStartSampler::best_untried(const PriorStudy& prior,
                                                            std::span<const Trial> history) const {
  const double good = std::ceil(kWorthTrying * static_cast<double>(prior.findings.size()));
  for (const auto& finding : std::span(prior.findings).first(static_cast<size_t>(good))) {
    const bool tried = std::any_of(history.begin(), history.end(), [&](const Trial& trial) {
      return trial.configuration == finding.configuration;
    });
    if (!tried) return finding.configuration;
  }
  return std::nullopt;
}

std::optional<Configuration> WarmStartSampler::ask(uint64_t number,
                                                   std::span<const Trial> history) {
  std::vector<const Trial*> complete;
  size_t ended = 0;
  for (const Trial& trial : history) {
    ended += trial.state != TrialState::kRunning ? 1 : 0;
    if (has_value(trial)) complete.push_back(&trial);
  }
  const PriorStudy* heard = nullptr;
  if (ended < kUnheard) {
    if (number % kStartEvery == 0 && !priors_.empty()) {
      heard = &priors_[number / kStartEvery % priors_.size()];
    }
  } else if (number % kLaterEvery == 0) {
    double most = 0;
    for (const PriorStudy& prior : priors_) {
      const double agreement = rank_agreement(space_, prior, complete);
      if (agreement <= most) continue;
      most = agreement;
      heard = &prior;
    }
  }
  if (heard != nullptr) {
    if (auto proposed = best_untried(*heard, history)) return proposed;
  }
  return proposals_->ask(number, history);
}

}  // namespace wattgrind
