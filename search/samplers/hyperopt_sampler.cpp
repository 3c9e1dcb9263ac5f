#include "search/samplers/hyperopt_sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/samplers/parzen_draws.h"
#include "search/samplers/parzen_estimator.h"

namespace wattgrind {
namespace {

constexpr size_t kStartTrials = 20;
constexpr double kGamma = 0.25;
constexpr size_t kMostBelow = 25;
constexpr int kCandidates = 24;

// Points of complete trials in the order of their numbers, split by value.
struct Split {
  std::vector<Point> below;
  std::vector<Point> above;
};

Split split(const UnitSpace& space, std::span<const Trial> history) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history) {
    if (has_value(trial)) trials.push_back(&trial);
  }
  std::sort(trials.begin(), trials.end(),
            [](const Trial* a, const Trial* b) { return a->number < b->number; });
  std::vector<size_t> ranked(trials.size());
  for (size_t i = 0; i < ranked.size(); ++i) ranked[i] = i;
  std::stable_sort(ranked.begin(), ranked.end(), [&trials](size_t a, size_t b) {
    return trials[a]->values[0] < trials[b]->values[0];
  });
  const double share = std::ceil(kGamma * std::sqrt(static_cast<double>(trials.size())));
  const size_t count = std::min(kMostBelow, static_cast<size_t>(share));
  std::vector<bool> is_below(trials.size());
  for (size_t i = 0; i < count; ++i) is_below[ranked[i]] = true;
  Split result;
  for (size_t i = 0; i < trials.size(); ++i) {
    (is_below[i] ? result.below : result.above).push_back(space.to_point(trials[i]->configuration));
  }
  return result;
}

std::vector<double> active_values(const std::vector<Point>& points, size_t parameter) {
  std::vector<double> values;
  for (const Point& point : points) {
    if (point[parameter] != kInactive) values.push_back(point[parameter]);
  }
  return values;
}

// The probability of each option: weighted counts and one more each.
std::vector<double> option_probabilities(std::span<const double> observed, uint64_t options) {
  std::vector<double> counts(options, 1.0);
  const std::vector<double> weights = forgetting_weights(observed.size());
  double sum = static_cast<double>(options);
  for (size_t i = 0; i < observed.size(); ++i) {
    counts[static_cast<size_t>(observed[i])] += weights[i];
    sum += weights[i];
  }
  for (double& count : counts) count /= sum;
  return counts;
}

double choose_option(std::span<const double> below, std::span<const double> above, uint64_t options,
                     Random& random) {
  const std::vector<double> good = option_probabilities(below, options);
  const std::vector<double> bad = option_probabilities(above, options);
  double best = -std::numeric_limits<double>::infinity();
  size_t chosen = 0;
  for (int i = 0; i < kCandidates; ++i) {
    double share = random.uniform();
    size_t option = 0;
    while (option + 1 < options && share >= good[option]) share -= good[option++];
    const double score = std::log(good[option]) - std::log(bad[option]);
    if (score > best) best = score, chosen = option;
  }
  return static_cast<double>(chosen);
}

struct QuantizedCell {
  double low;
  double high;
};

// The interval of coordinates that round to a level.
QuantizedCell cell(const UnitSpace& space, size_t parameter, uint64_t level) {
  const UnitParameter& unit = space.parameter(parameter);
  if (!unit.log) {
    const double last = static_cast<double>(unit.levels - 1), at = static_cast<double>(level);
    return {(at - 0.5) / last, (at + 0.5) / last};
  }
  const auto& range = std::get<IntRange>(space.space().parameters()[parameter].domain);
  const double value = static_cast<double>(range.low) + static_cast<double>(level);
  const double width = unit.log_high - unit.log_low;
  return {(std::log(value - 0.5) - unit.log_low) / width,
          (std::log(value + 0.5) - unit.log_low) / width};
}

double choose_ordered(const UnitSpace& space, size_t parameter, std::span<const double> below,
                      std::span<const double> above, Random& random) {
  const ParzenEstimator good(below), bad(above);
  const UnitParameter& unit = space.parameter(parameter);
  if (unit.levels == 1) return 0;
  double best = -std::numeric_limits<double>::infinity(), chosen = 0;
  for (int i = 0; i < kCandidates; ++i) {
    double x = good.draw(random);
    double score = 0;
    if (unit.kind == UnitParameter::Kind::kContinuous) {
      score = good.log_density(x) - bad.log_density(x);
    } else {
      const uint64_t level = space.level_of_coordinate(parameter, x);
      const QuantizedCell around = cell(space, parameter, level);
      x = space.coordinate_of_level(parameter, level);
      score = good.log_probability(around.low, around.high) -
              bad.log_probability(around.low, around.high);
    }
    if (score > best) best = score, chosen = x;
  }
  return chosen;
}

}  // namespace

std::optional<Configuration> HyperoptSampler::ask(uint64_t number, std::span<const Trial> history) {
  Random random(derive_seed(seed_, number));
  if (history.size() < kStartTrials) return space_.to_configuration(draw_anywhere(space_, random));
  const Split observed = split(space_, history);
  Point point(space_.size(), kInactive);
  for (size_t i = 0; i < space_.size(); ++i) {
    if (!space_.active(i, point)) continue;
    const std::vector<double> below = active_values(observed.below, i);
    const std::vector<double> above = active_values(observed.above, i);
    const UnitParameter& unit = space_.parameter(i);
    point[i] = unit.kind == UnitParameter::Kind::kUnordered
                   ? choose_option(below, above, unit.levels, random)
                   : choose_ordered(space_, i, below, above, random);
  }
  return space_.to_configuration(point);
}

}  // namespace wattgrind
