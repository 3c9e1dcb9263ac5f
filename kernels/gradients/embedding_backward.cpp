#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Embedding&, const BackwardContext&) {
  CHECK(false, "embedding is untrainable (untrainable.h)");
}

}  // namespace wattgrind
