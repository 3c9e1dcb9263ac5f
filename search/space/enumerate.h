// Counting and numbering the configurations of a space.
#pragma once

#include <cstdint>
#include <optional>

#include "estimator/base/random.h"
#include "search/space/space.h"

namespace wattgrind {

// Number of values of a domain; absent where it has no end to them (a float).
std::optional<uint64_t> levels(const Domain& domain);

// The value number `index` (0 is an int's low) of a domain with levels.
Value value_at(const Domain& domain, uint64_t index);

// Number of different configurations. Absent where there is no end to them, where they exceed
// 2^63, and where a parameter that others depend on has more than a million values.
std::optional<uint64_t> count_configurations(const Space& space);

// Configuration number `index` < count_configurations(space), the last parameter varying fastest.
Configuration configuration_at(const Space& space, uint64_t index);

// Each active parameter at the same share, 0 to 1, of its domain on its scale, levels rounded down:
// 0 the lowest, 0.5 the lower midpoint, 1 the highest. Options of a choice count in their order.
Configuration configuration_at_share(const Space& space, double share);

// The space with `points` values from each float, ends included, evenly on the float's scale.
Space discretised(const Space& space, int points);

// Each active parameter uniformly from its domain, on its scale.
Configuration draw_uniform(const Space& space, Random& random);

}  // namespace wattgrind
