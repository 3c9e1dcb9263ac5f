// The weight gradient of a convolution or dense layer with few filters, as a product with taps as
// columns.
//
// With filters as columns a vector holds a tap's gradients, one a filter, and is mostly padding
// where filters are few. Here a vector holds those of one filter by taps that follow each other in
// the input, a kernel row's columns and channels, padding channels among them; every pixel adds its
// gradient, broadcast, times the input under the window. The sums are copied into the packed order
// at the end.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gradients/backward.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/product_tile.h"

namespace wattgrind {

class TapColumns {
 public:
  // Of a convolution without groups.
  TapColumns(const Conv2d& conv, const BackwardContext& context);

  // Multiply-adds a pixel, or loads where they are more, a tile that hides no latency counted as
  // one that just does; loads and stores of the copy.
  int64_t cost() const;
  int64_t copy_cost() const;

  // The sums, [filter][kernel row][column and channel].
  uint64_t sums_bytes() const;

  // Adds the products of some images to the sums. `input` is the window of the first pixel,
  // `gradient` the gradient of that pixel; `reduction` walks images, rows and columns, "input"
  // being the input and "weight" the gradient.
  void emit_products(NestBuilder& nest, const Address& input, const Address& gradient,
                     const Address& sums, const std::vector<ReductionLoop>& reduction,
                     TileStart start) const;

  // Copies the sums to weights packed as a block of `width` filters. Its padding is not written.
  void emit_copy(NestBuilder& nest, const Address& sums, const Address& weights,
                 int64_t width) const;

 private:
  // Sums of a tile: so many filters by so many vectors of a kernel row, of so many kernel rows.
  struct Shape {
    Tiles filters;
    Tiles piece;   // the vectors of a row that have its lanes
    Tiles across;  // of those vectors
    Tiles down;    // of kernel rows
  };
  std::vector<Shape> shapes() const;
  int64_t row_sums_bytes() const;
  int64_t filter_sums_bytes() const;

  const Conv2d conv_;
  const MapLayout input_;
  const Isa isa_;
  std::vector<Tiles> pieces_;  // of a kernel row, by lanes
};

}  // namespace wattgrind
