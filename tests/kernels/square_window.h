// A window as most tests want it: square, with the same stride and padding on all sides.
#pragma once

#include "estimator/network/network.h"

namespace wattgrind {

inline Window2d window(int64_t kernel, int64_t stride, int64_t pad) {
  return {kernel, kernel, stride, stride, pad, pad, pad, pad};
}

}  // namespace wattgrind
