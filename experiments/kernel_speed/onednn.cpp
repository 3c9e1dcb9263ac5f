#include "experiments/kernel_speed/onednn.h"

#include <oneapi/dnnl/dnnl.hpp>
#include <utility>
#include <variant>

#include "experiments/kernel_speed/onednn_operands.h"
#include "experiments/kernel_speed/onednn_pixels.h"

namespace wattgrind {
namespace {

using dnnl::memory;

memory::desc any_layout(const memory::dims& dims) {
  return {dims, memory::data_type::f32, memory::format_tag::any};
}

dnnl::convolution_forward::primitive_desc convolution(const dnnl::engine& engine,
                                                      const LayerTensors& tensors,
                                                      const Window2d& window,
                                                      dnnl::algorithm algorithm) {
  const auto kind = dnnl::prop_kind::forward_inference;
  const memory::dims strides = {window.stride_height, window.stride_width};
  const memory::dims top_left = {window.pad_top, window.pad_left};
  const memory::dims bottom_right = {window.pad_bottom, window.pad_right};
  const memory::desc source = any_layout(tensors.source), weights = any_layout(tensors.weights),
                     bias = any_layout(tensors.bias), destination = any_layout(tensors.destination);
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kind,        algorithm, source,   weights,
          bias,   destination, strides,   top_left, bottom_right};
#else
  return {{kind, algorithm, source, weights, bias, destination, strides, top_left, bottom_right},
          engine};
#endif
}

dnnl::inner_product_forward::primitive_desc inner_product(const dnnl::engine& engine,
                                                          const LayerTensors& tensors) {
  const auto kind = dnnl::prop_kind::forward_inference;
  const memory::desc source = any_layout(tensors.source), weights = any_layout(tensors.weights),
                     bias = any_layout(tensors.bias), destination = any_layout(tensors.destination);
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kind, source, weights, bias, destination};
#else
  return {{kind, source, weights, bias, destination}, engine};
#endif
}

// A product of two maps on their own layouts: heads are rows of pixels, tokens pixels, and channels
// lie side by side.
dnnl::matmul::primitive_desc product(const dnnl::engine& engine, const TimedLayer& timed) {
  const FeatureShape &a = timed.layer.input_shapes[0], &out = timed.layer.output_shape;
  const bool transposed = std::get<MatMul>(timed.layer.operation).transpose_b;
  const int64_t heads = timed.batch * out.height;
  const auto plain = [&](int64_t rows, int64_t columns) {
    return memory::desc({heads, rows, columns}, memory::data_type::f32, memory::format_tag::abc);
  };
  const memory::desc source = plain(out.width, a.channels);
  const memory::desc weights({heads, a.channels, out.channels}, memory::data_type::f32,
                             transposed ? memory::format_tag::acb : memory::format_tag::abc);
  const memory::desc destination = plain(out.width, out.channels);
#if DNNL_VERSION_MAJOR >= 3
  return {engine, source, weights, destination};
#else
  return {{source, weights, destination}, engine};
#endif
}

PreparedLayer prepared_product(const dnnl::engine& engine, const TimedLayer& timed) {
  const auto description = product(engine, timed);
  const auto map = [&](size_t input, const memory::desc& layout, OperandSeed seed) {
    return filled_map(engine, timed.layer.input_shapes[input], timed.batch, layout, seed);
  };
  return prepared_primitive(
      engine, description.impl_info_str(), dnnl::matmul(description),
      {{DNNL_ARG_SRC, map(0, description.src_desc(), OperandSeed::kInput)},
       {DNNL_ARG_WEIGHTS, map(1, description.weights_desc(), OperandSeed::kWeights)},
       {DNNL_ARG_DST, memory(description.dst_desc(), engine)}},
      [shape = timed.layer.output_shape, batch = timed.batch](const memory& destination) {
        return map_values_of(destination, shape, batch);
      });
}

template <typename PrimitiveDescription, typename Primitive>
PreparedLayer prepared(const dnnl::engine& engine, const LayerTensors& tensors,
                       const PrimitiveDescription& description, const Primitive& primitive) {
  const auto operand = [&](const memory::dims& dims, const memory::desc& layout, OperandSeed seed) {
    return filled(engine, dims, layout, seed);
  };
  return prepared_primitive(
      engine, description.impl_info_str(), primitive,
      {{DNNL_ARG_SRC, operand(tensors.source, description.src_desc(), OperandSeed::kInput)},
       {DNNL_ARG_WEIGHTS,
        operand(tensors.weights, description.weights_desc(), OperandSeed::kWeights)},
       {DNNL_ARG_BIAS, operand(tensors.bias, description.bias_desc(), OperandSeed::kBias)},
       {DNNL_ARG_DST, memory(description.dst_desc(), engine)}},
      [dims = tensors.destination](const memory& destination) {
        return values_of(destination, dims);
      });
}

std::optional<PreparedLayer> prepare(const TimedLayer& timed, dnnl::algorithm algorithm) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  if (std::holds_alternative<MatMul>(timed.layer.operation)) {
    if (algorithm != dnnl::algorithm::convolution_direct) return std::nullopt;
    return prepared_product(engine, timed);
  }
  const auto* conv = std::get_if<Conv2d>(&timed.layer.operation);
  if (!conv && !std::holds_alternative<Dense>(timed.layer.operation)) {
    if (algorithm != dnnl::algorithm::convolution_direct) return std::nullopt;
    return prepare_pixels(timed);
  }
  const LayerTensors tensors = tensors_of(timed);
  try {
    if (conv) {
      const auto description = convolution(engine, tensors, conv->window, algorithm);
      return prepared(engine, tensors, description, dnnl::convolution_forward(description));
    }
    if (algorithm != dnnl::algorithm::convolution_direct) return std::nullopt;
    const auto description = inner_product(engine, tensors);
    return prepared(engine, tensors, description, dnnl::inner_product_forward(description));
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return std::nullopt;
    throw;
  }
}

}  // namespace

KernelImplementation onednn_direct() {
  return {"oneDNN", [](const TimedLayer& timed, Isa) {
            return prepare(timed, dnnl::algorithm::convolution_direct);
          }};
}

KernelImplementation onednn_winograd() {
  return {"Winograd", [](const TimedLayer& timed, Isa) {
            auto prepared = prepare(timed, dnnl::algorithm::convolution_winograd);
            if (prepared) prepared->output = {};
            return prepared;
          }};
}

}  // namespace wattgrind
