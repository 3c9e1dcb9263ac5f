// How much a point is worth trying, given what a model says of it. Higher is better.
#pragma once

namespace wattgrind {

struct Prediction {
  double mean = 0;
  double variance = 0;
};

// The logarithm of the expected amount by which the value falls below `incumbent` (Mockus 1975;
// the logarithm as in Ament et al. 2023, exact to where the amount itself underflows).
double log_expected_improvement(const Prediction& prediction, double incumbent);

// The logarithm of the probability that the value is below `limit`.
double log_probability_below(const Prediction& prediction, double limit);

// The negative of the lower confidence bound, which is the mean less `width` standard deviations
// (Srinivas et al. 2010).
double optimistic_value(const Prediction& prediction, double width);

}  // namespace wattgrind
