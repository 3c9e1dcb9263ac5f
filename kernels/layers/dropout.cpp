#include "kernels/layers/lowering.h"
#include "kernels/parts/masking.h"

namespace wattgrind {

LoopNest lower_dropout(const LayerContext& context) {
  return lower_masking("dropout", {"input", TensorRole::kInput, context.input},
                       {"output", TensorRole::kOutput, context.output}, context.output, context.isa,
                       context.batch);
}

}  // namespace wattgrind
