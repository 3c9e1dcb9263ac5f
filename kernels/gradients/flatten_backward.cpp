#include "kernels/gradients/backward.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Flatten&, const BackwardContext& context) {
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  const FeatureShape& shape = in.shape;
  NestBuilder nest("flatten_backward", context.isa);
  const Address output_gradient =
      nest.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context.batch));
  const Address input_gradient =
      nest.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context.batch));
  nest.loop("image", context.batch, [&](LoopVariable n) {
    nest.loop("channel", shape.channels, [&](LoopVariable c) {
      nest.loop("row", shape.height, [&](LoopVariable y) {
        nest.loop("column", shape.width, [&](LoopVariable x) {
          Address from =
              stepped(moved(output_gradient, out.pixel_bytes(0, 0)), n, out.image_bytes());
          from = stepped(from, c, shape.height * shape.width * kFloatBytes);
          from = stepped(stepped(from, y, shape.width * kFloatBytes), x, kFloatBytes);
          Address to = stepped(moved(input_gradient, in.pixel_bytes(0, 0)), n, in.image_bytes());
          to = stepped(stepped(stepped(to, c, kFloatBytes), y, in.row_bytes()), x,
                       in.channel_bytes());
          nest.store(nest.load(1, from), to);
        });
      });
    });
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
