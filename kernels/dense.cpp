#include "kernels/dense_product.h"
#include "kernels/lowering.h"

namespace wattgrind {

LoopNest lower_dense(const Dense& dense, const LayerContext& context) {
  NestBuilder nest("dense", context.isa);
  DenseProduct product;
  product.batch = context.batch;
  product.input = context.input;
  product.blocks = column_blocks(dense.units, context.isa, Surplus::kPad);
  product.output_image_bytes = context.output.image_bytes();
  const auto width_bytes = static_cast<uint64_t>(padded_width(product.blocks) * kFloatBytes);
  const auto values = static_cast<uint64_t>(context.input.shape.elements());
  product.input_values =
      moved(nest.buffer("input", TensorRole::kInput, context.input.bytes(context.batch)),
            context.input.pixel_bytes(0, 0));
  product.weights = nest.buffer("weights", TensorRole::kWeights, values * width_bytes);
  product.bias = nest.buffer("bias", TensorRole::kBias, width_bytes);
  product.output =
      moved(nest.buffer("output", TensorRole::kOutput, context.output.bytes(context.batch)),
            context.output.pixel_bytes(0, 0));
  emit_dense_product(nest, product);
  return std::move(nest).finish();
}

}  // namespace wattgrind
