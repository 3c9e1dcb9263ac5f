// Trials that no other beats in every objective.
#pragma once

#include <span>
#include <vector>

#include "search/samplers/sampler.h"

namespace wattgrind {

// Whether `a` is at least as low in every value and lower in one. As many values in both.
bool dominates(std::span<const double> a, std::span<const double> b);

// The complete trials that none dominates, by first value, then by the next ones; of trials with
// the same values the earliest. Trials with another number of values than the first complete one
// are left out.
std::vector<const Trial*> pareto_front(std::span<const Trial> history);

}  // namespace wattgrind
