#include "kernels/parts/masking.h"

#include <utility>

#include "kernels/parts/map_loops.h"

namespace wattgrind {

LoopNest lower_masking(std::string name, const MaskedMap& source, const MaskedMap& target,
                       const MapLayout& mask_layout, Isa isa, int64_t batch) {
  NestBuilder nest(std::move(name), isa);
  const Address from = nest.buffer(source.operand, source.role, source.layout.bytes(batch));
  const Address mask = nest.buffer(Operand::kMask, TensorRole::kScratch, mask_layout.bytes(batch));
  const Address to = nest.buffer(target.operand, target.role, target.layout.bytes(batch));
  for_each_vector(nest, batch, {source.layout, target.layout, mask_layout},
                  [&](const MapVector& at) {
                    const Register value = nest.load(at.lanes, at.in(from, source.layout));
                    const Register factor = nest.load(at.lanes, at.in(mask, mask_layout));
                    nest.store(nest.apply(Opcode::kMul, value, factor), at.in(to, target.layout));
                  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
