#include "kernels/layers/byte_lowering.h"

#include "estimator/base/error.h"
#include "kernels/conv/byte_product.h"

namespace wattgrind {

bool computes_on_bytes(const Layer& layer) {
  return layer.int8.has_value() || std::holds_alternative<Dequantize>(layer.operation);
}

LoopNest lower_on_bytes(const Layer& layer, const LayerContext& context) {
  const Operation& operation = layer.operation;
  if (const auto* conv = std::get_if<Conv2d>(&operation)) {
    return is_depthwise(*conv, context.input().shape.channels)
               ? lower_byte_depthwise(*conv, context)
               : lower_byte_product(layer, context);
  }
  if (std::holds_alternative<Dense>(operation)) return lower_byte_product(layer, context);
  if (const auto* pool = std::get_if<MaxPool2d>(&operation)) {
    return lower_byte_pool(pool->window, true, false, context);
  }
  if (const auto* pool = std::get_if<AvgPool2d>(&operation)) {
    return lower_byte_pool(pool->window, false, pool->count_padding, context);
  }
  if (std::holds_alternative<GlobalAvgPool2d>(operation)) return lower_byte_global_pool(context);
  if (std::holds_alternative<Flatten>(operation) || std::holds_alternative<Reshape>(operation)) {
    return lower_byte_flatten(context);
  }
  if (const auto* concat = std::get_if<Concat>(&operation)) {
    return lower_byte_concat(*concat, context);
  }
  return lower_byte_elementwise(operation, context);
}

}  // namespace wattgrind
