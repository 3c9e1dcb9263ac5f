// Convolution by tiles: a tile of t x t inputs is transformed, multiplied value by value with the
// transformed filter, and transformed back to m x m outputs, m = t - r + 1 for a kernel of r taps.
//
//   Winograd F(m x m, 3 x 3)   t * t real values; t = 4 for m = 2, t = 6 for m = 4
//   FFT of t x t               t * (t / 2 + 1) complex values; the others are their conjugates
//
// Summed over channels, each of a tile's transformed values is one product of matrices: tiles by
// channels times channels by filters. A complex one is a real product of twice as many channels
// and filters: [re, im] times [re', im'; -im', re'].
// Sources: Winograd, Arithmetic Complexity of Computations, 1980; Lavin and Gray, Fast Algorithms
// for Convolutional Neural Networks, CVPR 2016; Mathieu, Henaff and LeCun, Fast Training of
// Convolutional Networks through FFTs, ICLR 2014.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {

// How a convolution's weights are packed: as they are, or transformed for tiles.
enum class WeightForm : uint8_t { kTaps, kWinograd2, kWinograd4, kFft8, kFft16 };

struct TileForm {
  int64_t extent = 0;  // t
  int64_t values = 0;  // transformed values
  int64_t parts = 1;   // real numbers of each
};

// Of a form that is not kTaps.
TileForm tile_form(WeightForm form);

// The outputs along a side of a tile for kernels of this many taps: m. Below 1 where there are
// none.
int64_t tile_outputs(WeightForm form, int64_t taps);

// Transforms a filter of one channel, [rows][columns] of weights, to [value][part], by the sums
// of the definition in double precision. An FFT's filter is conjugated, which makes a correlation
// of the convolution, and divided by t * t, which the way back leaves out. Winograd's filters have
// 3 x 3 taps.
void transform_filter(WeightForm form, int64_t rows, int64_t columns,
                      std::span<const double> weights, std::span<double> transformed);

// The products of a convolution's groups, alike for each transformed value: tiles by channels times
// channels by filters, all parts counted.
struct TileProducts {
  int64_t groups = 1;
  int64_t channels = 0;             // of a group: [part][channel]
  int64_t part_filters = 0;         // from one part of a group's filters to the next
  std::vector<ColumnBlock> blocks;  // of a group's filters, [part][filter]

  int64_t width() const { return padded_width(blocks); }
  int64_t weights() const { return groups * channels * width(); }  // of a transformed value
};
TileProducts tile_products(WeightForm form, int64_t groups, int64_t group_channels,
                           int64_t group_filters, Isa isa);

// Packs weights for tiles: [value][group][block][channel][lane].
void pack_tiled_weights(WeightForm form, const Conv2d& conv, int64_t channels, Isa isa,
                        std::span<const float> logical, std::span<float> packed);

}  // namespace wattgrind
