// The product that dense layers are. Its rows are images, its reduction runs over the values of an
// image, and its columns come in column blocks (kernels/layout/tiling.h).
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
  int64_t output_image_bytes = 0;               // from an image's output to the next image's
  TileStart start = TileStart::kBias;           // kBias or kZero
  Address input_values, weights, bias, output;  // where image 0, value 0 and column 0 lie
  Epilogue epilogue = {};
  bool prefetches = false;  // asks for weights before their turn (kernels/layout/blocking.h)
};

void emit_dense_product(NestBuilder& nest, const DenseProduct& product);

}  // namespace wattgrind
