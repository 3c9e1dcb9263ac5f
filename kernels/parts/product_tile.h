// The register tile of a product, which is the inner kernel of convolutions and dense layers.
//
// A tile keeps rows x vectors sums in registers and walks the reduction. For every step of it the
// tile loads the step's weights, broadcasts one input value for each row, and multiplies and adds:
//
//                 weights of the step:   w0    w1        (vectors)
//   row 0: its input value in every lane  sum   sum
//   row 1: its input value in every lane  sum   sum
#pragma once

#include <string>
#include <vector>

#include "kernels/nest/nest_builder.h"
#include "kernels/parts/epilogue.h"

namespace wattgrind {

// A loop of the reduction. An iteration moves the input and the weights on by so many bytes.
struct ReductionLoop {
  std::string name;
  int64_t trips = 1;
  int64_t input_bytes = 0;
  int64_t weight_bytes = 0;
};

// A part of the reduction that some of the tile's rows take, `rows` from `first_row` on.
struct ReductionPart {
  std::vector<ReductionLoop> loops;           // outermost first
  int64_t input_bytes = 0, weight_bytes = 0;  // how far its first step lies from the reduction's
  int64_t first_row = 0, rows = 0;
};

// A vector of columns: how far it lies from the tile's first weights, and from its first bias and
// output.
struct TileVector {
  int64_t weight_bytes = 0;
  int64_t channel_bytes = 0;
};

// What a tile's sums start from: a bias for each column, a bias for each row, zero, or what the
// output holds.
enum class TileStart { kBias, kRowBias, kZero, kOutput };

struct ProductTile {
  int64_t rows = 0;
  int64_t input_row_bytes = 0;   // from one row's input to the next's
  int64_t output_row_bytes = 0;  // from one row's output to the next's
  int lanes = 0;
  std::vector<TileVector> vectors;
  std::vector<ReductionLoop> reduction;   // outermost first
  std::vector<ReductionPart> parts = {};  // inside of the reduction; none: a step of all rows
  Address input, weights, bias, output;   // where row 0, vector 0 and step 0 lie
  TileStart start = TileStart::kBias;     // `bias` is used with kBias and kRowBias alone
  Epilogue epilogue = {};                 // done with each sum before it is stored
  // How far ahead lie the weights that the caches are asked for as a step's are loaded; 0: none.
  int64_t weights_ahead_bytes = 0;
};

void emit_product_tile(NestBuilder& nest, const ProductTile& tile);

}  // namespace wattgrind
