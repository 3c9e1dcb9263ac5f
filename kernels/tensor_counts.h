// A kernel's counts by buffer, in the vocabulary of estimates.
#pragma once

#include <span>
#include <vector>

#include "cachesim/access_program.h"
#include "cachesim/traffic.h"
#include "estimator/network_counts.h"

namespace wattgrind {

// `traffic` begins with these buffers. The result ends with "elsewhere".
std::vector<TensorCounts> tensor_counts(std::span<const AccessBuffer> buffers,
                                        const ProgramTraffic& traffic,
                                        const HierarchyConfig& config);

}  // namespace wattgrind
