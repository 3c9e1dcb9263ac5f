#include "estimator/network/operations.h"

#include "estimator/network/layer_kind.h"

namespace wattgrind {

uint64_t other_operations(const Layer& layer) {
  return layer_kind(layer.operation).other_operations(layer).forward;
}

uint64_t other_backward_operations(const Layer& layer) {
  return layer_kind(layer.operation).other_operations(layer).backward;
}

uint64_t other_training_operations(const Layer& layer) {
  return layer_kind(layer.operation).other_operations(layer).training_only;
}

}  // namespace wattgrind
