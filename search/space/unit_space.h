// A space as samplers compute in it: each parameter on [0, 1].
//
// An ordered parameter (int, float) lies on the line, at even steps of its own scale (linear or
// logarithmic); level 0 of an int is at 0, the last at 1. A choice has no order: its coordinate is
// the index of the option. An inactive parameter's coordinate is kInactive.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "estimator/base/random.h"
#include "search/space/space.h"

namespace wattgrind {

inline constexpr double kInactive = -1;

using Point = std::vector<double>;

struct UnitParameter {
  enum class Kind { kContinuous, kOrdered, kUnordered };

  Kind kind = Kind::kContinuous;
  uint64_t levels = 0;  // of an ordered or unordered parameter; 0: continuous
  double log_low = 0, log_high = 0;
  bool log = false;
};

class UnitSpace {
 public:
  explicit UnitSpace(Space space);

  const Space& space() const { return space_; }
  size_t size() const { return parameters_.size(); }
  const UnitParameter& parameter(size_t i) const { return parameters_[i]; }

  Point to_point(const Configuration& configuration) const;
  Configuration to_configuration(std::span<const double> point) const;

  // The coordinate of level `index` of an int or a choice.
  double coordinate_of_level(size_t parameter, uint64_t index) const;
  // The level whose coordinate is nearest.
  uint64_t level_of_coordinate(size_t parameter, double coordinate) const;
  // Turns a share u in [0, 1) of a parameter's probability into its coordinate. Levels have equal
  // shares (on a logarithmic scale, shares of the scale).
  double quantile(size_t parameter, double u) const;

  // Whether `parameter` is active given the coordinates of those before it.
  bool active(size_t parameter, std::span<const double> point) const;

  // Makes a point whole after coordinates changed: inactive parameters become kInactive, newly
  // active ones are drawn uniformly.
  void repair(Point& point, Random& random) const;

 private:
  Space space_;
  std::vector<UnitParameter> parameters_;
};

}  // namespace wattgrind
