// Counting a synthetic matrix product, which may be far larger than what is worth simulating whole.
#pragma once

#include <cstdint>

#include "cachesim/model/hierarchy_config.h"
#include "estimator/counts/counts.h"
#include "estimator/network/workload.h"

namespace wattgrind {

struct MatmulCounts {
  EventCounts counts;
  uint64_t simulated_rows = 0;  // how many rows of C were simulated; later ones are extrapolated
};

// Counts one pass from empty caches. It simulates as many rows of C as make up `most_macs`, but at
// least two; where that is all of them the counts are exact. Rows of C differ little once B has
// been read, but nothing proves them alike: under kIjk and kIkj the first rows are simulated, and
// every later row is given the mean of their second half. kBlocked is always simulated whole.
MatmulCounts count_matmul(const Matmul& matmul, const HierarchyConfig& hierarchy,
                          uint64_t most_macs);

}  // namespace wattgrind
