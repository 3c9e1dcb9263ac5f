// Direct convolution of one image to few channels, with the pixels of a row as lanes: a vector
// holds sums of one output channel by neighbouring pixels, and every tap multiplies as many inputs
// by its weight, broadcast.
//
// With output channels as lanes (direct_conv.h) a vector is mostly padding where they are few.
// Maps hold a pixel's channels side by side, so that rows of one channel are first copied to planes
// of scratch memory, and sums from there to the output: values one by one, which windows of many
// taps make up for.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/conv/direct_conv.h"

namespace wattgrind {

// What the convolution needs besides a DirectConv, whose `weights` is here the address of the first
// output's weight of the first tap.
struct PlanarOperands {
  // How far the weights of one output, input channel, row or column lie from the next one's.
  int64_t output_bytes = 0, input_bytes = 0, row_bytes = 0, column_bytes = 0;
  Address input_planes, output_planes;  // scratch memory
};

// Vector instructions that an image takes, where copying a value is a load and a store; none where
// the instruction set's vectors are short, there are groups or many outputs, or neighbouring
// outputs do not read neighbouring inputs.
std::optional<int64_t> planar_conv_cost(const DirectConv& conv, Isa isa);

struct PlanesBytes {
  uint64_t input = 0, output = 0;

  uint64_t total() const { return input + output; }
};
PlanesBytes planar_conv_scratch(const DirectConv& conv, Isa isa);

// Padding channels of the output are not written.
void emit_planar_conv(NestBuilder& nest, const DirectConv& conv, const PlanarOperands& operands);

}  // namespace wattgrind
