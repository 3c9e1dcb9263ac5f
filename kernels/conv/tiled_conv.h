// A convolution by tiles of one way to transform them (kernels/layout/tile_form.h): the products
// behind Winograd's and the FFT's algorithm.
//
// The output is covered by tiles of m x m; where m does not divide its extent the last tile moves
// back so far that it ends with it, and computes some outputs again. Tiles are taken in blocks
// whose transformed values stay in L2 if that is worth reading the weights again for each:
//
//   block of tiles | inputs to values | for each value: tiles x channels x filters | values to
//   outputs
#pragma once

#include <cstdint>

#include "kernels/conv/conv_problem.h"
#include "kernels/layout/tile_form.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// An FFT's tiles are for kernels of as many taps along a side: smaller ones take fewer products
// directly or by Winograd's algorithm.
inline constexpr int64_t kLeastFftTaps = 5;

// Whether tiles cover the problem: no stride or dilation, a kernel of 3 x 3 for Winograd's, one
// that leaves outputs for an FFT, and an output at least as large as a tile's.
bool has_tiles(const ConvProblem& problem, WeightForm form);

// As in AlgorithmEntry.
double tiled_conv_cost(const ConvProblem& problem, WeightForm form);
uint64_t tiled_conv_scratch(const ConvProblem& problem, WeightForm form);
void emit_tiled_conv(NestBuilder& nest, const ConvProblem& problem, WeightForm form);

}  // namespace wattgrind
