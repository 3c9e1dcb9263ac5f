// What the forms "hybrid" and "steps" know of a layer, by kind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "estimator/models/layer_point.h"

namespace wattgrind {

// Counts are taken from a point only if `counted` says so: a predictor that was fitted without them
// ignores them. CHECKs that they are there.

// What a price can stand for: one call, operations, values read and written, parameters, the values
// that all windows together see (of convolutions, per filter), and, where the kernel is counted,
// what work_names() says.
std::vector<std::string> priced_names(const LayerPoint& point, bool counted);
std::vector<double> priced_values(const LayerPoint& point, bool counted);

// Logarithms of the sizes (of padding, of one more than it), of the operations and the values read
// and written, of the operations a value moved, of how far channels fill vectors of 16; where the
// kernel is counted, of its cycles an operation and its lines from each level a value.
std::vector<std::string> logarithm_names(const LayerPoint& point, bool counted);
std::vector<double> logarithms(const LayerPoint& point, bool counted);

}  // namespace wattgrind
