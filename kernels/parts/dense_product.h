// The product behind dense layers: images are its rows, the values of an image its reduction, and
// columns come in blocks of vectors.
#pragma once

#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/product_tile.h"

namespace wattgrind {

// Weights are packed [block][row][column][channel][lane] of the input map.
struct DenseProduct {
  int64_t batch = 1;
  MapLayout input;
  std::vector<ColumnBlock> blocks;
  int64_t output_image_bytes = 0;               // how far the next image's columns lie
  TileStart start = TileStart::kBias;           // kBias or kZero
  Address input_values, weights, bias, output;  // image 0, value 0, column 0
};

void emit_dense_product(NestBuilder& nest, const DenseProduct& product);

}  // namespace wattgrind
