// The weight gradient of a convolution with few filters and large windows, with the pixels of a row
// as lanes.
//
// With taps as columns (tap_columns.h) a row of the window rarely fills its vectors, and the
// padding channels of a pixel are taps as well. Here maps are copied to planes, image by image; a
// vector holds partial sums of one tap of one filter, over pixels that lie a vector apart, to which
// every vector of pixels adds its gradients times the inputs under the tap. Their lanes are added
// after the last image.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/gradients/backward.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/plane.h"

namespace wattgrind {

class PlanarGradient {
 public:
  // Of a convolution without groups.
  PlanarGradient(const Conv2d& conv, const BackwardContext& context);

  // Vector instructions an image, a tile that hides no latency counted as one that just does; none
  // where vectors are short, rows of one pixel, filters many, or windows more than a pixel apart.
  std::optional<int64_t> cost() const;

  // `input` is the window of the first pixel, `gradient` the gradient of that pixel, `weights` the
  // result, packed as a block of `width` filters, whose padding is not written. Works on scratch
  // memory that has to be zero at first.
  void emit(NestBuilder& nest, const Address& input, const Address& gradient,
            const Address& weights, int64_t width) const;

 private:
  // Taps of the window whose sums a tile holds, for all filters.
  struct Shape {
    Tiles down, across;
  };
  struct Scratch {
    Address input_plane, gradient_planes, sums;
  };
  std::vector<Shape> shapes() const;

  int64_t row_vectors() const;
  int64_t vector_bytes() const { return lanes_ * kFloatBytes; }
  int64_t input_rows() const;
  int64_t input_columns() const;
  int64_t input_row_bytes() const;
  int64_t gradient_row_bytes() const { return row_vectors() * vector_bytes(); }
  int64_t gradient_plane_bytes() const;
  int64_t tap_sums_bytes() const { return conv_.filters * vector_bytes(); }
  int64_t sums() const;  // vectors

  void emit_image(NestBuilder& nest, const Address& input, const Address& gradient,
                  const Scratch& scratch) const;
  void emit_tile(NestBuilder& nest, const Shape& shape, const Address& input,
                 const Scratch& scratch, const Address& tile_sums) const;
  void emit_lane_sums(NestBuilder& nest, const Address& from, const Address& to,
                      int64_t width) const;

  const Conv2d conv_;
  const MapLayout input_, gradient_;
  const int64_t batch_;
  const Isa isa_;
  const int lanes_;
};

}  // namespace wattgrind
