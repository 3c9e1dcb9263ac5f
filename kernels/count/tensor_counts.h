// A kernel's counts by buffer, in the vocabulary of estimates.
#pragma once

#include <span>
#include <vector>

#include "cachesim/model/traffic.h"
#include "cachesim/program/access_program.h"
#include "estimator/counts/network_counts.h"

namespace wattgrind {

// `traffic` begins with these buffers. The result ends with "elsewhere".
std::vector<TensorCounts> tensor_counts(std::span<const AccessBuffer> buffers,
                                        const ProgramTraffic& traffic,
                                        const HierarchyConfig& config);

}  // namespace wattgrind
