#include "kernels/conv/forward_algorithms.h"

#include <array>

namespace wattgrind {

std::span<const AlgorithmEntry> forward_algorithms() {
  static const std::array entries = {direct_forward(), planar_forward(), dense_forward(),
                                     dense_dots_forward()};
  return entries;
}

AlgorithmChoice choose_forward_algorithm(const ConvProblem& problem) {
  return choose_algorithm(forward_algorithms(), problem);
}

}  // namespace wattgrind
