#include "kernels/layers/lowering.h"
#include "kernels/parts/map_loops.h"

namespace wattgrind {

LoopNest lower(const Clip& clip, const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  NestBuilder nest("clip", context.isa);
  Address from, to;
  if (context.in_place) {
    from = to = nest.buffer(Operand::kMap, TensorRole::kOutput, in.bytes(context.batch));
  } else {
    from = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
    to = nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  }
  for_each_vector(nest, context.batch, {in, out}, [&](const MapVector& at) {
    const Register low = nest.constant(at.lanes, static_cast<float>(clip.low));
    const Register high = nest.constant(at.lanes, static_cast<float>(clip.high));
    const Register value = nest.load(at.lanes, at.in(from, in));
    const Register raised = nest.apply(Opcode::kMax, value, low);
    nest.store(nest.apply(Opcode::kMin, raised, high), at.in(to, out));
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
