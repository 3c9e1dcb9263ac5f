#include "kernels/gradients/gradient_algorithms.h"

#include <array>

namespace wattgrind {

std::span<const AlgorithmEntry> data_gradient_algorithms() {
  static const std::array entries = {direct_data_gradient(), dots_data_gradient(),
                                     planar_data_gradient(), dense_data_gradient(),
                                     dense_dots_data_gradient()};
  return entries;
}

std::span<const AlgorithmEntry> weight_gradient_algorithms() {
  static const std::array entries = {direct_weight_gradient(), tap_columns_weight_gradient(),
                                     tap_columns_weight_gradient_of_vectors(),
                                     planar_weight_gradient()};
  return entries;
}

AlgorithmChoice choose_data_gradient_algorithm(const ConvProblem& problem) {
  return choose_algorithm(data_gradient_algorithms(), problem);
}

AlgorithmChoice choose_weight_gradient_algorithm(const ConvProblem& problem) {
  return choose_algorithm(weight_gradient_algorithms(), problem);
}

}  // namespace wattgrind
