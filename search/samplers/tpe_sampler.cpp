#include "search/samplers/tpe_sampler.h"

#include <algorithm>
#include <cmath>

#include "search/gaussian/acquisition.h"
#include "search/samplers/latin_hypercube.h"
#include "search/samplers/parzen_draws.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

constexpr size_t kStartTrials = 8;
constexpr double kGoodShare = 0.15;  // Watanabe 2023
constexpr size_t kMostGood = 25;

constexpr int kAnywhere = 24;  // candidates of each origin
constexpr int kNearGood = 32;
constexpr int kNearBest = 16;
constexpr size_t kExact = 12;  // scored with the exact variance
constexpr int kClimbs = 2;
constexpr size_t kClimbers = 2;
constexpr int kStepsEach = 5;
// Bandwidths of the kernels, as fractions of a parameter's range.
constexpr double kGoodBandwidth = 0.1;
constexpr double kBestBandwidth = 0.05;
constexpr double kClimbBandwidth = 0.03;

constexpr double kConfidence = 2;  // standard deviations of the lower confidence bound

// With noisy objectives, every kRepeatEvery-th trial tries a configuration again, once kRepeatFrom
// trials have finished.
constexpr size_t kRepeatFrom = 40;
constexpr uint64_t kRepeatEvery = 4;

constexpr uint64_t kStartStream = uint64_t{1} << 63;  // apart from the numbers of trials

// Weights of objectives, uniform on the simplex.
std::vector<double> draw_weights(size_t objectives, Random& random) {
  std::vector<double> weights;
  double sum = 0;
  for (size_t i = 0; i < objectives; ++i) {
    weights.push_back(-std::log1p(-random.uniform()));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace

TpeSampler::TpeSampler(Space space, uint64_t seed, bool noisy)
    : space_(std::move(space)),
      seed_(seed),
      noisy_(noisy),
      configurations_(count_configurations(space_.space())),
      observations_(space_),
      surrogate_(space_, Surrogate::Of::kObjective, noisy),
      excess_(space_, Surrogate::Of::kExcess, noisy) {
  Random random(derive_seed(seed, kStartStream));
  start_ = latin_hypercube(space_, kStartTrials, random);
}

std::optional<Configuration> TpeSampler::ask(uint64_t number, std::span<const Trial> history) {
  observations_.read(history);
  const bool all_tried = configurations_ && observations_.distinct_points() >= *configurations_;
  if (all_tried && !noisy_) return std::nullopt;
  Random random(derive_seed(seed_, number));
  if (number < start_.size() && !observations_.tried(point_key(start_[number]))) {
    return space_.to_configuration(start_[number]);
  }
  if (observations_.finished().empty()) return space_.to_configuration(untried_point(random));
  const auto& finished = observations_.finished();
  const std::vector<double> weights = weights_of_the_moment(random);
  const TrialValues values = trial_values(finished, weights);
  surrogate_.learn(observations_, values);
  learn_excesses(values);
  const std::vector<Point> good = good_points(values.ranking);
  const bool repeat = noisy_ && finished.size() >= kRepeatFrom && number % kRepeatEvery == 0;
  const auto kept =
      static_cast<size_t>(std::count(values.excess.begin(), values.excess.end(), 0.0));
  if (repeat) {
    const std::vector<Point> repeatable =
        not_in_flight(std::span(good).first(std::min(kept, good.size())));
    if (!repeatable.empty()) return space_.to_configuration(lowest_mean(repeatable));
  }
  Candidates candidates = draw_candidates(good, random);
  const bool none = candidates.points.empty();
  return space_.to_configuration(none ? untried_point(random)
                                      : best_of(std::move(candidates), random));
}

void TpeSampler::learn_excesses(const TrialValues& values) {
  const auto [least, most] = std::minmax_element(values.excess.begin(), values.excess.end());
  least_excess_.reset();
  if (*most == 0) return;
  least_excess_ = *least;
  excess_.learn(observations_, values);
}

std::vector<double> TpeSampler::weights_of_the_moment(Random& random) const {
  size_t objectives = 1;
  for (const auto& observation : observations_.finished()) {
    objectives = std::max(objectives, observation.trial->values.size());
  }
  return draw_weights(objectives, random);
}

std::vector<Point> TpeSampler::good_points(std::span<const double> values) const {
  const auto& finished = observations_.finished();
  std::vector<size_t> ranked(finished.size());
  for (size_t i = 0; i < ranked.size(); ++i) ranked[i] = i;
  const double share = std::ceil(kGoodShare * static_cast<double>(ranked.size()));
  const size_t count = std::min(kMostGood, static_cast<size_t>(share));
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count),
                    ranked.end(), [values](size_t a, size_t b) {
                      return values[a] < values[b] || (values[a] == values[b] && a < b);
                    });
  std::vector<Point> good;
  for (size_t i = 0; i < count; ++i) good.push_back(*finished[ranked[i]].point);
  return good;
}

std::vector<Point> TpeSampler::not_in_flight(std::span<const Point> points) const {
  std::vector<Point> others;
  for (const Point& point : points) {
    const bool in_flight = std::ranges::any_of(
        observations_.running(), [&point](const auto& running) { return *running.point == point; });
    if (!in_flight) others.push_back(point);
  }
  return others;
}

Point TpeSampler::lowest_mean(std::span<const Point> points) const {
  const GaussianProcess& process = surrogate_.process();
  Eigen::Index lowest = 0;
  process.means(process.covariances(points)).minCoeff(&lowest);
  return points[static_cast<size_t>(lowest)];
}

TpeSampler::Candidates TpeSampler::draw_candidates(const std::vector<Point>& good,
                                                   Random& random) const {
  Candidates candidates;
  for (int i = 0; i < kAnywhere; ++i) add(draw_anywhere(space_, random), candidates);
  for (int i = 0; i < kNearGood; ++i) {
    const Point& centre = good[random.below(good.size())];
    add(draw_near(space_, centre, kGoodBandwidth, random), candidates);
  }
  for (int i = 0; i < kNearBest; ++i) {
    add(draw_near(space_, good[0], kBestBandwidth, random), candidates);
  }
  return candidates;
}

void TpeSampler::add(Point point, Candidates& candidates) const {
  const uint64_t key = point_key(point);
  auto& keys = candidates.keys;
  if (observations_.tried(key) || std::find(keys.begin(), keys.end(), key) != keys.end()) return;
  keys.push_back(key);
  candidates.points.push_back(std::move(point));
}

std::vector<Point> TpeSampler::most_promising(const std::vector<Point>& points) const {
  const std::vector<double> bounds = scores(points, Variances::kBounds);
  std::vector<std::pair<double, size_t>> ranked;
  for (size_t i = 0; i < points.size(); ++i) ranked.emplace_back(-bounds[i], i);
  const size_t count = std::min(kExact, points.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count),
                    ranked.end());
  std::vector<Point> promising;
  for (size_t i = 0; i < count; ++i) promising.push_back(points[ranked[i].second]);
  return promising;
}

std::vector<double> TpeSampler::scores(const std::vector<Point>& points,
                                       Variances variances) const {
  const auto predict = [&points, variances](const GaussianProcess& process) {
    const Eigen::MatrixXd covariances = process.covariances(points);
    const Eigen::VectorXd means = process.means(covariances);
    const Eigen::VectorXd spreads = variances == Variances::kExact
                                        ? process.variances(covariances)
                                        : process.variance_bounds(covariances);
    std::vector<Prediction> predictions;
    for (Eigen::Index i = 0; i < means.size(); ++i) predictions.push_back({means[i], spreads[i]});
    return predictions;
  };
  std::vector<double> scores;
  if (const auto incumbent = surrogate_.incumbent()) {
    for (const Prediction& prediction : predict(surrogate_.process())) {
      scores.push_back(noisy_ ? optimistic_value(prediction, kConfidence)
                              : log_expected_improvement(prediction, *incumbent));
    }
    if (!least_excess_) return scores;
    const double limit = excess_.warped(kLeastExcess / 2);
    const std::vector<Prediction> excesses = predict(excess_.process());
    for (size_t i = 0; i < points.size(); ++i) {
      scores[i] += log_probability_below(excesses[i], limit);
    }
  } else {
    const double least = excess_.warped(*least_excess_);
    for (const Prediction& prediction : predict(excess_.process())) {
      scores.push_back(log_expected_improvement(prediction, least));
    }
  }
  return scores;
}

Point TpeSampler::best_of(Candidates candidates, Random& random) const {
  std::vector<Point> points = most_promising(candidates.points);
  std::vector<double> found = scores(points, Variances::kExact);
  for (int climb = 0; climb < kClimbs; ++climb) {
    std::vector<size_t> ranked(points.size());
    for (size_t i = 0; i < ranked.size(); ++i) ranked[i] = i;
    std::stable_sort(ranked.begin(), ranked.end(),
                     [&found](size_t a, size_t b) { return found[a] > found[b]; });
    Candidates steps{{}, candidates.keys};
    for (size_t i = 0; i < std::min(kClimbers, ranked.size()); ++i) {
      for (int step = 0; step < kStepsEach; ++step) {
        add(draw_near(space_, points[ranked[i]], kClimbBandwidth, random), steps);
      }
    }
    if (steps.points.empty()) break;
    candidates.keys = std::move(steps.keys);
    const std::vector<double> more = scores(steps.points, Variances::kExact);
    found.insert(found.end(), more.begin(), more.end());
    points.insert(points.end(), steps.points.begin(), steps.points.end());
  }
  const auto best = std::max_element(found.begin(), found.end());
  return points[static_cast<size_t>(best - found.begin())];
}

// A random point that was not tried; in a space that is tried out, any point.
Point TpeSampler::untried_point(Random& random) const {
  constexpr int kDraws = 64;
  for (int i = 0; i < kDraws; ++i) {
    Point point = draw_anywhere(space_, random);
    if (!observations_.tried(point_key(point))) return point;
  }
  if (!configurations_ || observations_.distinct_points() >= *configurations_) {
    return draw_anywhere(space_, random);
  }
  uint64_t index = random.below(*configurations_);
  while (true) {
    const Point point = space_.to_point(configuration_at(space_.space(), index));
    if (!observations_.tried(point_key(point))) return point;
    index = (index + 1) % *configurations_;
  }
}

}  // namespace wattgrind
