#include "search/samplers/observations.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

namespace wattgrind {
namespace {

using Observation = Observations::Observation;

// Larger values are taken to be this, so that sums and differences stay finite.
constexpr double kLargest = 1e100;

double bounded(double value) { return std::clamp(value, -kLargest, kLargest); }

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

bool has_finite_values(const Trial& trial) {
  return !trial.values.empty() && std::all_of(trial.values.begin(), trial.values.end(),
                                              [](double value) { return std::isfinite(value); });
}

// Lowest and highest of each objective over the complete trials.
struct Range {
  double low = kLargest;
  double high = -kLargest;

  double share(double value) const {
    return high > low ? (bounded(value) - low) / (high - low) : 0.0;
  }
};

std::vector<Range> objective_ranges(std::span<const Observation> finished) {
  std::vector<Range> ranges;
  for (const Observation& observation : finished) {
    if (!has_value(*observation.trial)) continue;
    const std::vector<double>& values = observation.trial->values;
    ranges.resize(std::max(ranges.size(), values.size()));
    for (size_t i = 0; i < values.size(); ++i) {
      ranges[i].low = std::min(ranges[i].low, bounded(values[i]));
      ranges[i].high = std::max(ranges[i].high, bounded(values[i]));
    }
  }
  return ranges;
}

double scalarised(std::span<const double> values, std::span<const Range> ranges,
                  std::span<const double> weights) {
  if (ranges.size() == 1 || values.size() == 1) return bounded(values[0]);
  constexpr double kAugmentation = 0.05;  // Knowles 2006
  double largest = 0, sum = 0;
  for (size_t i = 0; i < std::min(values.size(), weights.size()); ++i) {
    const double weighted = weights[i] * ranges[i].share(values[i]);
    largest = std::max(largest, weighted);
    sum += weighted;
  }
  return largest + kAugmentation * sum;
}

// What the values of complete trials say about how to count the others.
struct Complete {
  std::vector<Range> ranges;
  double middle = 0;  // the median of the scalarised values
  double worst = 0;
};

Complete look_at_complete(std::span<const Observation> finished, std::span<const double> weights) {
  Complete complete{objective_ranges(finished)};
  std::vector<double> values;
  for (const Observation& observation : finished) {
    if (!has_value(*observation.trial)) continue;
    values.push_back(scalarised(observation.trial->values, complete.ranges, weights));
  }
  if (values.empty()) return complete;
  complete.worst = *std::max_element(values.begin(), values.end());
  complete.middle = median(std::move(values));
  return complete;
}

double objective_value(const Trial& trial, const Complete& complete,
                       std::span<const double> weights) {
  const bool known = has_finite_values(trial) && !complete.ranges.empty();
  if (has_value(trial) || (trial.state == TrialState::kInfeasible && known)) {
    return scalarised(trial.values, complete.ranges, weights);
  }
  if (trial.state == TrialState::kInfeasible) return complete.middle;
  if (trial.state == TrialState::kPruned && known) {
    return std::max(complete.middle, scalarised(trial.values, complete.ranges, weights));
  }
  return complete.worst;
}

// Of the value that stands for the trial; of scalarised objectives as if they were summed. Absent
// where the trial does not tell.
std::optional<double> told_variance(const Trial& trial, const Complete& complete,
                                    std::span<const double> weights) {
  if (!has_value(trial) || trial.variances.size() != trial.values.size()) return std::nullopt;
  if (complete.ranges.size() == 1) return trial.variances[0];
  double sum = 0;
  for (size_t i = 0; i < std::min(trial.variances.size(), weights.size()); ++i) {
    const Range& range = complete.ranges[i];
    if (range.high <= range.low) continue;
    const double scale = weights[i] / (range.high - range.low);
    sum += scale * scale * trial.variances[i];
  }
  return sum;
}

std::vector<double> variances(std::span<const Observation> finished, const Complete& complete,
                              std::span<const double> weights) {
  std::vector<std::optional<double>> told;
  double sum = 0, count = 0;
  for (const Observation& observation : finished) {
    told.push_back(told_variance(*observation.trial, complete, weights));
    if (!told.back()) continue;
    sum += *told.back();
    ++count;
  }
  if (count == 0) return {};
  std::vector<double> variances;
  for (const auto& each : told) variances.push_back((each.value_or(sum / count) + sum / count) / 2);
  return variances;
}

std::vector<double> limit_excesses(std::span<const Observation> finished) {
  constexpr double kUnknown = std::numeric_limits<double>::infinity();
  std::vector<double> violations;
  for (const Observation& observation : finished) {
    const Trial& trial = *observation.trial;
    if (trial.state == TrialState::kInfeasible) {
      violations.push_back(trial.violation.value_or(kUnknown));
    }
  }
  std::sort(violations.begin(), violations.end());
  std::vector<double> excesses;
  for (const Observation& observation : finished) {
    const Trial& trial = *observation.trial;
    if (trial.state != TrialState::kInfeasible) {
      excesses.push_back(0);
      continue;
    }
    const auto rank =
        std::upper_bound(violations.begin(), violations.end(), trial.violation.value_or(kUnknown)) -
        violations.begin();
    const double share = static_cast<double>(rank) / static_cast<double>(violations.size());
    excesses.push_back(kLeastExcess + (1 - kLeastExcess) * share);
  }
  return excesses;
}

}  // namespace

uint64_t point_key(std::span<const double> point) {
  uint64_t key = 0;
  for (double coordinate : point) key = mix64(key ^ std::bit_cast<uint64_t>(coordinate));
  return key;
}

void Observations::read(std::span<const Trial> history) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history) trials.push_back(&trial);
  const auto by_number = [](const Trial* a, const Trial* b) { return a->number < b->number; };
  if (!std::is_sorted(trials.begin(), trials.end(), by_number)) {
    std::sort(trials.begin(), trials.end(), by_number);
  }
  size_t same = 0;
  while (same < std::min(trials.size(), translations_.size()) &&
         translations_[same].number == trials[same]->number &&
         translations_[same].configuration == trials[same]->configuration) {
    ++same;
  }
  if (same < translations_.size()) {
    translations_.resize(same);
    keys_.clear();
    for (const Translation& translation : translations_) keys_.insert(translation.key);
  }
  for (size_t i = same; i < trials.size(); ++i) {
    Point point = space_.to_point(trials[i]->configuration);
    const uint64_t key = point_key(point);
    keys_.insert(key);
    translations_.push_back({trials[i]->number, trials[i]->configuration, std::move(point), key});
  }
  finished_.clear();
  running_.clear();
  for (size_t i = 0; i < trials.size(); ++i) {
    auto& list = trials[i]->state == TrialState::kRunning ? running_ : finished_;
    list.push_back({trials[i], &translations_[i].point, translations_[i].key});
  }
}

TrialValues trial_values(std::span<const Observation> finished, std::span<const double> weights) {
  const Complete complete = look_at_complete(finished, weights);
  const double step = complete.worst > complete.middle ? complete.worst - complete.middle : 1;
  TrialValues values;
  values.excess = limit_excesses(finished);
  for (size_t i = 0; i < finished.size(); ++i) {
    const double excess = values.excess[i];
    values.objective.push_back(objective_value(*finished[i].trial, complete, weights));
    values.ranking.push_back(excess > 0 ? complete.worst + step * excess : values.objective.back());
  }
  values.variance = variances(finished, complete, weights);
  return values;
}

double Warp::inverse(double warped) const {
  return low_ + scale_ * std::expm1(warped * deviation_ + mean_);
}

double Warp::slope(double value) const { return 1 / ((scale_ + value - low_) * deviation_); }

Warp::Warp(std::span<const double> values) {
  if (values.empty()) return;
  low_ = *std::min_element(values.begin(), values.end());
  const double middle = median({values.begin(), values.end()});
  scale_ = middle > low_ ? middle - low_ : 1;
  double sum = 0, squares = 0;
  for (const double value : values) {
    values_.push_back(std::log1p((value - low_) / scale_));
    sum += values_.back();
  }
  const double n = static_cast<double>(values.size());
  mean_ = sum / n;
  for (const double log : values_) squares += (log - mean_) * (log - mean_);
  if (squares > 0) deviation_ = std::sqrt(squares / n);
  for (double& value : values_) value = (value - mean_) / deviation_;
}

double Warp::operator()(double value) const {
  return (std::log1p((value - low_) / scale_) - mean_) / deviation_;
}

}  // namespace wattgrind
