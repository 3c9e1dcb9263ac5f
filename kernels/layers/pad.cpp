#include "kernels/layers/lowering.h"
#include "kernels/parts/pad_boxes.h"

namespace wattgrind {

LoopNest lower(const Pad& pad, const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  NestBuilder nest("pad", context.isa);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  for_each_image(nest, context.batch, input, in, output, out,
                 [&](const Address& from, const Address& to) {
                   for (const PadBox& box : pad_boxes(pad, in.shape)) {
                     const Address first = moved(to, place_bytes(box.first, out));
                     if (box.is_constant) {
                       emit_fill(nest, static_cast<float>(pad.value), first,
                                 map_dimensions(box.shape, out, out));
                     } else {
                       emit_copy(nest, moved(from, place_bytes(box.source, in)), first,
                                 box_dimensions(box, in, out));
                     }
                   }
                 });
  return std::move(nest).finish();
}

}  // namespace wattgrind
