#include <optional>

#include "estimator/base/error.h"
#include "kernels/layers/lowering.h"
#include "kernels/parts/axis_groups.h"
#include "kernels/parts/grouped_softmax.h"
#include "kernels/parts/map_product.h"

namespace wattgrind {
namespace {

// What follows a product of attention in its kernel (kernels/program/fusion.h): a factor, then
// softmax over each pixel's channels.
struct AfterProduct {
  std::optional<float> scale;
  bool softmax = false;
};

AfterProduct after_product(const std::vector<FusedLayer>& fused) {
  AfterProduct after;
  for (const FusedLayer& layer : fused) {
    if (const auto* binary = std::get_if<Binary>(&layer.operation)) {
      after.scale = static_cast<float>(binary->scalar.value());
    } else if (std::holds_alternative<Softmax>(layer.operation)) {
      after.softmax = true;
    } else {
      CHECK(std::holds_alternative<Dropout>(layer.operation), "{} behind a product", layer.name);
    }
  }
  return after;
}

void emit_after_product(NestBuilder& nest, const AfterProduct& after, int64_t pixels,
                        const Address& first, const MapLayout& map) {
  const FeatureShape shape{map.shape.channels, 1, pixels};
  const MapLayout rows{shape, map.channel_pitch, {}};
  AxisGroups groups(nest, 1, shape, {.channels = true});
  if (after.softmax) {
    return emit_softmax(nest, groups, {{first, rows}, {first, rows}, false, after.scale});
  }
  groups.each([&](const AxisGroups::Vector& group) {
    groups.each_value(group, [&](const AxisGroups::Vector& at) {
      const Address place = at.in(first, rows);
      const Register factor = nest.constant(at.lanes(), *after.scale);
      nest.store(nest.apply(Opcode::kMul, nest.load(at.lanes(), place), factor), place);
    });
  });
}

}  // namespace

LoopNest lower(const MatMul& matmul, const LayerContext& context) {
  NestBuilder nest("matmul", context.isa);
  const MapLayout &a = context.inputs[0], &b = context.inputs[1];
  const auto buffer = [&](Operand operand, TensorRole role, const MapLayout& map, uint32_t index) {
    return nest.buffer(operand, role, map.bytes(context.batch), index);
  };
  MapProduct product;
  product.batch = context.batch;
  product.a = {buffer(Operand::kInput, TensorRole::kInput, a, 0), a};
  product.b = {buffer(Operand::kInput, TensorRole::kInput, b, 1), b};
  product.c = {buffer(Operand::kOutput, TensorRole::kOutput, context.output, 0), context.output};
  product.transpose_b = matmul.transpose_b;
  const AfterProduct after = after_product(context.fused);
  if (after.scale || after.softmax) {
    product.finish_pixels = [&](int64_t pixels, const Address& first) {
      emit_after_product(nest, after, pixels, first, context.output);
    };
  }
  emit_map_product(nest, product);
  return std::move(nest).finish();
}

}  // namespace wattgrind
