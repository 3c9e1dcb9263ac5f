// How a product of bytes reads its input: in runs of bytes that lie side by side there, four at a
// time. A run is a pixel's channels or, where the taps of a kernel's row touch and that takes no
// more steps, all of them. Behind the last byte of a run weights are zero, as they are for padding
// channels, so that what stands there does not count.
#pragma once

#include <cstdint>
#include <span>

#include "estimator/base/isa.h"
#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"
#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {

// The bytes that a lane of a register holds.
inline constexpr int64_t kLaneBytes = 4;

struct ByteReduction {
  int64_t rows = 1;       // of the kernel; each has its runs
  int64_t runs = 1;       // of a row
  int64_t run_bytes = 1;  // of a run
  // From the first byte of a row's or run's input to that of the next.
  int64_t row_step_bytes = 0, run_step_bytes = 0;
  int64_t pixels = 1;       // of a run
  int64_t pixel_bytes = 0;  // from one to the next
  int64_t channels = 1;     // of a pixel

  int64_t run_lanes() const { return (run_bytes + kLaneBytes - 1) / kLaneBytes; }
  int64_t lanes() const { return rows * runs * run_lanes(); }
};

// `layer` is a convolution or a dense layer on bytes, `input` its input's layout.
ByteReduction byte_reduction(const Conv2d& conv, const MapLayout& input);
ByteReduction byte_reduction(const Dense& dense, const MapLayout& input);

// How output channels become columns of a product: of one group's.
std::vector<ColumnBlock> byte_blocks(const Conv2d& conv, Isa isa);
std::vector<ColumnBlock> byte_blocks(const Dense& dense, Isa isa);

// What a layer's kernel reads besides its input.
struct BytePackedSizes {
  uint64_t weights = 0;   // bytes
  uint64_t channels = 0;  // biases, and scales
};
BytePackedSizes byte_packed_sizes(const Layer& layer, const MapLayout& input, Isa isa);

// Packs the parameters of a convolution or dense layer on bytes. Weights become
// [group][block][row][run][lane of the run][column][byte of the lane] or, of a depthwise
// convolution, [row][column][channel]; biases 32-bit integers less what the input's zero point adds
// to the sums; scales what sums are multiplied by.
void pack_bytes(const Layer& layer, const MapLayout& input, Isa isa,
                const LayerParameters& parameters, std::span<int8_t> weights,
                std::span<int32_t> bias, std::span<float> scales);

}  // namespace wattgrind
