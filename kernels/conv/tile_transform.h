// The ways of a tile into the values that are multiplied, and back (kernels/layout/tile_form.h).
//
// Lanes are channels. A transform goes down the columns first, through work memory, then along the
// rows; each pass is a loop, so that what it holds stays in registers.
#pragma once

#include <cstdint>

#include "kernels/layout/tile_form.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/epilogue.h"

namespace wattgrind {

// A tile's inputs, of some channels, and where its transformed values go: value v's part p lies
// v * value_bytes + p * part_bytes on.
struct TileInputs {
  int lanes = 1;
  Address from;
  int64_t row_bytes = 0, column_bytes = 0;
  Address to;
  int64_t value_bytes = 0, part_bytes = 0;
  Address work;
};

// Summed products of a tile, of some filters, and its outputs.
struct TileOutputs {
  int lanes = 1;
  Address from;
  int64_t value_bytes = 0, part_bytes = 0;
  Address bias;  // a vector
  Address to;
  int64_t row_bytes = 0, column_bytes = 0;
  Address work;
  const Epilogue* epilogue = nullptr;
};

struct TileTransform {
  WeightForm form = WeightForm::kWinograd2;
  // Of outputs: how many of a tile's rows and columns there are.
  int64_t output_rows = 0, output_columns = 0;

  int64_t extent() const { return tile_form(form).extent; }
  // Vectors of work memory.
  int64_t work_vectors() const;
  // Vector instructions that a tile takes for a vector of channels, and for one of filters.
  int64_t input_cost() const;
  int64_t output_cost() const;
};

void emit_tile_inputs(NestBuilder& nest, const TileTransform& transform, const TileInputs& tile);
void emit_tile_outputs(NestBuilder& nest, const TileTransform& transform, const TileOutputs& tile);

}  // namespace wattgrind
