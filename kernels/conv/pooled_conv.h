// A convolution whose map goes into pooling and is read by nobody else: some rows of it at a time
// are computed into scratch memory by any algorithm, and pooled while they are in L2.
//
//   strip of a map    |kept  | rows of the convolution                    |      3 x 3 by 2:
//   pooled            |  windows  |  windows  |  windows  |  windows  |         one row is kept
//
// Windows that overlap from row to row read the last rows of the strip before, which are copied to
// the front. Rows of padding, which only the first and last strip have, hold minus infinity.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/conv/conv_algorithm.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// Whether windows pool a map of that shape to this one by rows: no row of the map lies between
// them, and only maxima have rows of padding.
bool pools_by_rows(PoolMethod method, const Window2d& window, const FeatureShape& map,
                   const FeatureShape& pooled);

// The functions of an algorithm for problems that pool.
std::optional<double> pooled_cost(const AlgorithmEntry& entry, const ConvProblem& problem);
uint64_t pooled_scratch_bytes(const AlgorithmEntry& entry, const ConvProblem& problem);
void emit_pooled(NestBuilder& nest, const AlgorithmEntry& entry, const ConvProblem& problem);

}  // namespace wattgrind
