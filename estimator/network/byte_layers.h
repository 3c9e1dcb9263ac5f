// Which kinds of layers compute on maps of bytes, and how (Int8Layer in network.h). With x a number
// of a map, s and z its scale and zero point, and round() to the nearest number, ties to even:
//
//   quantize         round(value / s) + z
//   dequantize       (x - z) s, in single precision
//   conv2d, dense    sum of (x - z) w + bias in 32 bits, where the bias is a whole number too; then
//                    round(sum * (s s_w / s_y)) + z_y with the weights' scale s_w of the channel,
//                    or sum * (s s_w) where the output is of single precision
//   avgpool2d,       round(sum of (x - z) * (s / s_y / how many)) + z_y
//   globalavgpool2d
//   binary           of two maps alike, add alone: round(((a - z_a) s_a + (b - z_b) s_b) / s_y) +
//   z_y relu, clip       round(f((x - z) s) / s_y) + z_y, which keeps x or a bound where scales
//   agree concat           each input's round((x - z) s / s_y) + z_y, or x where scales agree
//   maxpool2d,       the numbers as they are: the output has the scale of the input
//   flatten, reshape  to a vector
//
// Every result is kept within 0 to 255. Padding of a convolution is the zero point.
#pragma once

#include <cstdint>

#include "estimator/network/layer_kind.h"
#include "estimator/network/network.h"

namespace wattgrind {

enum class ByteWork {
  kNone,      // computes in single precision alone
  kProduct,   // sums of products of bytes
  kRescaled,  // results have a scale of their own
  kKept,      // numbers stay what they are
};

ByteWork byte_work(const Operation& operation);

// Checks the layer's `int8` and that its inputs are what it wants: bytes or single precision.
// Throws through `place`.
void check_bytes(const Layer& layer, const LayerPlace& place);

// The operations of single precision, on one image, that converting between numbers and values
// takes: 3 for each number made (a product or quotient, rounding, the zero point's sum), 2 for each
// that becomes a value.
uint64_t conversion_operations(const Layer& layer);

// Whether any layer computes on bytes.
bool has_bytes(const Network& network);

}  // namespace wattgrind
