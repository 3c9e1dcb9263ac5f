#include "kernels/layers/lowering.h"
#include "kernels/parts/elementwise.h"

namespace wattgrind {

LoopNest lower(const Relu&, const LayerContext& context) {
  return lower_elementwise("relu", context, true, [](NestBuilder& nest, int lanes, const auto& x) {
    const Register zero = nest.constant(lanes, 0);
    return nest.apply(Opcode::kMax, x(), zero);
  });
}

}  // namespace wattgrind
