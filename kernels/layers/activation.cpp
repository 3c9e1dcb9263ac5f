#include <string>

#include "estimator/network/unary_functions.h"
#include "kernels/layers/lowering.h"
#include "kernels/parts/elementwise.h"
#include "kernels/parts/value_function.h"

namespace wattgrind {

LoopNest lower(const Activation& activation, const LayerContext& context) {
  return lower_elementwise(std::string(traits(activation.function).word), context,
                           keeps_zero(activation), [&](NestBuilder& nest, int, const auto& x) {
                             return emit_activation(nest, activation, x());
                           });
}

}  // namespace wattgrind
