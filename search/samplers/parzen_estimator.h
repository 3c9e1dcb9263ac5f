// hyperopt's adaptive Parzen estimator: the density of one parameter, from observations of it.
//
// A mixture of normals on [0, 1], truncated there: one about each observation, and a prior
// N(1/2, 1) sorted in among them. A bandwidth is the larger gap to the neighbours, clipped to
// [1 / min(100, 2 + n), 1]; of n > 25 observations the newest 25 weigh 1, the older ramp up from
// 1 / n. As in hyperopt 0.2.7, tpe.py, adaptive_parzen_normal and GMM1.
#pragma once

#include <span>
#include <vector>

#include "estimator/base/random.h"

namespace wattgrind {

// Weights of n observations, oldest first.
std::vector<double> forgetting_weights(size_t n);

class ParzenEstimator {
 public:
  // Observations oldest first.
  explicit ParzenEstimator(std::span<const double> observations);

  double draw(Random& random) const;
  double log_density(double x) const;
  // Logarithm of the probability of [low, high], cut to [0, 1].
  double log_probability(double low, double high) const;

 private:
  struct Component {
    double mean = 0;
    double deviation = 0;
    double weight = 0;
  };

  double mass(double low, double high) const;

  std::vector<Component> components_;  // by mean
  double inside_ = 1;                  // of the untruncated mixture, within [0, 1]
};

}  // namespace wattgrind
