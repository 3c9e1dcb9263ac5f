// Puts zeros into what a map's buffer holds beside the map: halo, padding channels and, where dense
// layers take images for vectors (MapLayout::as_vectors), what follows an image's values.
#pragma once

#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// Whether there is anything beside the map that readers take for zeros.
bool has_surroundings(const MapLayout& layout, bool with_gaps);

// A kernel on kOutput, the map's buffer. `with_gaps`: what follows an image's values is cleared
// too.
LoopNest lower_halo_clear(const MapLayout& layout, bool with_gaps, Isa isa, int64_t batch);

}  // namespace wattgrind
