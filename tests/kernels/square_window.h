// Windows and convolutions as most tests want them: square, with the same stride and padding on all
// sides.
#pragma once

#include "estimator/network/network.h"

namespace wattgrind {

inline Window2d window(int64_t kernel, int64_t stride, int64_t pad) {
  return {kernel, kernel, stride, stride, pad, pad, pad, pad};
}

// A convolution that keeps its map's extent.
inline Conv2d same_conv(int64_t filters, int64_t kernel, int64_t groups = 1) {
  return {filters, window(kernel, 1, kernel / 2), groups};
}

}  // namespace wattgrind
