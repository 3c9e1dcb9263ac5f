// The gradients of a block of filters, packed so that they stay in L1 while a weight gradient walks
// them tap after tap.
//
// A pixel holds all filters; a block of them is a few bytes, and the next pixel's lie a pitch
// further on. Pitches of many channels are powers of two lines or nearly, so that the pixels of a
// few rows fall into a few sets of L1 and push each other out: every tap fetches them anew.
//
//     map       |b0 b1 b2 b3|b0 b1 b2 b3|b0 b1 b2 b3|      packed for b1    |b1|b1|b1|
//                pixel 0     pixel 1     pixel 2
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "kernels/conv/conv_problem.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/product_tile.h"

namespace wattgrind {

struct PackedPixels {
  int64_t rows = 0;         // of an image, at most, that are packed at once
  int64_t pixel_bytes = 0;  // of the block's gradients in a pixel

  int64_t bytes(const ConvProblem& problem) const {
    return rows * problem.output.shape.width * pixel_bytes;
  }
};

// How pixels are packed of which so many bytes are walked `walks` times. Absent where that would
// not pay: they stay in L1 where they lie, they are walked a few times only, or so few of them can
// be kept beside the input that adding up their sums would take longer.
std::optional<PackedPixels> packed_pixels(const ConvProblem& problem, int64_t pixel_bytes,
                                          int64_t walks);

// Walks the images of the tile's reduction (image, row, column) in chunks of packed rows:
// body(tile) is called for tiles whose weights are the packed gradients, whose reduction walks the
// chunk and whose sums start from the output.
void for_each_packed_chunk(NestBuilder& nest, const PackedPixels& packed, const Address& memory,
                           const ProductTile& tile,
                           const std::function<void(const ProductTile&)>& body);

}  // namespace wattgrind
