#include "kernels/layers/lowering.h"
#include "kernels/parts/axis_groups.h"
#include "kernels/parts/grouped_softmax.h"

namespace wattgrind {

LoopNest lower(const Softmax& softmax, const LayerContext& context) {
  NestBuilder nest(softmax.log ? "log_softmax" : "softmax", context.isa);
  AxisGroups groups(nest, context.batch, context.input().shape, softmax.axes);
  GroupedSoftmax maps;
  maps.input.layout = context.input();
  maps.output.layout = context.output;
  maps.log = softmax.log;
  const auto buffer = [&](Operand operand, TensorRole role, const MapLayout& layout) {
    return nest.buffer(operand, role, layout.bytes(context.batch));
  };
  if (context.in_place) {
    maps.input.first = maps.output.first =
        buffer(Operand::kMap, TensorRole::kOutput, context.input());
  } else {
    maps.input.first = buffer(Operand::kInput, TensorRole::kInput, context.input());
    maps.output.first = buffer(Operand::kOutput, TensorRole::kOutput, context.output);
  }
  emit_softmax(nest, groups, maps);
  return std::move(nest).finish();
}

}  // namespace wattgrind
