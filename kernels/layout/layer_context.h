// What lowering a layer needs to know beside the layer: instruction set, batch, and how its maps
// lie.
#pragma once

#include <cstdint>

#include "estimator/base/isa.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {

struct LayerContext {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  MapLayout input;
  MapLayout output;  // the input's own layout where a layer works in place
};

struct BackwardContext {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  MapLayout input, output;  // of the layer's maps
  MapLayout input_gradient, output_gradient;
};

}  // namespace wattgrind
