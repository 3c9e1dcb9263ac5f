#include "kernels/layers/lowering.h"
#include "kernels/parts/masking.h"

namespace wattgrind {

LoopNest lower(const Dropout&, const LayerContext& context) {
  return lower_masking("dropout", {Operand::kInput, TensorRole::kInput, context.input()},
                       {Operand::kOutput, TensorRole::kOutput, context.output}, context.output,
                       context.isa, context.batch);
}

}  // namespace wattgrind
