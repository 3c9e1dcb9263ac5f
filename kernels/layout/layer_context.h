// What the lowering of a layer must know beside the layer itself: the instruction set, the batch,
// and the layouts of its maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {

struct LayerContext {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  std::vector<MapLayout> inputs;
  MapLayout output;       // where the layer works in place, it is the first input's own
  bool in_place = false;  // one buffer, Operand::kMap, is both first input and output
  bool training = false;  // batch normalisation measures the batch
  // By input, whether it lies in the output already, where a concatenation wants it; empty: none.
  std::vector<bool> is_in_output = {};
  std::vector<FusedLayer> fused = {};  // what is done with each value before it is stored
  bool prefetches_weights = false;     // as engines' kernels do, of weights that L2 does not hold
  std::optional<Int8Layer> int8 = {};  // of the layer itself, as in network.h, and of each input
  std::vector<std::optional<ByteScale>> input_bytes = {};

  // The first input; most layers have no other.
  const MapLayout& input() const { return inputs.front(); }
};

struct BackwardContext {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  std::vector<MapLayout> inputs;  // layouts of the maps that the layer read and wrote
  MapLayout output;
  size_t input_index = 0;    // says whose gradient is asked for
  MapLayout input_gradient;  // the layout of that gradient
  MapLayout output_gradient;
  // Softmax as the last layer, whose gradient is made with that of cross-entropy, of labels; any
  // other softmax has a gradient by its output.
  bool with_cross_entropy = false;
  // Whether one buffer, Operand::kGradient, is both gradients, because the layer worked in place.
  bool in_place = false;

  const MapLayout& input() const { return inputs.front(); }
};

}  // namespace wattgrind
