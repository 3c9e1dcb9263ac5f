#include "kernels/gradients/backward.h"
#include "kernels/gradients/untrainable.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Normalization&, const BackwardContext&) {
  fail_untrainable("normalization");
}

}  // namespace wattgrind
