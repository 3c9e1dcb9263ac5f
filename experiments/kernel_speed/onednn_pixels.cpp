#include "experiments/kernel_speed/onednn_pixels.h"

#include <unordered_map>
#include <utility>
#include <variant>

#include "experiments/kernel_speed/onednn_operands.h"

namespace wattgrind {
namespace {

using dnnl::memory;

constexpr auto kKind = dnnl::prop_kind::forward_inference;

bool is_channels(const MapAxes& axes) { return axes.channels && !axes.height && !axes.width; }

memory::desc matrix(const TimedLayer& timed) {
  const FeatureShape& shape = timed.layer.input_shape();
  return plain_layout({timed.batch * shape.height * shape.width, shape.channels});
}

dnnl::softmax_forward::primitive_desc softmax(const dnnl::engine& engine, const memory::desc& map) {
  constexpr int kChannels = 1;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kKind, dnnl::algorithm::softmax_accurate, map, map, kChannels};
#else
  return {{kKind, map, kChannels}, engine};
#endif
}

dnnl::layer_normalization_forward::primitive_desc normalization(const dnnl::engine& engine,
                                                                const memory::desc& map,
                                                                double epsilon) {
  const auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kKind, map, map, static_cast<float>(epsilon), flags};
#else
  return {{kKind, map, static_cast<float>(epsilon), flags}, engine};
#endif
}

dnnl::eltwise_forward::primitive_desc gelu(const dnnl::engine& engine, const memory::desc& map) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kKind, dnnl::algorithm::eltwise_gelu_erf, map, map};
#else
  return {{kKind, dnnl::algorithm::eltwise_gelu_erf, map}, engine};
#endif
}

template <typename Primitive, typename Description>
PreparedLayer prepared(const dnnl::engine& engine, const TimedLayer& timed,
                       const Description& description, std::unordered_map<int, memory> parameters) {
  const FeatureShape& shape = timed.layer.input_shape();
  parameters[DNNL_ARG_SRC] =
      filled_map(engine, shape, timed.batch, description.src_desc(), OperandSeed::kInput);
  parameters[DNNL_ARG_DST] = memory(description.dst_desc(), engine);
  return prepared_primitive(engine, description.impl_info_str(), Primitive(description), parameters,
                            [shape, batch = timed.batch](const memory& destination) {
                              return map_values_of(destination, shape, batch);
                            });
}

}  // namespace

std::optional<PreparedLayer> prepare_pixels(const TimedLayer& timed) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const memory::desc map = matrix(timed);
  const Operation& operation = timed.layer.operation;
  if (const auto* of = std::get_if<Softmax>(&operation)) {
    if (!is_channels(of->axes) || of->log) return std::nullopt;
    return prepared<dnnl::softmax_forward>(engine, timed, softmax(engine, map), {});
  }
  if (const auto* of = std::get_if<Normalization>(&operation)) {
    const int64_t channels = timed.layer.input_shape().channels;
    if (!is_channels(of->axes) || of->affine != FeatureShape{channels, 1, 1}) return std::nullopt;
    const auto parameter = [&](OperandSeed seed) {
      return filled(engine, {channels}, plain_layout({channels}), seed);
    };
    return prepared<dnnl::layer_normalization_forward>(
        engine, timed, normalization(engine, map, of->epsilon),
        {{DNNL_ARG_SCALE, parameter(OperandSeed::kWeights)},
         {DNNL_ARG_SHIFT, parameter(OperandSeed::kBias)}});
  }
  const auto* activation = std::get_if<Activation>(&operation);
  if (!activation || activation->function != UnaryFunction::kGelu) return std::nullopt;
  return prepared<dnnl::eltwise_forward>(engine, timed, gelu(engine, map), {});
}

}  // namespace wattgrind
