// The algorithms of a convolution's and a dense layer's way forward, a file each.
#pragma once

#include <array>
#include <span>

#include "kernels/conv/conv_algorithm.h"

namespace wattgrind {

// Convolutions.
AlgorithmEntry direct_forward();
AlgorithmEntry planar_forward();
AlgorithmEntry im2col_forward();
AlgorithmEntry pointwise_forward();
AlgorithmEntry trimmed_forward();
std::array<AlgorithmEntry, 4> tiled_forward();
// Dense layers.
AlgorithmEntry dense_forward();
AlgorithmEntry dense_dots_forward();

// The table of them all.
std::span<const AlgorithmEntry> forward_algorithms();

// The chooser of ConvKind::kForward.
AlgorithmChoice choose_forward_algorithm(const ConvProblem& problem);

}  // namespace wattgrind
