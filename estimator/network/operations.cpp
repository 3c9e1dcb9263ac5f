#include "estimator/network/operations.h"

#include "estimator/network/layer_kind.h"

namespace wattgrind {

uint64_t other_operations(const Layer& layer) {
  uint64_t operations = layer_kind(layer.operation).other_operations(layer).forward;
  for (const FusedLayer& fused : layer.fused) operations += fused.other_operations;
  return operations;
}

uint64_t other_backward_operations(const Layer& layer) {
  return layer_kind(layer.operation).other_operations(layer).backward;
}

uint64_t other_training_operations(const Layer& layer) {
  return layer_kind(layer.operation).other_operations(layer).training_only;
}

}  // namespace wattgrind
