#include "estimator/pricing/energy_precision.h"

#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {

double energy_precision_ratio(double error, double alpha, double energy_of_an_image) {
  CHECK(error >= 0 && error <= 1, "error {}", error);
  return std::pow(error, alpha) * energy_of_an_image;
}

}  // namespace wattgrind
