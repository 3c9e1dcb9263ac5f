// Energy by layer and tensor: input, weights, output and arithmetic, as Eyeriss's method reports
// it.
#pragma once

#include "cli/terminal/table.h"
#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

// A row a layer, a column a tensor, then arithmetic and the total. Throws Error(kUsage) where the
// counts do not tell tensors apart.
Table tensor_table(const Estimate& estimate, bool with_total);
std::string tensor_text(const Estimate& estimate, Emphasis emphasis);

}  // namespace wattgrind
