// The default sampler: tree-structured Parzen estimators whose proposals a Gaussian process judges.
//
// - Start: a maximin Latin hypercube.
// - Then, as in TPE (Bergstra et al. 2011), the observations are split at a quantile (0.15, 25 at
//   most: Watanabe 2023) and candidates are drawn from a mixture around the good ones. TPE ranks
//   them by l(x) / g(x), which stands for the expected improvement; here a Gaussian process on
//   warped values (search/samplers/surrogate.h) says what that improvement is, which a few dozen
//   trials tell far better than two density estimates do, and the best candidates are improved once
//   more by the same draws around them.
// - Deterministic objectives: never a configuration again, none left means none proposed. Noisy
//   ones: the process estimates the noise, the lower confidence bound takes the place of the
//   expected improvement (the incumbent is not known), and neighbours are tried rather than
//   repeats, but for every fourth trial from the 40th on, which tries the configuration with the
//   lowest mean again, of those that are not in flight: the best observed is then seldom one that
//   was merely lucky.
// - Limits: the expected improvement over the best trial that keeps them is weighed by the
//   probability that they are kept (Gardner et al. 2014), which a second process tells from the
//   ranks of infeasible trials by violation; of the confidence bound of noisy ones, the logarithm
//   of that probability is a part. As long as none keeps them, the expected improvement of that
//   rank takes its place.
// - Several objectives: a random scalarisation each trial (ParEGO, Knowles 2006).
// - Trials in flight, failed and pruned ones: see surrogate.h and observations.h.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "search/samplers/observations.h"
#include "search/samplers/sampler.h"
#include "search/samplers/surrogate.h"

namespace wattgrind {

class TpeSampler : public Sampler {
 public:
  TpeSampler(Space space, uint64_t seed, bool noisy);

  std::optional<Configuration> ask(uint64_t number, std::span<const Trial> history) override;

 private:
  // Points worth considering; no two are the same, and none was tried before.
  struct Candidates {
    std::vector<Point> points;
    std::vector<uint64_t> keys;
  };

  // What the models say of points, with exact variances or with upper bounds, which are cheap.
  enum class Variances { kExact, kBounds };

  void learn_excesses(const TrialValues& values);
  std::vector<double> weights_of_the_moment(Random& random) const;
  std::vector<Point> good_points(std::span<const double> values) const;
  // Those of the points that no running trial tries.
  std::vector<Point> not_in_flight(std::span<const Point> points) const;
  Point lowest_mean(std::span<const Point> points) const;
  Candidates draw_candidates(const std::vector<Point>& good, Random& random) const;
  void add(Point point, Candidates& candidates) const;
  std::vector<Point> most_promising(const std::vector<Point>& points) const;
  std::vector<double> scores(const std::vector<Point>& points, Variances variances) const;
  Point best_of(Candidates candidates, Random& random) const;
  Point untried_point(Random& random) const;

  UnitSpace space_;
  uint64_t seed_;
  bool noisy_;
  std::optional<uint64_t> configurations_;  // of the space, where countable
  std::vector<Point> start_;
  Observations observations_;
  Surrogate surrogate_;
  Surrogate excess_;
  std::optional<double> least_excess_;  // absent where no trial exceeds a limit
};

}  // namespace wattgrind
