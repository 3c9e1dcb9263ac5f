// Which instruction set of ours a processor runs: the one place that says what each asks for.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "estimator/base/isa.h"

namespace wattgrind {

// The widest set all of whose parts `has` knows, by their names in /proc/cpuinfo: what the code
// generator's target of that set may use. Absent where not even the narrowest is there.
std::optional<Isa> widest_isa(const std::function<bool(std::string_view)>& has);

// The widest instruction set this processor and its system run. Throws Error(kMissing) where there
// is none.
Isa host_isa();

}  // namespace wattgrind
