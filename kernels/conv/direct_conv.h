// Direct convolution of one image: the product behind convolutions and their data gradients.
//
// Groups, rows, blocks of output channels, register tiles of pixels. Outputs may lie apart, which
// makes the data gradient of a strided convolution a few direct convolutions (conv2d_backward.cpp).
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
  int64_t group_inputs = 0;   // channels, and how far one group's are from the next one's
  int64_t group_outputs = 0;  // the same of outputs
  int64_t kernel_height = 1, kernel_width = 1;
  int64_t rows = 1, columns = 1;  // outputs computed
  MapLayout input, output;
  int64_t input_row_step = 1, input_column_step = 1;    // pixels from one output's to the next's
  int64_t output_row_step = 1, output_column_step = 1;  // pixels from one output to the next
  std::vector<ColumnBlock> blocks;                      // of a group's outputs
  TileStart start = TileStart::kBias;                   // kBias or kZero
  // Of the first value that the first output reads; of the first output.
  Address input_values, weights, bias, output_values;

  int64_t taps() const { return kernel_height * kernel_width * group_inputs; }
};

void emit_direct_conv(NestBuilder& nest, const DirectConv& conv);

// Multiply-adds of an image's group, a tile that hides no latency counted as one that just does:
// what other ways to compute the same are held against.
int64_t direct_conv_cost(const DirectConv& conv, Isa isa);

// Whether `cost` is so much less, two thirds at most, that copies into another order, which caches
// and short loops make dearer than their number, are worth it.
bool is_worth_copies(int64_t cost, const DirectConv& conv, Isa isa);

}  // namespace wattgrind
