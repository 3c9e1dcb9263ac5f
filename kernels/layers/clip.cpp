#include "kernels/layers/lowering.h"
#include "kernels/parts/elementwise.h"

namespace wattgrind {

LoopNest lower(const Clip& clip, const LayerContext& context) {
  const bool keeps_zero = clip.low <= 0 && clip.high >= 0;
  return lower_elementwise(
      "clip", context, keeps_zero, [&](NestBuilder& nest, int lanes, const auto& x) {
        const Register low = nest.constant(lanes, static_cast<float>(clip.low));
        const Register high = nest.constant(lanes, static_cast<float>(clip.high));
        return nest.apply(Opcode::kMin, nest.apply(Opcode::kMax, x(), low), high);
      });
}

}  // namespace wattgrind
