#include "estimator/network/operations.h"

#include "estimator/network/byte_layers.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {

uint64_t other_operations(const Layer& layer) {
  uint64_t operations =
      layer_kind(layer.operation).other_operations(layer).forward + conversion_operations(layer);
  for (const FusedLayer& fused : layer.fused) operations += fused.other_operations;
  return operations;
}

uint64_t byte_macs(const Layer& layer) { return layer.int8 ? layer.macs : 0; }

// A sum of two maps is made of their values, anything else of their numbers.
uint64_t other_byte_operations(const Layer& layer) {
  uint64_t operations = 0;
  if (layer.int8 && !std::holds_alternative<Binary>(layer.operation)) {
    operations = layer_kind(layer.operation).other_operations(layer).forward;
  }
  for (const FusedLayer& fused : layer.fused) operations += fused.other_byte_operations;
  return operations;
}

uint64_t other_backward_operations(const Layer& layer) {
  return layer_kind(layer.operation).other_operations(layer).backward;
}

uint64_t other_training_operations(const Layer& layer) {
  return layer_kind(layer.operation).other_operations(layer).training_only;
}

}  // namespace wattgrind
