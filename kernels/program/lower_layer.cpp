#include "kernels/program/lower_layer.h"

#include <variant>

#include "kernels/gradients/backward.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// What has no overload has no parameters.
template <typename Operation>
std::optional<LoopNest> weight_gradient(const Operation&, const BackwardContext&) {
  return std::nullopt;
}
std::optional<LoopNest> weight_gradient(const Conv2d& conv, const BackwardContext& context) {
  return lower_weight_gradient(conv, context);
}
std::optional<LoopNest> weight_gradient(const Dense& dense, const BackwardContext& context) {
  return lower_weight_gradient(dense, context);
}

}  // namespace

LoopNest lower_forward(const Layer& layer, const LayerContext& context) {
  return std::visit([&](const auto& operation) { return lower(operation, context); },
                    layer.operation);
}

LoopNest lower_data_gradient(const Layer& layer, const BackwardContext& context) {
  return std::visit([&](const auto& operation) { return lower_data_gradient(operation, context); },
                    layer.operation);
}

std::optional<LoopNest> lower_weight_gradient(const Layer& layer, const BackwardContext& context) {
  return std::visit([&](const auto& operation) { return weight_gradient(operation, context); },
                    layer.operation);
}

uint64_t padding_macs(const Layer& layer, Isa isa, int64_t batch) {
  int64_t channels = 0;
  if (const auto* dense = std::get_if<Dense>(&layer.operation)) {
    channels = dense->units;
  } else if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    if (conv->groups > 1) return 0;
    channels = conv->filters;
  } else {
    return 0;
  }
  const int64_t width = padded_width(column_blocks(channels, isa, Surplus::kPad));
  const uint64_t per_channel = layer.macs / static_cast<uint64_t>(channels);
  return per_channel * static_cast<uint64_t>(width - channels) * static_cast<uint64_t>(batch);
}

}  // namespace wattgrind
