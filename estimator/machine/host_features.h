// What this processor and its system support, asked of the system. One source for each family of
// processors implements it (host_features_*.cpp); the build takes the one that it is for.
#pragma once

#include <string_view>

#include "estimator/base/architecture.h"

namespace wattgrind {

// The family of the processors that this program is built for.
Architecture host_architecture();

// Whether a part of an instruction set is there, by its name in /proc/cpuinfo. Known are the parts
// that kernels may use (host_isa.cpp); what else is asked for is not there.
bool host_has(std::string_view part);

}  // namespace wattgrind
