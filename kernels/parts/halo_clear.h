// Puts zeros into what a map's buffer holds beside the map: halo, padding channels and, where dense
// layers take images for vectors (MapLayout::as_vectors), what follows an image's values.
#pragma once

#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// What is beside a map that somebody has to clear.
struct MapSurroundings {
  bool padding = true;  // channels that the map's own kernel does not write
  bool gaps = false;    // what follows an image's values, for whoever reads it as values
  int byte = 0;         // of a map of bytes, what is put there instead of zeros
};

// Whether there is any, halo included, which readers take for zeros.
bool has_surroundings(const MapLayout& layout, const MapSurroundings& wanted);

// A kernel on kOutput, the map's buffer.
LoopNest lower_halo_clear(const MapLayout& layout, const MapSurroundings& wanted, Isa isa,
                          int64_t batch);

}  // namespace wattgrind
