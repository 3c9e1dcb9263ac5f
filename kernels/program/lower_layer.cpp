#include "kernels/program/lower_layer.h"

#include <utility>
#include <variant>

#include "estimator/base/error.h"
#include "estimator/network/binary_functions.h"
#include "estimator/network/layer_kind.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/gradients/backward.h"
#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/layers/byte_lowering.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// What is computed in one way only takes no algorithm that was asked for of this very layer.
void refuse_request(const Layer& layer, const AlgorithmRequest& algorithms, std::string_view what) {
  if (!algorithms.layers.contains(own_name(layer))) return;
  fail(ErrorKind::kUsage, "layer \"{}\" is {}, which has one algorithm only", own_name(layer),
       what);
}

// These templates are for operations that can be computed in one way only and have no parameters.
template <typename Operation>
LoweredLayer forward(const Operation& operation, const LayerContext& context, const Layer& layer,
                     const AlgorithmRequest& algorithms) {
  refuse_request(layer, algorithms, layer_kind(layer.operation).word());
  return {lower(operation, context), std::nullopt};
}
template <typename Operation>
LoweredLayer data_gradient(const Operation& operation, const BackwardContext& context) {
  return {lower_data_gradient(operation, context), std::nullopt};
}
template <typename Operation>
std::optional<LoweredLayer> weight_gradient(const Operation&, const BackwardContext&) {
  return std::nullopt;
}

LoweredLayer forward(const Conv2d& conv, const LayerContext& context, const Layer& layer,
                     const AlgorithmRequest& algorithms) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    refuse_request(layer, algorithms, "a depthwise convolution");
    return {lower(conv, context), {}};
  }
  AlgorithmChoice choice = requested(choose_forward_algorithm(conv2d_problem(conv, context)),
                                     algorithms, own_name(layer));
  LoopNest nest = lower(conv, context, choice.algorithm);
  return {std::move(nest), std::move(choice)};
}
LoweredLayer data_gradient(const Conv2d& conv, const BackwardContext& context) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    return {lower_data_gradient(conv, context), {}};
  }
  AlgorithmChoice choice =
      choose_data_gradient_algorithm(conv2d_data_gradient_problem(conv, context));
  LoopNest nest = lower_data_gradient(conv, context, choice.algorithm);
  return {std::move(nest), std::move(choice)};
}
std::optional<LoweredLayer> weight_gradient(const Conv2d& conv, const BackwardContext& context) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    return LoweredLayer{lower_weight_gradient(conv, context), {}};
  }
  AlgorithmChoice choice =
      choose_weight_gradient_algorithm(conv2d_weight_gradient_problem(conv, context));
  LoopNest nest = lower_weight_gradient(conv, context, choice.algorithm);
  return LoweredLayer{std::move(nest), std::move(choice)};
}

LoweredLayer forward(const Dense& dense, const LayerContext& context, const Layer& layer,
                     const AlgorithmRequest& algorithms) {
  AlgorithmChoice choice = requested(choose_forward_algorithm(dense_problem(dense, context)),
                                     {{}, algorithms.layers}, own_name(layer));
  LoopNest nest = lower(dense, context, choice.algorithm);
  return {std::move(nest), std::move(choice)};
}
LoweredLayer data_gradient(const Dense& dense, const BackwardContext& context) {
  AlgorithmChoice choice =
      choose_data_gradient_algorithm(dense_data_gradient_problem(dense, context));
  LoopNest nest = lower_data_gradient(dense, context, choice.algorithm);
  return {std::move(nest), std::move(choice)};
}
std::optional<LoweredLayer> weight_gradient(const Dense& dense, const BackwardContext& context) {
  AlgorithmChoice choice =
      choose_weight_gradient_algorithm(dense_weight_gradient_problem(dense, context));
  LoopNest nest = lower_weight_gradient(dense, context, choice.algorithm);
  return LoweredLayer{std::move(nest), std::move(choice)};
}

std::optional<LoweredLayer> weight_gradient(const ConvTranspose2d& conv,
                                            const BackwardContext& context) {
  return LoweredLayer{lower_weight_gradient(conv, context), {}};
}

std::optional<LoweredLayer> weight_gradient(const Binary& binary, const BackwardContext& context) {
  if (!has_constant(binary)) return std::nullopt;
  return LoweredLayer{lower_weight_gradient(binary, context), {}};
}
std::optional<LoweredLayer> weight_gradient(const BatchNorm& norm, const BackwardContext& context) {
  return LoweredLayer{lower_weight_gradient(norm, context), {}};
}
std::optional<LoweredLayer> weight_gradient(const Normalization& norm,
                                            const BackwardContext& context) {
  if (norm.affine == FeatureShape{}) return std::nullopt;
  return LoweredLayer{lower_weight_gradient(norm, context), {}};
}

}  // namespace

LoweredLayer lower_forward(const Layer& layer, const LayerContext& context,
                           const AlgorithmRequest& algorithms) {
  if (computes_on_bytes(layer)) {
    refuse_request(layer, algorithms, "computed on bytes");
    return {lower_on_bytes(layer, context), std::nullopt};
  }
  return std::visit(
      [&](const auto& operation) { return forward(operation, context, layer, algorithms); },
      layer.operation);
}

LoweredLayer lower_data_gradient(const Layer& layer, const BackwardContext& context) {
  return std::visit([&](const auto& operation) { return data_gradient(operation, context); },
                    layer.operation);
}

std::optional<LoweredLayer> lower_weight_gradient(const Layer& layer,
                                                  const BackwardContext& context) {
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
  } else if (const auto* transposed = std::get_if<ConvTranspose2d>(&layer.operation)) {
    if (transposed->groups > 1) return 0;
    channels = transposed->filters;
  } else if (std::holds_alternative<MatMul>(layer.operation)) {
    channels = layer.output_shape.channels;
  } else {
    return 0;
  }
  const int64_t width = padded_width(column_blocks(channels, isa, Surplus::kPad));
  const uint64_t per_channel = layer.macs / static_cast<uint64_t>(channels);
  return per_channel * static_cast<uint64_t>(width - channels) * static_cast<uint64_t>(batch);
}

}  // namespace wattgrind
