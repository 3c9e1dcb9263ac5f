// Copies packed weights into the order that a product in the other direction reads.
//
// A layer's weights are packed for outputs as columns; its data gradient is a product with inputs
// as columns. No instruction of a nest transposes, so this is a copy value by value.
#pragma once

#include <string>
#include <vector>

#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// A loop around the copy. Each iteration moves on by `from_steps` steps of the reduction in the
// source, and by `to_steps` steps and `to_bytes` bytes in the result.
struct TransposeLoop {
  std::string name;
  int64_t trips = 1;
  int64_t from_steps = 0;
  int64_t to_steps = 0;
  int64_t to_bytes = 0;
};

// The copy goes from [output block][from_steps][lane], where each step is an input channel, to
// [input block][to_steps][lane], where each step is an output channel.
struct WeightTranspose {
  std::vector<ColumnBlock> from_blocks, to_blocks;
  int64_t outputs = 0, inputs = 0;       // how many channels are no padding
  int64_t from_steps = 0, to_steps = 0;  // how many steps a whole block has
  std::vector<TransposeLoop> loops;
  int64_t first_from_step = 0, first_to_step = 0;
  Address from, to;
};

// Emits the copy. It does not write the padding of the result.
void emit_weight_transpose(NestBuilder& nest, const WeightTranspose& transpose);

}  // namespace wattgrind
