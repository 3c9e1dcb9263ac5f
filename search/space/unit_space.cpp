#include "search/space/unit_space.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

using Kind = UnitParameter::Kind;

UnitParameter unit_parameter(const Domain& domain) {
  UnitParameter unit;
  unit.levels = levels(domain).value_or(0);
  if (const auto* range = std::get_if<FloatRange>(&domain)) {
    unit.log = range->log;
    if (unit.log) unit.log_low = std::log(range->low), unit.log_high = std::log(range->high);
  } else if (const auto* integers = std::get_if<IntRange>(&domain)) {
    unit.kind = Kind::kOrdered;
    unit.log = integers->log;
    if (unit.log) {
      unit.log_low = std::log(static_cast<double>(integers->low));
      unit.log_high = std::log(static_cast<double>(integers->high));
    }
  } else {
    unit.kind = Kind::kUnordered;
  }
  return unit;
}

// Position of `value` between low and high; 0 where they are one.
double share(double value, double low, double high) {
  return high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 0.0;
}

}  // namespace

UnitSpace::UnitSpace(Space space) : space_(std::move(space)) {
  for (const Parameter& parameter : space_.parameters()) {
    parameters_.push_back(unit_parameter(parameter.domain));
  }
}

double UnitSpace::coordinate_of_level(size_t parameter, uint64_t index) const {
  const UnitParameter& unit = parameters_[parameter];
  if (unit.kind == Kind::kUnordered) return static_cast<double>(index);
  if (!unit.log) return share(static_cast<double>(index), 0, static_cast<double>(unit.levels - 1));
  const auto& range = std::get<IntRange>(space_.parameters()[parameter].domain);
  const double value = static_cast<double>(range.low) + static_cast<double>(index);
  return share(std::log(value), unit.log_low, unit.log_high);
}

uint64_t UnitSpace::level_of_coordinate(size_t parameter, double coordinate) const {
  const UnitParameter& unit = parameters_[parameter];
  const double last = static_cast<double>(unit.levels - 1);
  if (unit.kind == Kind::kUnordered) return static_cast<uint64_t>(coordinate);
  double index = coordinate * last;
  if (unit.log) {
    const double value = std::exp(unit.log_low + coordinate * (unit.log_high - unit.log_low));
    index =
        value - static_cast<double>(std::get<IntRange>(space_.parameters()[parameter].domain).low);
  }
  return static_cast<uint64_t>(std::clamp(std::round(index), 0.0, last));
}

double UnitSpace::quantile(size_t parameter, double u) const {
  const UnitParameter& unit = parameters_[parameter];
  if (unit.kind == Kind::kContinuous) return u;
  if (unit.kind == Kind::kOrdered && unit.log) {
    const auto& range = std::get<IntRange>(space_.parameters()[parameter].domain);
    const double low = std::log(static_cast<double>(range.low) - 0.5);
    const double high = std::log(static_cast<double>(range.high) + 0.5);
    const double value = std::round(std::exp(low + u * (high - low)));
    const double index = std::clamp(value - static_cast<double>(range.low), 0.0,
                                    static_cast<double>(unit.levels - 1));
    return coordinate_of_level(parameter, static_cast<uint64_t>(index));
  }
  const double index = std::min(std::floor(u * static_cast<double>(unit.levels)),
                                static_cast<double>(unit.levels - 1));
  return coordinate_of_level(parameter, static_cast<uint64_t>(index));
}

Point UnitSpace::to_point(const Configuration& configuration) const {
  Point point(size(), kInactive);
  for (size_t i = 0; i < size(); ++i) {
    if (!configuration[i]) continue;
    const Domain& domain = space_.parameters()[i].domain;
    const UnitParameter& unit = parameters_[i];
    if (const auto* range = std::get_if<FloatRange>(&domain)) {
      const double value = std::get<double>(*configuration[i]);
      point[i] = unit.log ? share(std::log(value), unit.log_low, unit.log_high)
                          : share(value, range->low, range->high);
    } else if (const auto* integers = std::get_if<IntRange>(&domain)) {
      const int64_t offset = std::get<int64_t>(*configuration[i]) - integers->low;
      point[i] = coordinate_of_level(i, static_cast<uint64_t>(offset / integers->step));
    } else {
      const auto& options = std::get<Choice>(domain).options;
      const auto found = std::find(options.begin(), options.end(), *configuration[i]);
      CHECK(found != options.end(), "parameter {}", i);
      point[i] = static_cast<double>(found - options.begin());
    }
  }
  return point;
}

Configuration UnitSpace::to_configuration(std::span<const double> point) const {
  Configuration configuration(size());
  for (size_t i = 0; i < size(); ++i) {
    if (point[i] == kInactive) continue;
    const Domain& domain = space_.parameters()[i].domain;
    const UnitParameter& unit = parameters_[i];
    if (unit.kind != Kind::kContinuous) {
      configuration[i] = value_at(domain, level_of_coordinate(i, point[i]));
      continue;
    }
    const auto& range = std::get<FloatRange>(domain);
    const double value = unit.log
                             ? std::exp(unit.log_low + point[i] * (unit.log_high - unit.log_low))
                             : range.low + point[i] * (range.high - range.low);
    configuration[i] = std::clamp(value, range.low, range.high);
  }
  return configuration;
}

bool UnitSpace::active(size_t parameter, std::span<const double> point) const {
  const auto& condition = space_.parameters()[parameter].condition;
  if (!condition) return true;
  const size_t parent = condition->parent;
  if (point[parent] == kInactive) return false;
  const Domain& domain = space_.parameters()[parent].domain;
  if (const auto* range = std::get_if<FloatRange>(&domain)) {
    const UnitParameter& unit = parameters_[parent];
    const double value =
        unit.log ? std::exp(unit.log_low + point[parent] * (unit.log_high - unit.log_low))
                 : range->low + point[parent] * (range->high - range->low);
    return condition->met_by(std::clamp(value, range->low, range->high));
  }
  return condition->met_by(value_at(domain, level_of_coordinate(parent, point[parent])));
}

void UnitSpace::repair(Point& point, Random& random) const {
  for (size_t i = 0; i < size(); ++i) {
    if (!space_.parameters()[i].condition) continue;
    if (!active(i, point)) {
      point[i] = kInactive;
    } else if (point[i] == kInactive) {
      point[i] = quantile(i, random.uniform());
    }
  }
}

}  // namespace wattgrind
