// A plane is one channel of a map copied to scratch memory with its pixels side by side, so that
// pixels of a row can be lanes. Maps hold a pixel's channels side by side instead:
//
//   map of 3 channels    | r0 g0 b0 | r1 g1 b1 | r2 g2 b2 | ...
//   its first plane      | r0 | r1 | r2 | ...
#pragma once

#include <cstdint>

#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// A rectangle of one channel, in a map or in a plane. `first` is the address of its first value.
struct Plane {
  Address first;
  int64_t rows = 0, columns = 0;
  int64_t row_bytes = 0, pixel_bytes = 0;
};

// The lanes of the shortest vector that holds a row of so many columns, or of the widest there is.
int row_lanes(int64_t columns, Isa isa);

// Copies from a map to a plane or back. It copies value by value unless pixels lie side by side in
// both.
void emit_plane_copy(NestBuilder& nest, const Plane& from, const Plane& to);

// How many loads and stores a copy makes. `pixel_bytes` is the distance of pixels in the map.
int64_t plane_copy_cost(int64_t rows, int64_t columns, int64_t pixel_bytes, Isa isa);

}  // namespace wattgrind
