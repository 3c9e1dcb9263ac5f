// Direct convolution to few channels, as dot products: a vector holds inputs that follow each other
// in a row of the window, columns and channels, and each output is the sum of its lanes at the end.
// With output channels as lanes (direct_conv.h) a vector is mostly padding where they are few.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/conv/direct_conv.h"

namespace wattgrind {

// Vector instructions that an image takes; none where there are groups, outputs are many, the taps
// of a row lie apart, or the rows of the window do not divide into vectors of kLeastDotLanes and
// more.
std::optional<int64_t> dot_conv_cost(const DirectConv& conv, Isa isa);

// Weights lie as [output][row][column][input channel], padding channels among them; a row of the
// window takes so many bytes.
int64_t dot_weights_row_bytes(const DirectConv& conv);

// `conv.weights` are laid out as above, with zeros for padding channels. Padding channels of the
// output are not written.
void emit_dot_conv(NestBuilder& nest, const DirectConv& conv);

}  // namespace wattgrind
