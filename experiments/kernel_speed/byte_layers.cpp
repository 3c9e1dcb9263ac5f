#include "experiments/kernel_speed/byte_layers.h"

#include <cmath>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/network.h"
#include "experiments/kernel_speed/onednn_operands.h"
#include "kernels/run/inference_run.h"

namespace wattgrind {
namespace {

using dnnl::memory;

constexpr float kMostByte = 255, kMostWeight = 64;

// Whole numbers, the same for both candidates.
std::vector<float> whole_numbers(int64_t count, OperandSeed seed) {
  std::vector<float> values = random_values(count, seed);
  for (float& value : values) {
    value = seed == OperandSeed::kInput ? std::round((value + 0.5f) * kMostByte)
                                        : std::round(2 * value * kMostWeight);
  }
  return values;
}

// Sums of so many products become bytes of the whole range, half of them cut off at zero.
float output_scale(const Layer& layer) {
  constexpr double kOfProducts = 147 * 37, kOfBytes = 100;
  const double products =
      static_cast<double>(layer.macs) / static_cast<double>(layer.output_shape.elements());
  return static_cast<float>(kOfBytes / (kOfProducts * std::sqrt(products)));
}

bool is_on_bytes(const Layer& layer) {
  return std::holds_alternative<Conv2d>(layer.operation) ||
         std::holds_alternative<Dense>(layer.operation);
}

// The layer behind one that makes its input's bytes.
class OneByteLayer {
 public:
  OneByteLayer(const TimedLayer& timed, Isa isa)
      : network_(build_network(
            "one", timed.layer.input_shape(),
            {{"quantize", Quantize{}, false, {}, Int8Layer{ByteScale{1, 0}, 8}},
             {"layer", timed.layer.operation, false, {}, Int8Layer{ByteScale{1, 0}, 7}}},
            "one")),
        run_(network_, timed.batch, Plan::kLayers, native_code(isa)) {
    const Layer& layer = network_.layers[1];
    const auto values = [&](ParameterRole role, OperandSeed seed) {
      return whole_numbers(static_cast<int64_t>(parameter_values(layer, role)), seed);
    };
    LayerParameters parameters{values(ParameterRole::kWeights, OperandSeed::kWeights),
                               values(ParameterRole::kBias, OperandSeed::kBias),
                               {}};
    parameters.scales.assign(parameter_values(layer, ParameterRole::kScales), output_scale(layer));
    run_.set_parameters(1, parameters);
    run_.set_input(0,
                   whole_numbers(timed.batch * network_.input().elements(), OperandSeed::kInput));
    run_.run();
  }

  void run() const { run_.run_layer(1); }
  std::vector<float> output() const { return run_.map(1); }

 private:
  const Network network_;
  InferenceRun run_;
};

std::optional<PreparedLayer> prepare_generated(const TimedLayer& timed, Isa isa) {
  if (!is_on_bytes(timed.layer)) return std::nullopt;
  const auto one = std::make_shared<OneByteLayer>(timed, isa);
  return PreparedLayer{"int8", [one] { one->run(); }, [one] { return one->output(); }};
}

#if DNNL_VERSION_MAJOR < 3
memory::desc any_bytes(const memory::dims& dims, memory::data_type type) {
  return {dims, type, memory::format_tag::any};
}

memory filled_bytes(const dnnl::engine& engine, const memory::dims& dims,
                    const memory::desc& layout, OperandSeed seed) {
  int64_t count = 1;
  for (const int64_t size : dims) count *= size;
  std::vector<float> values = whole_numbers(count, seed);
  memory chosen(layout, engine), plain(plain_layout(dims), engine, values.data());
  dnnl::stream stream(engine);
  dnnl::reorder(plain, chosen).execute(stream, plain, chosen);
  stream.wait();
  return chosen;
}

template <typename Primitive, typename Description>
PreparedLayer prepared_bytes(const dnnl::engine& engine, const LayerTensors& tensors,
                             const Description& description) {
  const auto filled = [&](const memory::dims& dims, const memory::desc& layout, OperandSeed seed) {
    return filled_bytes(engine, dims, layout, seed);
  };
  return prepared_primitive(
      engine, description.impl_info_str(), Primitive(description),
      {{DNNL_ARG_SRC, filled(tensors.source, description.src_desc(), OperandSeed::kInput)},
       {DNNL_ARG_WEIGHTS,
        filled(tensors.weights, description.weights_desc(), OperandSeed::kWeights)},
       {DNNL_ARG_BIAS, filled(tensors.bias, description.bias_desc(), OperandSeed::kBias)},
       {DNNL_ARG_DST, memory(description.dst_desc(), engine)}},
      [dims = tensors.destination](const memory& destination) {
        return values_of(destination, dims);
      });
}

std::optional<PreparedLayer> prepare_onednn(const TimedLayer& timed, Isa) {
  if (!is_on_bytes(timed.layer)) return std::nullopt;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const LayerTensors tensors = tensors_of(timed);
  const auto kind = dnnl::prop_kind::forward_inference;
  const memory::desc source = any_bytes(tensors.source, memory::data_type::u8),
                     weights = any_bytes(tensors.weights, memory::data_type::s8),
                     bias = any_bytes(tensors.bias, memory::data_type::s32),
                     destination = any_bytes(tensors.destination, memory::data_type::u8);
  dnnl::primitive_attr attributes;
  attributes.set_output_scales(0, {output_scale(timed.layer)});
  try {
    if (std::holds_alternative<Dense>(timed.layer.operation)) {
      return prepared_bytes<dnnl::inner_product_forward>(
          engine, tensors,
          dnnl::inner_product_forward::primitive_desc{
              {kind, source, weights, bias, destination}, attributes, engine});
    }
    const Window2d& w = std::get<Conv2d>(timed.layer.operation).window;
    return prepared_bytes<dnnl::convolution_forward>(
        engine, tensors,
        dnnl::convolution_forward::primitive_desc{
            {kind, dnnl::algorithm::convolution_direct, source, weights, bias, destination,
             memory::dims{w.stride_height, w.stride_width}, memory::dims{w.pad_top, w.pad_left},
             memory::dims{w.pad_bottom, w.pad_right}},
            attributes,
            engine});
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return std::nullopt;
    throw;
  }
}
#else
// oneDNN 3 takes scales in another way, which nobody has written here yet.
std::optional<PreparedLayer> prepare_onednn(const TimedLayer&, Isa) { return std::nullopt; }
#endif

}  // namespace

KernelImplementation onednn_on_bytes() { return {"oneDNN", prepare_onednn}; }

KernelImplementation generated_on_bytes() { return {"Wattgrind", prepare_generated}; }

}  // namespace wattgrind
