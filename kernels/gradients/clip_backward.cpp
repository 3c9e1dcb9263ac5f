#include "kernels/gradients/backward.h"
#include "kernels/parts/map_loops.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Clip& clip, const BackwardContext& context) {
  NestBuilder nest("clip_backward", context.isa);
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, context.output.bytes(context.batch));
  const Address gradient = nest.buffer(Operand::kGradient, TensorRole::kGradient,
                                       context.output_gradient.bytes(context.batch));
  for_each_vector(nest, context.batch, {context.output, context.output_gradient},
                  [&](const MapVector& at) {
                    const Address place = at.in(gradient, context.output_gradient);
                    const Register zero = nest.constant(at.lanes, 0);
                    const Register low = nest.constant(at.lanes, static_cast<float>(clip.low));
                    const Register high = nest.constant(at.lanes, static_cast<float>(clip.high));
                    const Register y = nest.load(at.lanes, at.in(output, context.output));
                    const Register dy = nest.load(at.lanes, place);
                    const Register above = nest.apply(Opcode::kSelectGt, y, low, dy, zero);
                    nest.store(nest.apply(Opcode::kSelectGt, high, y, above, zero), place);
                  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
