#include "estimator/network/parametric_work.h"

#include <optional>

#include "estimator/base/checked_math.h"

namespace wattgrind {

LayerWork parametric_work(std::initializer_list<int64_t> weight_shape, int64_t biases,
                          int64_t positions, const LayerPlace& place) {
  std::optional<uint64_t> weights = 1;
  for (const int64_t size : weight_shape) {
    weights = weights ? checked_product({*weights, static_cast<uint64_t>(size)}) : std::nullopt;
  }
  const auto macs =
      weights ? checked_product({*weights, static_cast<uint64_t>(positions)}) : std::nullopt;
  const auto parameters =
      weights ? checked_sum({*weights, static_cast<uint64_t>(biases)}) : std::nullopt;
  if (!macs || !parameters) {
    place.reject("", "its parameters or multiply-accumulates overflow 64 bits: make it smaller");
  }
  return {*macs, *parameters};
}

OtherOperations bias_operations(const Layer& layer) {
  return {.backward = static_cast<uint64_t>(layer.output_shape.elements())};
}

}  // namespace wattgrind
