// Convolutions and dense layers on bytes: unsigned maps, signed weights of 7 bits (whose pairs of
// products fit 16, so that code without dot products of bytes is exact), 32-bit sums and biases,
// results rounded to bytes.
#pragma once

#include "experiments/kernel_speed/candidate.h"

namespace wattgrind {

// oneDNN's convolution_direct and inner_product on u8 and s8, with layouts of its own choice and a
// scale for all outputs.
KernelImplementation onednn_on_bytes();

KernelImplementation generated_on_bytes();

}  // namespace wattgrind
