#include "kernels/conv/conv_problem.h"

namespace wattgrind {

std::vector<ColumnBlock> ConvProblem::filter_blocks() const {
  return column_blocks(group_filters(), isa, groups == 1 ? Surplus::kPad : Surplus::kExact);
}

uint64_t ConvProblem::packed_weights_bytes() const {
  return static_cast<uint64_t>(taps() * packed_filters() * kFloatBytes);
}

uint64_t ConvProblem::packed_bias_bytes() const {
  return static_cast<uint64_t>(packed_filters() * kFloatBytes);
}

Window2d whole_map_window(const FeatureShape& input) { return {input.height, input.width}; }

}  // namespace wattgrind
