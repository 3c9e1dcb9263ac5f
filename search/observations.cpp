#include "search/observations.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wattgrind {
namespace {

using Observation = Observations::Observation;

// Values beyond this are drawn in, so that sums and differences stay finite.
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

std::vector<double> comparable_values(std::span<const Observation> finished,
                                      std::span<const double> weights) {
  const std::vector<Range> ranges = objective_ranges(finished);
  std::vector<double> complete;
  double largest_violation = 0;
  for (const Observation& observation : finished) {
    const Trial& trial = *observation.trial;
    if (has_value(trial)) complete.push_back(scalarised(trial.values, ranges, weights));
    if (trial.state == TrialState::kInfeasible && trial.violation) {
      largest_violation = std::max(largest_violation, bounded(*trial.violation));
    }
  }
  const double middle = complete.empty() ? 0 : median(complete);
  const double worst = complete.empty() ? 0 : *std::max_element(complete.begin(), complete.end());
  const double step = worst > middle ? worst - middle : 1;
  std::vector<double> values;
  size_t next_complete = 0;
  for (const Observation& observation : finished) {
    const Trial& trial = *observation.trial;
    if (has_value(trial)) {
      values.push_back(complete[next_complete++]);
    } else if (trial.state == TrialState::kPruned && has_finite_values(trial) && !ranges.empty()) {
      values.push_back(std::max(middle, scalarised(trial.values, ranges, weights)));
    } else if (trial.state == TrialState::kInfeasible) {
      const bool known = trial.violation && largest_violation > 0;
      const double excess = known ? std::clamp(*trial.violation / largest_violation, 0.0, 1.0) : 1;
      values.push_back(worst + step * (0.1 + excess));
    } else {
      values.push_back(worst);
    }
  }
  return values;
}

std::vector<double> warped(std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  if (result.empty()) return result;
  const double low = *std::min_element(result.begin(), result.end());
  const double scale = median(result) > low ? median(result) - low : 1;
  double sum = 0, squares = 0;
  for (double& value : result) {
    value = std::log1p((value - low) / scale);
    sum += value;
  }
  const double n = static_cast<double>(result.size()), mean = sum / n;
  for (double value : result) squares += (value - mean) * (value - mean);
  const double deviation = squares > 0 ? std::sqrt(squares / n) : 1;
  for (double& value : result) value = (value - mean) / deviation;
  return result;
}

}  // namespace wattgrind
