// Planes of scratch memory: one channel of a map with its pixels side by side, so that pixels of a
// row can be lanes. Maps hold a pixel's channels side by side.
#pragma once

#include <cstdint>

#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// One channel of a map, or a plane: as many rows and columns of it.
struct Plane {
  Address first;
  int64_t rows = 0, columns = 0;
  int64_t row_bytes = 0, pixel_bytes = 0;
};

// The shortest vector that holds a row of so many columns, or the widest there is.
int row_lanes(int64_t columns, Isa isa);

// From a map to a plane, or back: value by value where the pixels of either lie apart.
void emit_plane_copy(NestBuilder& nest, const Plane& from, const Plane& to);

// Loads and stores of a copy; `pixel_bytes` are the map's.
int64_t plane_copy_cost(int64_t rows, int64_t columns, int64_t pixel_bytes, Isa isa);

}  // namespace wattgrind
