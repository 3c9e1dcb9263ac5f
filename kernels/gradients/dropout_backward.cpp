#include "kernels/gradients/backward.h"
#include "kernels/parts/masking.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Dropout&, const BackwardContext& context) {
  return lower_masking("dropout_backward",
                       {Operand::kOutputGradient, TensorRole::kGradient, context.output_gradient},
                       {Operand::kInputGradient, TensorRole::kGradient, context.input_gradient},
                       context.output, context.isa, context.batch);
}

}  // namespace wattgrind
