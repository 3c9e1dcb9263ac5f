// Direct convolution of one image: the product behind convolutions and their data gradients.
//
// The loops run over groups, rows, blocks of output channels and register tiles of pixels. Outputs
// may lie apart, so that the data gradient of a strided convolution is a few direct convolutions
// (kernels/layout/conv_phases.h).
#pragma once

#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/product_tile.h"

namespace wattgrind {

// Weights are packed [group][block][row][column][channel][lane].
struct DirectConv {
  int64_t groups = 1;
  int64_t group_inputs = 0;   // input channels of a group; the next group's follow them
  int64_t group_outputs = 0;  // output channels of a group; the next group's follow them
  int64_t kernel_height = 1, kernel_width = 1;
  int64_t dilation_height = 1, dilation_width = 1;  // from one tap to the next
  int64_t rows = 1, columns = 1;                    // outputs computed
  MapLayout input, output;
  int64_t input_row_step = 1, input_column_step = 1;    // pixels from one output's to the next's
  int64_t output_row_step = 1, output_column_step = 1;  // pixels from one output to the next
  std::vector<ColumnBlock> blocks;                      // hold a group's outputs
  TileStart start = TileStart::kBias;                   // kBias or kZero
  Address input_values;  // the first value that the first output reads
  Address weights, bias;
  Address output_values;  // the first output
  Epilogue epilogue = {};
  int64_t weights_ahead_bytes = 0;  // as of a tile (kernels/parts/product_tile.h)

  int64_t taps() const { return kernel_height * kernel_width * group_inputs; }
  // How far a tap lies from the one in the kernel's next row, or next column, in the input.
  int64_t tap_row_bytes() const { return dilation_height * input.row_bytes(); }
  int64_t tap_column_bytes() const { return dilation_width * input.channel_bytes(); }
  // Whether the taps of a kernel's row lie side by side in the input.
  bool taps_touch() const { return dilation_width == 1 || kernel_width == 1; }
};

void emit_direct_conv(NestBuilder& nest, const DirectConv& conv);

// Multiply-adds that one group of an image takes. A register tile too small to hide the latency of
// its multiply-adds counts as the smallest that hides it.
int64_t direct_conv_cost(const DirectConv& conv, Isa isa);

}  // namespace wattgrind
