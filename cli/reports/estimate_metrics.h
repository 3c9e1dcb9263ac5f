// The metrics are the columns that an estimate can be shown with.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

inline constexpr double kPicojoulesAMicrojoule = 1e6;

enum class Audience { kPeople, kPrograms };

// Makes a table with a row for each layer. Where `metrics` is empty, people get the columns that
// they want most, and programs get all. The table for people ends with the total. Throws
// Error(kUsage) for a metric that does not exist, naming those that do.
Table metrics_table(const Estimate& estimate, const std::vector<std::string>& metrics,
                    Audience audience);

// Makes a table of a whole training: what a step of each kind costs, and how many such steps it
// has.
Table steps_table(const Estimate& estimate);

}  // namespace wattgrind
