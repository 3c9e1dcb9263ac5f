// Turns a kernel's traffic by buffer into the tensor counts of an estimate.
#pragma once

#include <span>
#include <vector>

#include "cachesim/model/traffic.h"
#include "cachesim/program/access_program.h"
#include "estimator/counts/network_counts.h"

namespace wattgrind {

// `traffic` must begin with these buffers. The last of the result is "elsewhere", which is what is
// in none of them.
std::vector<TensorCounts> tensor_counts(std::span<const AccessBuffer> buffers,
                                        const ProgramTraffic& traffic,
                                        const HierarchyConfig& config);

}  // namespace wattgrind
