// Counting and numbering the configurations of a space.
#pragma once

#include <cstdint>
#include <optional>

#include "search/random.h"
#include "search/space.h"

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

// The space with `points` values from each float, ends included, evenly on the float's scale.
Space discretised(const Space& space, int points);

// Each active parameter uniformly from its domain, on its scale.
Configuration draw_uniform(const Space& space, Random& random);

}  // namespace wattgrind
