// Convolutions and dense layers that every algorithm is run on.
#pragma once

#include <functional>
#include <vector>

#include "kernels/conv/conv_algorithm.h"
#include "tests/kernels/layer_case.h"

namespace wattgrind {

// Few channels and many, windows of one tap and of many, strides, groups, uneven padding, padded
// channels and halos; dense layers of few units and many, of one image and many.
std::vector<LayerCase> conv_cases();

uint64_t scratch_bytes_of(const LoopNest& nest);

// Whether the algorithm applies to one of the cases on any instruction set.
bool applies_to_some_case(const AlgorithmEntry& entry,
                          const std::function<ConvProblem(const LayerCase&, Isa)>& problem);

}  // namespace wattgrind
