// What a profile predicts, and what somebody read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/counts/network_counts.h"
#include "estimator/machine/machine.h"
#include "estimator/pricing/predicted_time.h"

namespace wattgrind {

// One amount, of time or energy, predicted and read, in the same unit.
struct Compared {
  std::string name;
  double predicted = 0;
  double read = 0;
  double factor = 1;  // of the interval that is stated with the prediction

  double ratio() const { return predicted / read; }
};

// How well a list of them agrees.
struct Agreement {
  size_t count = 0;
  double geometric_mean = 0;  // of predicted / read
  double worst_factor = 0;    // the larger of a ratio and its reciprocal
  double within = 0;          // the share of ratios within kNear
  double covered = 0;         // the share of readings inside the interval stated
  double rank_correlation = 0;
};
inline constexpr double kNear = 1.6;
// The list must not be empty. The rank correlation of fewer than two is 1.
Agreement agreement(const std::vector<Compared>& all);

// Spearman's: Pearson's correlation of the ranks, equal values sharing the mean of theirs.
double spearman(const std::vector<double>& a, const std::vector<double>& b);

// The profile with its core at another clock, which its name tells; 0: as it is.
Machine at_clock(Machine machine, double ghz);

// The total of counts on a machine, uncalibrated.
struct PredictedCost {
  PredictedTime time;
  double time_factor = 1;
  double events_j = 0;    // what the program told before instructions and time were counted
  double activity_j = 0;  // with instructions
  double machine_j = 0;   // with all that is awake or idles, one core being busy
  double energy_factor = 1;
};
PredictedCost predict(NetworkCounts counts, const Machine& machine);

// Joules of the packages where `cores` share the work evenly and all are busy for `seconds`.
double packages_j(const PredictedCost& prediction, const Machine& machine, double cores,
                  double seconds);

}  // namespace wattgrind
