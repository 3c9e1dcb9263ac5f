// Direct convolution without the taps that lie on padding.
//
// Direct sums multiply the zeros of the halo: of a map of 14 x 14 pixels and a kernel of 3 x 3
// every tenth product. Here each output's sum takes the taps on the map alone, in rows
//
//     row 0        kernel rows 1, 2         pixel 0        kernel columns 1, 2
//     rows 1..12   kernel rows 0, 1, 2      pixels 1..12   kernel columns 0, 1, 2
//     row 13       kernel rows 0, 1         pixel 13       kernel columns 0, 1
//
// and the pixels of a tile, some of which pause where their tap is on padding. A block's weights
// stream from L2: as they pass a whole tile of pixels, sums need not move to memory and back for a
// chunk of weights that stays in L1.
#pragma once

#include <optional>

#include "kernels/conv/conv_problem.h"
#include "kernels/conv/direct_conv.h"

namespace wattgrind {

// Vector multiply-adds that one group of an image takes, comparable with direct_conv_cost; absent
// where no tap lies on padding, an output has no other, or a group reads one channel only.
std::optional<int64_t> trimmed_conv_cost(const ConvProblem& problem);

// `image` is one image's convolution of the problem (forward_conv.h).
void emit_trimmed_conv(NestBuilder& nest, const ConvProblem& problem, const DirectConv& image);

}  // namespace wattgrind
