// Trials that no other beats in every objective.
#pragma once

#include <span>
#include <vector>

#include "search/samplers/sampler.h"

namespace wattgrind {

// Whether `a` is as low as `b` or lower in every value, and lower in one. Both have as many values.
bool dominates(std::span<const double> a, std::span<const double> b);

// The complete trials that no other dominates, sorted by their values; of trials with the same
// values the earliest alone. Trials that have another number of values than the first complete one
// are left out.
std::vector<const Trial*> pareto_front(std::span<const Trial> history);

}  // namespace wattgrind
