#include "estimator/network/map_axes.h"
#include "kernels/gradients/backward.h"
#include "kernels/parts/strided_copy.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Concat& concat, const BackwardContext& context) {
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  NestBuilder nest("concat_backward", context.isa);
  const Address output_gradient =
      nest.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context.batch));
  const Address input_gradient =
      nest.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context.batch));
  int64_t before = 0;  // of the inputs in front, along the axis
  for (size_t i = 0; i < context.input_index; ++i) {
    before += extent(context.inputs[i].shape, concat.axis);
  }
  for_each_image(
      nest, context.batch, output_gradient, out, input_gradient, in,
      [&](const Address& from, const Address& to) {
        emit_copy(nest, moved(from, out.pixel_bytes(0, 0) + before * out.axis_bytes(concat.axis)),
                  moved(to, in.pixel_bytes(0, 0)), map_dimensions(in.shape, out, in));
      });
  return std::move(nest).finish();
}

}  // namespace wattgrind
