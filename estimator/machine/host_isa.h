// Tells which of our instruction sets a processor runs. No other place says what each asks for.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "estimator/base/isa.h"

namespace wattgrind {

// Returns the widest set all of whose parts `has` knows by their names in /proc/cpuinfo. The parts
// are those that the code generator may use for that set. Absent where not even the narrowest is
// there.
std::optional<Isa> widest_isa(const std::function<bool(std::string_view)>& has);

// Returns the widest instruction set that this processor and its system run. Throws Error(kMissing)
// where there is none.
Isa host_isa();

// The narrowest of those that this processor runs, which others of its family run too.
Isa least_host_isa();

// Whether this processor and its system run the set, whether or not it is the widest.
bool host_runs(Isa isa);

// Whether this processor adds products of bytes in one instruction of the set: AVX-512 VNNI, or the
// dot product of ARMv8.2. That of AVX-VNNI is not asked for.
bool host_has_byte_dots(Isa isa);

}  // namespace wattgrind
