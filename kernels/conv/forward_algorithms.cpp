#include "kernels/conv/forward_algorithms.h"

#include <vector>

namespace wattgrind {

std::span<const AlgorithmEntry> forward_algorithms() {
  static const std::vector<AlgorithmEntry> entries = [] {
    std::vector<AlgorithmEntry> all = {direct_forward(),     planar_forward(),  dense_forward(),
                                       dense_dots_forward(), trimmed_forward(), im2col_forward(),
                                       pointwise_forward()};
    const auto tiled = tiled_forward();
    all.insert(all.end(), tiled.begin(), tiled.end());
    return all;
  }();
  return entries;
}

AlgorithmChoice choose_forward_algorithm(const ConvProblem& problem) {
  return choose_algorithm(forward_algorithms(), problem);
}

}  // namespace wattgrind
