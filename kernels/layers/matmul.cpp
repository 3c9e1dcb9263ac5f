#include "kernels/layers/lowering.h"
#include "kernels/parts/map_product.h"

namespace wattgrind {

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
  emit_map_product(nest, product);
  return std::move(nest).finish();
}

}  // namespace wattgrind
