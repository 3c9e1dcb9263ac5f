#include "search/tpe_sampler.h"

#include <algorithm>
#include <cmath>

#include "search/acquisition.h"
#include "search/enumerate.h"
#include "search/latin_hypercube.h"
#include "search/parzen_draws.h"

namespace wattgrind {
namespace {

constexpr size_t kStartTrials = 8;
constexpr double kGoodShare = 0.15;  // Watanabe 2023
constexpr size_t kMostGood = 25;

constexpr int kAnywhere = 32;  // candidates of each origin
constexpr int kNearGood = 48;
constexpr int kNearBest = 24;
constexpr size_t kExact = 12;  // scored with the exact variance
constexpr int kClimbs = 3;
constexpr size_t kClimbers = 2;
constexpr int kStepsEach = 5;
// Bandwidths, in ranges of a parameter.
constexpr double kGoodBandwidth = 0.1;
constexpr double kBestBandwidth = 0.05;
constexpr double kClimbBandwidth = 0.03;

constexpr double kConfidence = 2;  // standard deviations of the lower confidence bound

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
      surrogate_(space_, noisy) {
  Random random(derive_seed(seed, kStartStream));
  start_ = latin_hypercube(space_, kStartTrials, random);
}

std::optional<Configuration> TpeSampler::ask(uint64_t number, std::span<const Trial> history) {
  observations_.read(history);
  const bool all_tried = configurations_ && observations_.distinct_points() >= *configurations_;
  if (all_tried && !noisy_) return std::nullopt;
  Random random(derive_seed(seed_, number));
  if (number < start_.size() && !observations_.tried(start_[number])) {
    return space_.to_configuration(start_[number]);
  }
  return space_.to_configuration(propose(number, random));
}

Point TpeSampler::propose(uint64_t, Random& random) {
  if (observations_.finished().empty()) return untried_point(random);
  size_t objectives = 1;
  for (const auto& observation : observations_.finished()) {
    objectives = std::max(objectives, observation.trial->values.size());
  }
  const std::vector<double> weights = draw_weights(objectives, random);
  const std::vector<double> values = comparable_values(observations_.finished(), weights);
  surrogate_.learn(observations_, values);

  const std::vector<Point> good = good_points(values);
  std::vector<Candidate> candidates;
  for (int i = 0; i < kAnywhere; ++i) add_candidate(draw_anywhere(space_, random), candidates);
  for (int i = 0; i < kNearGood; ++i) {
    const Point& centre = good[random.below(good.size())];
    add_candidate(draw_near(space_, centre, kGoodBandwidth, random), candidates);
  }
  for (int i = 0; i < kNearBest; ++i) {
    add_candidate(draw_near(space_, good[0], kBestBandwidth, random), candidates);
  }
  if (candidates.empty()) return untried_point(random);

  const auto better = [](const Candidate& a, const Candidate& b) { return a.score > b.score; };
  const size_t exact = std::min(kExact, candidates.size());
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(exact),
                    candidates.end(), better);
  candidates.resize(exact);
  score_exactly(candidates, 0);
  for (int climb = 0; climb < kClimbs; ++climb) {
    std::sort(candidates.begin(), candidates.end(), better);
    const size_t known = candidates.size();
    for (size_t i = 0; i < std::min(kClimbers, known); ++i) {
      for (int step = 0; step < kStepsEach; ++step) {
        add_candidate(draw_near(space_, candidates[i].point, kClimbBandwidth, random), candidates);
      }
    }
    score_exactly(candidates, known);
  }
  return std::min_element(candidates.begin(), candidates.end(), better)->point;
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

// Scored optimistically, by a bound on the variance.
void TpeSampler::add_candidate(Point point, std::vector<Candidate>& candidates) const {
  const uint64_t key = point_key(point);
  if (observations_.tried(point)) return;
  for (const Candidate& candidate : candidates) {
    if (candidate.key == key) return;
  }
  const GaussianProcess& process = surrogate_.process();
  Candidate candidate{std::move(point), key, 0, 0, {}};
  candidate.covariances = process.covariances(candidate.point);
  candidate.mean = process.mean(candidate.covariances);
  candidate.score = score(candidate.mean, process.variance_bound(candidate.covariances));
  candidates.push_back(std::move(candidate));
}

void TpeSampler::score_exactly(std::vector<Candidate>& candidates, size_t first) const {
  for (size_t i = first; i < candidates.size(); ++i) {
    const double variance = surrogate_.process().variance(candidates[i].covariances);
    candidates[i].score = score(candidates[i].mean, variance);
  }
}

double TpeSampler::score(double mean, double variance) const {
  const Prediction prediction{mean, variance};
  return noisy_ ? optimistic_value(prediction, kConfidence)
                : log_expected_improvement(prediction, surrogate_.incumbent());
}

// In a space tried out, any point.
Point TpeSampler::untried_point(Random& random) const {
  constexpr int kDraws = 64;
  for (int i = 0; i < kDraws; ++i) {
    Point point = draw_anywhere(space_, random);
    if (!observations_.tried(point)) return point;
  }
  if (!configurations_ || observations_.distinct_points() >= *configurations_) {
    return draw_anywhere(space_, random);
  }
  uint64_t index = random.below(*configurations_);
  while (true) {
    const Point point = space_.to_point(configuration_at(space_.space(), index));
    if (!observations_.tried(point)) return point;
    index = (index + 1) % *configurations_;
  }
}

}  // namespace wattgrind
