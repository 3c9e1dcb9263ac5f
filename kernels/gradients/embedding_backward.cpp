#include "kernels/gradients/backward.h"
#include "kernels/gradients/untrainable.h"

namespace wattgrind {

// Tokens that look up the same row add to the same gradient, at addresses that depend on data.
LoopNest lower_data_gradient(const Embedding&, const BackwardContext&) {
  fail_untrainable("embedding");
}

LoopNest lower_weight_gradient(const Embedding&, const BackwardContext&) {
  fail_untrainable("embedding");
}

}  // namespace wattgrind
