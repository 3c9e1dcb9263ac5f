#include "kernels/gradients/backward.h"
#include "kernels/parts/pad_boxes.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Pad& pad, const BackwardContext& context) {
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  NestBuilder nest("pad_backward", context.isa);
  const Address output_gradient =
      nest.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context.batch));
  const Address input_gradient =
      nest.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context.batch));
  for_each_image(nest, context.batch, output_gradient, out, input_gradient, in,
                 [&](const Address& from, const Address& to) {
                   bool is_first =
                       true;  // which holds the whole input, so that the others can add to it
                   for (const PadBox& box : pad_boxes(pad, in.shape)) {
                     if (box.is_constant) continue;
                     std::vector<CopyDimension> dimensions = box_dimensions(box, in, out);
                     for (CopyDimension& d : dimensions) std::swap(d.from_bytes, d.to_bytes);
                     (is_first ? emit_copy : emit_addition)(
                         nest, moved(from, place_bytes(box.first, out)),
                         moved(to, place_bytes(box.source, in)), dimensions);
                     is_first = false;
                   }
                 });
  return std::move(nest).finish();
}

}  // namespace wattgrind
