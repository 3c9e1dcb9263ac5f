// What a machine draws while one of its cores computes, by what it goes on.
#pragma once

#include <optional>

#include "cli/terminal/table.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// A row for each part, from the arithmetic to the wall, for one core that starts a multiply-add of
// its full width every cycle, out of registers. Absent where the profile has no figures of power.
std::optional<Table> power_budget(const Machine& machine);

}  // namespace wattgrind
