// The register tile of a product: the inner kernel of convolutions and dense layers.
//
// A tile holds rows x vectors accumulators in registers and walks the reduction: for every step it
// loads the step's weights, broadcasts one input value a row, and multiplies and adds.
#pragma once

#include <string>
#include <vector>

#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// One loop of the reduction, outermost first: how far input and weights move an iteration.
struct ReductionLoop {
  std::string name;
  int64_t trips = 1;
  int64_t input_bytes = 0;
  int64_t weight_bytes = 0;
};

// A vector of columns: where it lies from the tile's weights, and from its bias and outputs.
struct TileVector {
  int64_t weight_bytes = 0;
  int64_t channel_bytes = 0;
};

// What a tile's sums start from: kBias is one a column, kRowBias one a row.
enum class TileStart { kBias, kRowBias, kZero, kOutput };

struct ProductTile {
  int64_t rows = 0;
  int64_t input_row_bytes = 0;   // from one row's input to the next's
  int64_t output_row_bytes = 0;  // from one row's output to the next's
  int lanes = 0;
  std::vector<TileVector> vectors;
  std::vector<ReductionLoop> reduction;
  Address input, weights, bias, output;  // of row 0, vector 0, step 0
  TileStart start = TileStart::kBias;    // `bias` is read for biases alone
};

void emit_product_tile(NestBuilder& nest, const ProductTile& tile);

}  // namespace wattgrind
