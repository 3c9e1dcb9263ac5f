// A dense layer's input gradient as pieces of memory.
#pragma once

#include <cstdint>

#include "kernels/layout/map_layout.h"

namespace wattgrind {

// Pieces of a map's image without gaps inside, in rows and columns of the map: all of it where it
// has neither halo nor padding channels, else its rows, else its pixels.
struct Segments {
  int64_t rows = 1, columns = 1;  // pieces down and across
  int64_t values = 0;             // stored in a piece
  int64_t inputs = 0;             // values of a piece that are inputs; padding follows them
};

Segments segments(const MapLayout& map);

}  // namespace wattgrind
