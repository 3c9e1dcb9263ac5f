#include "kernels/gradients/backward.h"
#include "kernels/parts/elementwise.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Clip& clip, const BackwardContext& context) {
  return lower_elementwise_backward(
      "clip_backward", context, {},
      [&](NestBuilder& nest, int lanes, const auto& y, const auto& dy) {
        const Register zero = nest.constant(lanes, 0);
        const Register low = nest.constant(lanes, static_cast<float>(clip.low));
        const Register high = nest.constant(lanes, static_cast<float>(clip.high));
        const Register output = y();
        const Register above = nest.apply(Opcode::kSelectGt, output, low, dy(), zero);
        return nest.apply(Opcode::kSelectGt, high, output, above, zero);
      });
}

}  // namespace wattgrind
