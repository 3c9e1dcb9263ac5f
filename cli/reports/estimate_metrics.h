// The columns an estimate can be shown with.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

inline constexpr double kPicojoulesAMicrojoule = 1e6;

enum class Audience { kPeople, kPrograms };

// A row a layer. Without `metrics`, those people want most, or all. Ends with the total for people.
// Throws Error(kUsage) for a metric there is not, naming those there are.
Table metrics_table(const Estimate& estimate, const std::vector<std::string>& metrics,
                    Audience audience);

// Of a whole training: what a step of each kind costs, and how many there are.
Table steps_table(const Estimate& estimate);

}  // namespace wattgrind
