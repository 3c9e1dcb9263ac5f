// Direct convolution to few channels, as dot products: a vector holds inputs that follow each other
// in a row of the window, columns and channels, and each output is the sum of its lanes at the end.
// With output channels as lanes (direct_conv.h) a vector is mostly padding where they are few.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/conv/direct_conv.h"

namespace wattgrind {

// Vector instructions an image; none where outputs are many, or the rows of the window divide into
// no vectors of four lanes and more.
std::optional<int64_t> dot_conv_cost(const DirectConv& conv, Isa isa);

// Of weights as [output][row][column][input channel], padding channels among them.
int64_t dot_weights_row_bytes(const DirectConv& conv);

// `conv.weights` are laid out as above, with zeros for padding channels. Padding channels of the
// output are not written.
void emit_dot_conv(NestBuilder& nest, const DirectConv& conv);

}  // namespace wattgrind
