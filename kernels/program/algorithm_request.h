// Which algorithms the convolutions of a network are to take, where that is not left to the
// instruction set (kernels/conv/conv_algorithm.h).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/conv/conv_algorithm.h"

namespace wattgrind {

// Of several algorithms the cheapest by its count of instructions is taken.
struct AlgorithmWish {
  std::vector<ConvAlgorithm> algorithms;
  std::string why = "asked for";
};

struct AlgorithmRequest {
  std::vector<ConvAlgorithm> everywhere = {};  // where one of them applies
  std::map<std::string, AlgorithmWish> layers =
      {};  // by the name of a layer of the network as read

  bool empty() const { return everywhere.empty() && layers.empty(); }
};

// "winograd4", "conv2=winograd4", "direct,conv2=fft": an algorithm for all convolutions, algorithms
// for single layers, or both. "fft" is that of the better tile. Throws Error(kUsage) for a word
// that is neither.
AlgorithmRequest algorithm_request(std::string_view words);

// A layer's name in the network as read.
const std::string& own_name(const Layer& layer);

// Applies the request to what the instruction set chose for a layer. Throws Error(kUsage) where an
// algorithm that was asked for of this layer does not apply to it.
AlgorithmChoice requested(AlgorithmChoice choice, const AlgorithmRequest& request,
                          const std::string& layer);

}  // namespace wattgrind
