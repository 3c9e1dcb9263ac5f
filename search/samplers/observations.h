// Turns a history into what a model can take: points of the unit space, in the order of the trials,
// and finite values for them.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "search/samplers/sampler.h"
#include "search/space/unit_space.h"

namespace wattgrind {

// A hash of a point, by which it is told whether the point was tried.
uint64_t point_key(std::span<const double> point);

// Translates histories, remembering what it translated last.
class Observations {
 public:
  struct Observation {
    const Trial* trial = nullptr;  // the caller's, as long as read()'s argument lives
    const Point* point = nullptr;  // until the next read()
    uint64_t key = 0;              // point_key(*point)
  };

  explicit Observations(const UnitSpace& space) : space_(space) {}

  void read(std::span<const Trial> history);

  // By number of trial.
  const std::vector<Observation>& finished() const { return finished_; }
  const std::vector<Observation>& running() const { return running_; }

  bool tried(uint64_t key) const { return keys_.contains(key); }  // a point_key()
  size_t distinct_points() const { return keys_.size(); }

 private:
  struct Translation {
    uint64_t number = 0;
    Configuration configuration;
    Point point;
    uint64_t key = 0;
  };

  const UnitSpace& space_;
  std::vector<Translation> translations_;  // by number of trial
  std::vector<Observation> finished_;
  std::vector<Observation> running_;
  std::unordered_set<uint64_t> keys_;
};

// What finished trials are worth: one finite number for each, the lower the better.
struct TrialValues {
  // Whether or not limits are kept:
  // - complete: the value; with several objectives, the augmented Chebyshev scalarisation of ParEGO
  //   (Knowles 2006) under the weights, each objective first scaled by its range;
  // - pruned: the bound, but no better than the median of the complete ones;
  // - infeasible: as complete where the values are known, else that median;
  // - failed (or NaN, or pruned without a bound): as bad as the worst complete one.
  std::vector<double> objective;
  // 0 for a trial that exceeds no limit, as far as is known. Infeasible: kLeastExcess to 1, by the
  // rank of its violation among the infeasible (1 where it is unknown).
  std::vector<double> excess;
  // The objective; infeasible trials lie beyond the worst of the others, and the further the larger
  // their excess is.
  std::vector<double> ranking;
  // How uncertain each objective is, as a variance; empty where no trial tells. What few
  // evaluations tell of a variance is little: each is the mean of what its trial says and of what
  // all say.
  std::vector<double> variance;
};
inline constexpr double kLeastExcess = 0.5;

// `weights` has one for each objective; where there is but one objective it is not read.
TrialValues trial_values(std::span<const Observations::Observation> finished,
                         std::span<const double> weights);

// Maps a value v to log(1 + (v - min) / (median - min)), scaled so that the values it is made from
// have mean 0 and variance 1. Costs have long tails, and what tells good from better is at the low
// end.
class Warp {
 public:
  explicit Warp(std::span<const double> values = {});

  double operator()(double value) const;
  // The derivative there.
  double slope(double value) const;
  // The value that is mapped to this one.
  double inverse(double warped) const;
  // The warped forms of the values that the warping is made from, in their order.
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
  double low_ = 0, scale_ = 1, mean_ = 0, deviation_ = 1;
};

}  // namespace wattgrind
