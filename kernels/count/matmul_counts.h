// Counting a synthetic matrix product, which may be far larger than what is worth simulating whole.
#pragma once

#include <cstdint>

#include "cachesim/model/hierarchy_config.h"
#include "estimator/counts/counts.h"
#include "estimator/network/workload.h"

namespace wattgrind {

struct MatmulCounts {
  EventCounts counts;
  uint64_t simulated_rows = 0;  // of C; those after them are taken to be like their later half
};

// One pass from empty caches. At least two rows are simulated, and as many as make up `most_macs`;
// where that is all of them the counts are exact. Rows of C differ little once B has been read, but
// nothing proves them alike: under kIjk and kIkj the rows simulated are the first, and every later
// row is given the mean of their second half. kBlocked is always simulated whole.
MatmulCounts count_matmul(const Matmul& matmul, const HierarchyConfig& hierarchy,
                          uint64_t most_macs);

}  // namespace wattgrind
