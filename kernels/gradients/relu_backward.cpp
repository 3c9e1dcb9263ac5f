#include "kernels/gradients/backward.h"
#include "kernels/parts/elementwise.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Relu&, const BackwardContext& context) {
  return lower_elementwise_backward(
      "relu_backward", context, {},
      [](NestBuilder& nest, int lanes, const auto& y, const auto& dy) {
        const Register zero = nest.constant(lanes, 0);
        const Register output = y();
        return nest.apply(Opcode::kSelectGt, output, zero, dy(), zero);
      });
}

}  // namespace wattgrind
