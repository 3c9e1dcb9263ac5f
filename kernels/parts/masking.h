// Multiplies a map by a mask, which is what dropout does on the way forward and on the way back.
#pragma once

#include <string>

#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// A buffer of the nest that holds a map.
struct MaskedMap {
  Operand operand;
  TensorRole role;
  MapLayout layout;
};

// target = source * "mask", value by value; the mask has `mask_layout`.
LoopNest lower_masking(std::string name, const MaskedMap& source, const MaskedMap& target,
                       const MapLayout& mask_layout, Isa isa, int64_t batch);

}  // namespace wattgrind
