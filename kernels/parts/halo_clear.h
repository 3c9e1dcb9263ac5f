// Puts zeros into what a map's buffer holds beside the map: halo and padding channels.
#pragma once

#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// Whether there is anything beside the map that readers take for zeros.
bool has_surroundings(const MapLayout& layout);

// A kernel on kOutput, the map's buffer.
LoopNest lower_halo_clear(const MapLayout& layout, Isa isa, int64_t batch);

}  // namespace wattgrind
