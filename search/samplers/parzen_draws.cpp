#include "search/samplers/parzen_draws.h"

#include <algorithm>
#include <cmath>

namespace wattgrind {
namespace {

constexpr double kMoveAnother = 0.4;

double reflected(double coordinate) {
  if (coordinate < 0) coordinate = -coordinate;
  if (coordinate > 1) coordinate = 2 - coordinate;
  return std::clamp(coordinate, 0.0, 1.0);
}

double moved(const UnitSpace& space, size_t parameter, double from, double bandwidth,
             Random& random) {
  const UnitParameter& unit = space.parameter(parameter);
  if (unit.kind == UnitParameter::Kind::kUnordered) {
    return space.quantile(parameter, random.uniform());
  }
  const double width = bandwidth * std::exp(random.normal());
  const double to = reflected(from + width * random.normal());
  if (unit.kind == UnitParameter::Kind::kContinuous || unit.levels == 1) return to;
  const uint64_t level = space.level_of_coordinate(parameter, from);
  uint64_t next = space.level_of_coordinate(parameter, to);
  if (next == level) {
    const bool up = level == 0 || (level + 1 < unit.levels && random.below(2) == 1);
    next = up ? level + 1 : level - 1;
  }
  return space.coordinate_of_level(parameter, next);
}

}  // namespace

Point draw_near(const UnitSpace& space, std::span<const double> centre, double bandwidth,
                Random& random) {
  Point point(centre.begin(), centre.end());
  size_t moves = 1;
  while (moves < space.size() && random.uniform() < kMoveAnother) ++moves;
  for (size_t i = 0; i < moves; ++i) {
    const size_t parameter = random.below(space.size());
    if (point[parameter] == kInactive) continue;
    point[parameter] = moved(space, parameter, point[parameter], bandwidth, random);
  }
  space.repair(point, random);
  return point;
}

Point draw_anywhere(const UnitSpace& space, Random& random) {
  Point point(space.size(), kInactive);
  for (size_t i = 0; i < space.size(); ++i) {
    if (space.active(i, point)) point[i] = space.quantile(i, random.uniform());
  }
  return point;
}

}  // namespace wattgrind
