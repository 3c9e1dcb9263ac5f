// What lowering a layer needs to know beside the layer: instruction set, batch, and how its maps
// lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "estimator/base/isa.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {

struct LayerContext {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  std::vector<MapLayout> inputs;
  MapLayout output;       // the first input's own layout where the layer works in place
  bool in_place = false;  // one buffer, Operand::kMap, is first input and output

  // The first input, which is the only one of most layers.
  const MapLayout& input() const { return inputs.front(); }
};

struct BackwardContext {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  std::vector<MapLayout> inputs;  // of the layer's maps
  MapLayout output;
  size_t input_index = 0;    // the input whose gradient is asked for
  MapLayout input_gradient;  // of that input
  MapLayout output_gradient;

  const MapLayout& input() const { return inputs.front(); }
};

}  // namespace wattgrind
