#include "kernels/gradients/backward.h"
#include "kernels/gradients/untrainable.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Binary&, const BackwardContext&) { fail_untrainable("binary"); }

}  // namespace wattgrind
