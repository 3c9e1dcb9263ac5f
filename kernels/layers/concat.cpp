#include "estimator/network/map_axes.h"
#include "kernels/layers/lowering.h"
#include "kernels/parts/strided_copy.h"

namespace wattgrind {

// Images are put together row by row, so that no line of the output is written in two passes; along
// the height each input is a piece of the output by itself.
LoopNest lower(const Concat& concat, const LayerContext& context) {
  const MapLayout& out = context.output;
  NestBuilder nest("concat", context.isa);
  std::vector<Address> inputs;
  const auto is_there = [&](size_t i) {
    return !context.is_in_output.empty() && context.is_in_output[i];
  };
  for (size_t i = 0; i < context.inputs.size(); ++i) {
    if (is_there(i)) {
      inputs.emplace_back();
      continue;
    }
    inputs.push_back(nest.buffer(Operand::kInput, TensorRole::kInput,
                                 context.inputs[i].bytes(context.batch), static_cast<uint32_t>(i)));
  }
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  const int64_t rows = concat.axis == MapAxis::kHeight ? 1 : out.shape.height;
  nest.loop("image", context.batch, [&](LoopVariable n) {
    nest.loop("row", rows, [&](LoopVariable y) {
      const auto at = [&](const Address& map, const MapLayout& layout) {
        return stepped(stepped(moved(map, layout.pixel_bytes(0, 0)), n, layout.image_bytes()), y,
                       layout.row_bytes());
      };
      Address to = at(output, out);
      for (size_t i = 0; i < inputs.size(); ++i) {
        const MapLayout& in = context.inputs[i];
        if (!is_there(i)) {
          FeatureShape part = in.shape;
          part.height /= rows;
          emit_copy(nest, at(inputs[i], in), to, map_dimensions(part, in, out));
        }
        to = moved(to, extent(in.shape, concat.axis) * out.axis_bytes(concat.axis));
      }
    });
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
