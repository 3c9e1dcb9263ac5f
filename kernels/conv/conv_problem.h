// A convolution, or one of its gradients, as the numbers that an algorithm for it is chosen by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"
#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest.h"
#include "kernels/parts/pool_windows.h"

namespace wattgrind {

// What is computed. Each kind has algorithms of its own, and a table of them.
enum class ConvKind : uint8_t { kForward, kDataGradient, kWeightGradient };

inline constexpr std::array<std::string_view, 3> kConvKindNames = {"forward", "data gradient",
                                                                   "weight gradient"};

constexpr std::string_view name(ConvKind kind) { return kConvKindNames[static_cast<size_t>(kind)]; }

// Where a part of a layer's work begins in its maps, or in scratch memory.
struct ConvPart {
  Address input;  // the first value that the first output reads
  Address output;
};

struct ConvProblem {
  ConvKind kind = ConvKind::kForward;
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  // A dense layer is the convolution whose window is the whole map: an image has one output pixel,
  // and the images take the place of a convolution's pixels in its products.
  bool is_dense = false;
  Window2d window;
  int64_t groups = 1;
  // How the layer's maps lie. Those of a data gradient are the gradients by its input and output;
  // those of a weight gradient are its input and the gradient by its output.
  MapLayout input, output;
  // Of a way forward: what is done before values are stored, and the pooling that takes them in,
  // whose input is `output` (pooled_conv.h).
  std::vector<FusedLayer> fused = {};
  std::optional<PoolWindows> pool = {};
  std::optional<ConvPart> part = {};  // of a way forward that is a part of a layer's
  bool prefetches = false;            // asks for weights before their turn, as LayerContext says
  bool is_strip = false;              // some rows of a layer, beside which its map goes on

  int64_t group_inputs() const { return input.shape.channels / groups; }
  int64_t group_filters() const { return output.shape.channels / groups; }
  // Weights of one filter: kernel rows x columns x channels.
  int64_t taps() const { return window.kernel_height * window.kernel_width * group_inputs(); }
  // How a group's filters are packed: weights as [group][block][row][column][channel][lane].
  std::vector<ColumnBlock> filter_blocks() const;
  // Values of all packed biases, and of the packed weights of one tap.
  int64_t packed_filters() const { return groups * padded_width(filter_blocks()); }
  uint64_t packed_weights_bytes() const;
  uint64_t packed_bias_bytes() const;
};

// The dense layer's window on a map of this shape.
Window2d whole_map_window(const FeatureShape& input);

}  // namespace wattgrind
