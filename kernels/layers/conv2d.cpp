#include <algorithm>

#include "estimator/base/error.h"
#include "kernels/conv/direct_conv.h"
#include "kernels/conv/planar_conv.h"
#include "kernels/layers/lowering.h"

namespace wattgrind {
namespace {

// Of packed weights, whose filters are one block.
PlanarOperands planar_operands(NestBuilder& nest, const DirectConv& conv) {
  CHECK(conv.blocks.size() == 1, "{} blocks of filters", conv.blocks.size());
  PlanarOperands operands;
  operands.output_bytes = kFloatBytes;
  operands.input_bytes = conv.blocks[0].width() * kFloatBytes;
  operands.column_bytes = conv.group_inputs * operands.input_bytes;
  operands.row_bytes = conv.kernel_width * operands.column_bytes;
  const PlanesBytes bytes = planar_conv_scratch(conv, nest.isa());
  operands.input_planes = nest.buffer(Operand::kInputPlanes, TensorRole::kScratch, bytes.input);
  operands.output_planes = nest.buffer(Operand::kOutputPlanes, TensorRole::kScratch, bytes.output);
  return operands;
}

}  // namespace

LoopNest lower(const Conv2d& conv, const LayerContext& context) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    return lower_depthwise_conv2d(conv, context);
  }
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  const Window2d& window = conv.window;
  NestBuilder nest("conv2d", context.isa);
  DirectConv direct;
  direct.groups = conv.groups;
  direct.group_inputs = in.shape.channels / conv.groups;
  direct.group_outputs = conv.filters / conv.groups;
  direct.kernel_height = window.kernel_height;
  direct.kernel_width = window.kernel_width;
  direct.rows = out.shape.height;
  direct.columns = out.shape.width;
  direct.input = in;
  direct.output = out;
  direct.input_row_step = window.stride_height;
  direct.input_column_step = window.stride_width;
  direct.blocks = column_blocks(direct.group_outputs, context.isa,
                                conv.groups == 1 ? Surplus::kPad : Surplus::kExact);
  const auto width_bytes =
      static_cast<uint64_t>(conv.groups * padded_width(direct.blocks) * kFloatBytes);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
  direct.weights = nest.buffer(Operand::kWeights, TensorRole::kWeights,
                               static_cast<uint64_t>(direct.taps()) * width_bytes);
  direct.bias = nest.buffer(Operand::kBias, TensorRole::kBias, width_bytes);
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  const auto planar_cost = planar_conv_cost(direct, context.isa);
  const bool is_planar = planar_cost && is_worth_copies(*planar_cost, direct, context.isa);
  const PlanarOperands planar = is_planar ? planar_operands(nest, direct) : PlanarOperands();
  nest.loop("image", context.batch, [&](LoopVariable n) {
    direct.input_values = stepped(moved(input, in.pixel_bytes(-window.pad_top, -window.pad_left)),
                                  n, in.image_bytes());
    direct.output_values = stepped(moved(output, out.pixel_bytes(0, 0)), n, out.image_bytes());
    if (is_planar) {
      emit_planar_conv(nest, direct, planar);
    } else {
      emit_direct_conv(nest, direct);
    }
  });
  return std::move(nest).finish();
}

Halo required_halo(const Conv2d& conv, const FeatureShape& input, const FeatureShape& output) {
  const Window2d& window = conv.window;
  const auto beyond = [](int64_t outputs, int64_t stride, int64_t kernel, int64_t pad,
                         int64_t extent) {
    return std::max<int64_t>(0, (outputs - 1) * stride + kernel - pad - extent);
  };
  return {
      window.pad_top, window.pad_left,
      beyond(output.height, window.stride_height, window.kernel_height, window.pad_top,
             input.height),
      beyond(output.width, window.stride_width, window.kernel_width, window.pad_left, input.width)};
}

}  // namespace wattgrind
