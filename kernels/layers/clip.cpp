#include "kernels/layers/lowering.h"
#include "kernels/parts/elementwise.h"

namespace wattgrind {

LoopNest lower(const Clip& clip, const LayerContext& context) {
  return lower_elementwise("clip", context, [&](NestBuilder& nest, int lanes, const auto& x) {
    const Register low = nest.constant(lanes, static_cast<float>(clip.low));
    const Register high = nest.constant(lanes, static_cast<float>(clip.high));
    return nest.apply(Opcode::kMin, nest.apply(Opcode::kMax, x(), low), high);
  });
}

}  // namespace wattgrind
