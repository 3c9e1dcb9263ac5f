#include "kernels/layers/lowering.h"
#include "kernels/parts/map_loops.h"

namespace wattgrind {

LoopNest lower(const Relu&, const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  NestBuilder nest("relu", context.isa);
  Address from, to;
  if (context.in_place) {
    from = to = nest.buffer(Operand::kMap, TensorRole::kOutput, in.bytes(context.batch));
  } else {
    from = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
    to = nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  }
  for_each_vector(nest, context.batch, {in, out}, [&](const MapVector& at) {
    const Register zero = nest.constant(at.lanes, 0);
    const Register value = nest.load(at.lanes, at.in(from, in));
    nest.store(nest.apply(Opcode::kMax, value, zero), at.in(to, out));
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
