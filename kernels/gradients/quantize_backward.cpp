#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Quantize&, const BackwardContext&) {
  CHECK(false, "quantize is untrainable (untrainable.h)");
}

LoopNest lower_data_gradient(const Dequantize&, const BackwardContext&) {
  CHECK(false, "dequantize is untrainable (untrainable.h)");
}

}  // namespace wattgrind
