// Products of maps whose rows of pixels are matrices: pixels are a matrix's rows, and channels its
// columns.
#pragma once

#include <cstdint>
#include <functional>

#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

struct MapOperand {
  Address first;  // of its buffer
  MapLayout layout;
};

// For every image and row of pixels of `c`: C = A x B or, transposed, A x B^T. Where `b` has one
// row of pixels and `c` several, it serves them all.
struct MapProduct {
  int64_t batch = 1;
  MapOperand a, b, c;
  bool transpose_b = false;
  // What is done with pixels of C that follow each other, before the next are computed: with so
  // many, from an address on. Empty: nothing.
  std::function<void(int64_t pixels, const Address& first)> finish_pixels = {};
};

// Writes padding channels of `c` as zeros where its channel pitch is that of its columns' vectors
// (column_blocks with Surplus::kPad); others are left alone. Declares scratch memory (kScratch)
// where copying `b` pays: padding in it must be zero at first, and stays so.
void emit_map_product(NestBuilder& nest, const MapProduct& product);

}  // namespace wattgrind
