#include "kernels/gradients/backward.h"
#include "kernels/parts/map_loops.h"

namespace wattgrind {

LoopNest lower_gradient_sum(const MapLayout& layout, Isa isa, int64_t batch) {
  NestBuilder nest("gradient_sum", isa);
  const uint64_t bytes = layout.bytes(batch);
  const Address total = nest.buffer(Operand::kGradient, TensorRole::kGradient, bytes);
  const Address part = nest.buffer(Operand::kInputGradient, TensorRole::kGradient, bytes);
  for_each_vector(nest, batch, {layout}, [&](const MapVector& at) {
    const Address place = at.in(total, layout);
    const Register sum = nest.load(at.lanes, place);
    nest.store(nest.apply(Opcode::kAdd, sum, nest.load(at.lanes, at.in(part, layout))), place);
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
