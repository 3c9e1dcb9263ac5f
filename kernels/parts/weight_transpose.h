// Packed weights written over for a product in the other direction.
//
// A layer's weights are packed for outputs as columns; its data gradient is a product with inputs
// as columns. No instruction of a nest transposes, so this is a copy value by value.
#pragma once

#include <string>
#include <vector>

#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// A loop around the copy. Each iteration moves so many steps of the reduction on in the source and
// in the result, and in the result so many bytes besides.
struct TransposeLoop {
  std::string name;
  int64_t trips = 1;
  int64_t from_steps = 0;
  int64_t to_steps = 0;
  int64_t to_bytes = 0;
};

// From [output block][from_steps][lane], with an input channel a step, to
// [input block][to_steps][lane], with an output channel a step.
struct WeightTranspose {
  std::vector<ColumnBlock> from_blocks, to_blocks;
  int64_t outputs = 0, inputs = 0;       // channels that are no padding
  int64_t from_steps = 0, to_steps = 0;  // steps of a whole block
  std::vector<TransposeLoop> loops;
  int64_t first_from_step = 0;
  Address from, to;
};

// Padding of the result is not written.
void emit_weight_transpose(NestBuilder& nest, const WeightTranspose& transpose);

}  // namespace wattgrind
