#include "kernels/conv/row_groups.h"

#include "kernels/layout/blocking.h"

namespace wattgrind {

int64_t choose_group_rows(const DirectConv& conv, const ReductionPasses& passes, Isa isa) {
  const int64_t width = conv.blocks[0].width();
  const int64_t resident = resident_map_bytes(isa);
  const int64_t weight_bytes = conv.groups * conv.taps() * padded_width(conv.blocks) * kFloatBytes;
  // How often a group's channels are read where they do not stay in L2.
  const int64_t input_passes = static_cast<int64_t>(conv.blocks.size()) * passes.of_taps;
  const int64_t input_bytes = conv.input.image_bytes(), output_bytes = conv.output.image_bytes();
  const auto moving_cost = [&](int64_t group) {
    const int64_t groups = conv.rows / group;
    const int64_t read_rows =
        (group - 1) * conv.input_row_step + conv.dilation_height * (conv.kernel_height - 1) + 1;
    const bool input_stays = read_rows * conv.input.row_bytes() / conv.groups <= resident;
    const bool sums_stay = group * conv.columns * width * kFloatBytes <= resident;
    return groups * weight_bytes * distance_from_l2(weight_bytes) +
           (input_stays ? 1 : input_passes) * input_bytes * distance_from_l2(input_bytes) +
           (sums_stay ? 0
                      : 2 * (passes.in_all - 1) * output_bytes * distance_from_l2(output_bytes));
  };
  int64_t best = conv.rows;
  for (int64_t group = best - 1; group > 0; --group) {
    if (conv.rows % group == 0 && moving_cost(group) < moving_cost(best)) best = group;
  }
  return best;
}

}  // namespace wattgrind
