// The algorithms of a convolution's and a dense layer's gradients, a file each.
#pragma once

#include <span>

#include "kernels/conv/conv_algorithm.h"

namespace wattgrind {

// Data gradients of convolutions.
AlgorithmEntry direct_data_gradient();
AlgorithmEntry dots_data_gradient();
AlgorithmEntry planar_data_gradient();
// Data gradients of dense layers.
AlgorithmEntry dense_data_gradient();
AlgorithmEntry dense_dots_data_gradient();
// Weight gradients of both.
AlgorithmEntry direct_weight_gradient();
AlgorithmEntry tap_columns_weight_gradient();
AlgorithmEntry tap_columns_weight_gradient_of_vectors();  // where an image is a single pixel
AlgorithmEntry planar_weight_gradient();

// The tables of them all.
std::span<const AlgorithmEntry> data_gradient_algorithms();
std::span<const AlgorithmEntry> weight_gradient_algorithms();

// The choosers of ConvKind::kDataGradient and ConvKind::kWeightGradient.
AlgorithmChoice choose_data_gradient_algorithm(const ConvProblem& problem);
AlgorithmChoice choose_weight_gradient_algorithm(const ConvProblem& problem);

}  // namespace wattgrind
