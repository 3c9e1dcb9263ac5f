// Counting and numbering the configurations of a space.
#pragma once

#include <cstdint>
#include <optional>

#include "estimator/base/random.h"
#include "search/space/space.h"

namespace wattgrind {

// How many values a domain has; absent where they have no end (a float).
std::optional<uint64_t> levels(const Domain& domain);

// The value number `index` (0 is an int's low) of a domain with levels.
Value value_at(const Domain& domain, uint64_t index);

// How many different configurations there are. Absent where they have no end, where they exceed
// 2^63, and where a parameter that others depend on has more than a million values.
std::optional<uint64_t> count_configurations(const Space& space);

// Configuration number `index` < count_configurations(space), the last parameter varying fastest.
Configuration configuration_at(const Space& space, uint64_t index);

// The configuration that has each active parameter at the same share of its domain, on its scale
// and rounded down to a level: 0 is the lowest value, 0.5 the lower midpoint, 1 the highest.
// Options of a choice count in their order.
Configuration configuration_at_share(const Space& space, double share);

// The space with `points` values from each float, ends included, evenly on the float's scale.
Space discretised(const Space& space, int points);

// A configuration with each active parameter drawn uniformly from its domain, on its scale.
Configuration draw_uniform(const Space& space, Random& random);

}  // namespace wattgrind
