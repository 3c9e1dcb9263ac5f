#include "kernels/layers/lowering.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

LoopNest lower(const Flatten&, const LayerContext& context) {
  const MapLayout& in = context.input();
  const FeatureShape& shape = in.shape;
  NestBuilder nest("flatten", context.isa);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, context.output.bytes(context.batch));
  nest.loop("image", context.batch, [&](LoopVariable n) {
    nest.loop("channel", shape.channels, [&](LoopVariable c) {
      nest.loop("row", shape.height, [&](LoopVariable y) {
        nest.loop("column", shape.width, [&](LoopVariable x) {
          Address from = stepped(moved(input, in.pixel_bytes(0, 0)), n, in.image_bytes());
          from = stepped(stepped(stepped(from, c, kFloatBytes), y, in.row_bytes()), x,
                         in.channel_bytes());
          Address to = stepped(output, n, context.output.image_bytes());
          to = stepped(to, c, shape.height * shape.width * kFloatBytes);
          to = stepped(stepped(to, y, shape.width * kFloatBytes), x, kFloatBytes);
          nest.store(nest.load(1, from), to);
        });
      });
    });
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
