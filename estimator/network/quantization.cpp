#include "estimator/network/quantization.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "estimator/base/error.h"
#include "estimator/network/byte_layers.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

constexpr int kMostNumber = 255;

size_t at(int layer) { return static_cast<size_t>(layer); }

std::vector<std::vector<int>> readers_of_layers(const Network& network) {
  std::vector<std::vector<int>> readers(network.layers.size());
  for (size_t i = 0; i < network.layers.size(); ++i) {
    for (const int input : network.layers[i].inputs) {
      if (!is_network_input(input)) readers[at(input)].push_back(static_cast<int>(i));
    }
  }
  return readers;
}

std::string name_of(const Network& network, int source) {
  return is_network_input(source) ? network.inputs[input_number(source)].name
                                  : network.layers[at(source)].name;
}

bool is_product(const Operation& operation) { return byte_work(operation) == ByteWork::kProduct; }

// Weights and bias with what a batch normalisation behind them does.
LayerParameters with_norm(const LayerParameters& product, const BatchNorm& norm,
                          const LayerParameters& held) {
  if (product.weights.empty()) return {};
  LayerParameters result = product;
  const size_t channels = held.weights.size();
  result.bias.resize(channels, 0);
  const size_t taps = product.weights.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    const double scale =
        held.weights[c] / std::sqrt(double{held.statistics[channels + c]} + norm.epsilon);
    for (size_t t = 0; t < taps; ++t) {
      float& weight = result.weights[c * taps + t];
      weight = static_cast<float>(weight * scale);
    }
    result.bias[c] =
        static_cast<float>((result.bias[c] - double{held.statistics[c]}) * scale + held.bias[c]);
  }
  return result;
}

class Folder {
 public:
  Folder(const Network& network, const std::vector<LayerParameters>& parameters)
      : network_(network), parameters_(parameters), readers_(readers_of_layers(network)) {}

  NetworkValues fold() && {
    NetworkSpec spec{network_.name, network_.inputs, {}, {}};
    std::vector<LayerParameters> parameters;
    for (int i = 0; i < static_cast<int>(network_.layers.size()); ++i) {
      const Layer& layer = network_.layers[at(i)];
      if (goes_into(i)) {
        const std::string before = name_of(layer.input());
        if (const auto* norm = std::get_if<BatchNorm>(&layer.operation)) {
          const size_t product = place_[before];
          if (!parameters_.empty()) {
            parameters[product] = with_norm(parameters[product], *norm, parameters_[at(i)]);
          }
          set_bias(spec.layers[product].operation);
        }
        stands_for_[layer.name] = before;
        continue;
      }
      LayerSpec written{layer.name, layer.operation, false, {}, layer.int8};
      for (const int input : layer.inputs) written.inputs.push_back(name_of(input));
      place_[layer.name] = spec.layers.size();
      spec.layers.push_back(std::move(written));
      if (!parameters_.empty()) parameters.push_back(parameters_[at(i)]);
    }
    for (const int output : network_.outputs) spec.outputs.push_back(name_of(output));
    Network folded = build_network(std::move(spec), network_.name);
    folded.notes = network_.notes;
    return {std::move(folded), std::move(parameters)};
  }

 private:
  std::string name_of(int source) {
    std::string name = wattgrind::name_of(network_, source);
    const auto found = stands_for_.find(name);
    return found == stands_for_.end() ? name : found->second;
  }

  static void set_bias(Operation& operation) {
    if (auto* conv = std::get_if<Conv2d>(&operation)) conv->bias = true;
    if (auto* dense = std::get_if<Dense>(&operation)) dense->bias = true;
  }

  // Whether the layer is no more than a part of the one before. An output keeps its name.
  bool goes_into(int index) const {
    const Layer& layer = network_.layers[at(index)];
    const int input = layer.input();
    if (is_network_input(input) || network_.is_output(index)) return false;
    if (std::holds_alternative<Dropout>(layer.operation)) return true;
    return std::holds_alternative<BatchNorm>(layer.operation) &&
           is_product(network_.layers[at(input)].operation) && readers_[at(input)].size() == 1 &&
           !network_.is_output(input);
  }

  const Network& network_;
  const std::vector<LayerParameters>& parameters_;
  const std::vector<std::vector<int>> readers_;
  std::map<std::string, std::string> stands_for_;
  std::map<std::string, size_t> place_;
};

class Quantizer {
 public:
  Quantizer(const NetworkValues& folded, const MapRanges& ranges, int weight_bits)
      : network_(folded.network),
        parameters_(folded.parameters),
        ranges_(ranges),
        weight_bits_(weight_bits),
        readers_(readers_of_layers(network_)) {
    for (const NetworkInput& input : network_.inputs) taken_.insert(input.name);
    for (const Layer& layer : network_.layers) taken_.insert(layer.name);
  }

  QuantizedNetwork quantize() && {
    check();
    choose_scales();
    NetworkSpec spec{network_.name, network_.inputs, {}, {}};
    for (int i = 0; i < layers(); ++i) add_layer(i, spec);
    QuantizedNetwork result;
    for (const int output : network_.outputs) {
      spec.outputs.push_back(scales_[at(output)] ? converted(output, std::nullopt, spec)
                                                 : name_of(network_, output));
      result.outputs[name_of(network_, output)] = spec.outputs.back();
    }
    Network network = build_network(std::move(spec), network_.name);
    network.notes = network_.notes;
    if (!parameters_.empty()) parameters_of_layers_ = make_parameters(network);
    result.on_bytes = {std::move(network), std::move(parameters_of_layers_)};
    return result;
  }

 private:
  int layers() const { return static_cast<int>(network_.layers.size()); }

  void check() const {
    if (has_bytes(network_)) {
      fail(ErrorKind::kInput, "{}: found a network that computes on bytes, wanted single precision",
           network_.name);
    }
    const bool has_products = std::ranges::any_of(
        network_.layers, [](const Layer& layer) { return is_product(layer.operation); });
    if (!has_products) {
      fail(ErrorKind::kInput, "{}: found no convolution or dense layer to compute on bytes",
           network_.name);
    }
  }

  // Whether the layer can compute on bytes: what keeps or combines maps only where its inputs are.
  bool is_on_bytes(int index) const {
    const Layer& layer = network_.layers[at(index)];
    if (std::holds_alternative<Binary>(layer.operation) &&
        (layer.inputs.size() < 2 || layer.input_shapes[0] != layer.input_shapes[1])) {
      return false;
    }
    const ByteWork work = byte_work(layer.operation);
    if (work == ByteWork::kNone || work == ByteWork::kProduct) return work == ByteWork::kProduct;
    return std::ranges::all_of(
        layer.inputs, [&](int input) { return is_network_input(input) || on_bytes_[at(input)]; });
  }

  // A relu or clip that alone reads the layer says what has to be held of it.
  int bounding_reader(int index) const {
    int last = index;
    while (readers_[at(last)].size() == 1 && !network_.is_output(last)) {
      const int reader = readers_[at(last)].front();
      const Operation& operation = network_.layers[at(reader)].operation;
      if (!std::holds_alternative<Relu>(operation) && !std::holds_alternative<Clip>(operation))
        break;
      last = reader;
    }
    return last;
  }

  void choose_scales() {
    on_bytes_.resize(network_.layers.size());
    for (int i = 0; i < layers(); ++i) on_bytes_[at(i)] = is_on_bytes(i);
    // What single precision alone reads stays in it.
    for (int i = layers() - 1; i >= 0; --i) {
      const Layer& layer = network_.layers[at(i)];
      const bool is_read_on_bytes =
          std::ranges::any_of(readers_[at(i)], [&](int reader) { return on_bytes_[at(reader)]; });
      if (!is_read_on_bytes && !is_product(layer.operation)) on_bytes_[at(i)] = false;
    }
    scales_.resize(network_.layers.size());
    for (int i = 0; i < layers(); ++i) {
      if (!on_bytes_[at(i)]) continue;
      const Layer& layer = network_.layers[at(i)];
      const bool is_read_on_bytes =
          std::ranges::any_of(readers_[at(i)], [&](int reader) { return on_bytes_[at(reader)]; });
      if (!is_read_on_bytes) continue;  // a product's sums become values
      if (byte_work(layer.operation) == ByteWork::kKept) {
        scales_[at(i)] = is_network_input(layer.input()) ? byte_scale(ranges_.of(layer.input()))
                                                         : scales_[at(layer.input())];
      } else {
        scales_[at(i)] = byte_scale(ranges_.of(bounding_reader(i)));
      }
    }
  }

  std::string free_name(std::string_view kind) {
    for (int number = 1;; ++number) {
      std::string name = fmt::format("{}_{}", kind, number);
      if (taken_.insert(name).second) return name;
    }
  }

  // The name of a source's values as bytes or, without a scale, in single precision.
  std::string converted(int source, std::optional<ByteScale> bytes, NetworkSpec& spec) {
    const std::string name = name_of(network_, source);
    std::string& found = converted_[name];
    if (!found.empty()) return found;
    found = free_name(bytes ? "quantize" : "dequantize");
    LayerSpec conversion{found, Dequantize{}, false, {name}, std::nullopt};
    if (bytes) {
      conversion.operation = Quantize{};
      conversion.int8 = Int8Layer{bytes, 8};
    }
    spec.layers.push_back(std::move(conversion));
    return found;
  }

  std::optional<ByteScale> scale_of(int source) const {
    return is_network_input(source) ? std::nullopt : scales_[at(source)];
  }

  void add_layer(int index, NetworkSpec& spec) {
    const Layer& layer = network_.layers[at(index)];
    LayerSpec written{layer.name, layer.operation, false, {}, std::nullopt};
    for (const int input : layer.inputs) {
      const bool has_bytes = scale_of(input).has_value();
      written.inputs.push_back(
          has_bytes == on_bytes_[at(index)]
              ? name_of(network_, input)
              : converted(input,
                          has_bytes ? std::nullopt : std::optional(byte_scale(ranges_.of(input))),
                          spec));
    }
    if (on_bytes_[at(index)]) written.int8 = Int8Layer{scales_[at(index)], weight_bits_};
    if (written.int8 && !is_product(layer.operation)) written.int8->weight_bits = 8;
    spec.layers.push_back(std::move(written));
  }

  std::vector<LayerParameters> make_parameters(const Network& network) const {
    std::map<std::string_view, size_t> old;
    for (size_t i = 0; i < network_.layers.size(); ++i) old[network_.layers[i].name] = i;
    std::vector<LayerParameters> result;
    for (const Layer& layer : network.layers) {
      const auto found = old.find(layer.name);
      LayerParameters parameters =
          found == old.end() ? LayerParameters{} : parameters_[found->second];
      if (layer.int8 && is_product(layer.operation)) to_numbers(layer, parameters);
      result.push_back(std::move(parameters));
    }
    return result;
  }

  static void to_numbers(const Layer& layer, LayerParameters& parameters) {
    const auto filters = static_cast<size_t>(layer.output_shape.channels);
    const size_t taps = parameters.weights.size() / filters;
    const float most = layer.int8->weight_bits == 7 ? 64 : 127;
    parameters.scales.resize(filters);
    for (size_t f = 0; f < filters; ++f) {
      float largest = 0;
      for (size_t t = 0; t < taps; ++t) {
        largest = std::max(largest, std::abs(parameters.weights[f * taps + t]));
      }
      const float scale = largest > 0 ? largest / most : 1.0f;
      parameters.scales[f] = scale;
      for (size_t t = 0; t < taps; ++t) {
        float& weight = parameters.weights[f * taps + t];
        weight = std::clamp(std::nearbyint(weight / scale), -most, most);
      }
      if (parameters.bias.empty()) continue;
      const double sum_scale = double{layer.input_bytes[0]->scale} * scale;
      parameters.bias[f] = static_cast<float>(
          std::clamp(std::nearbyint(parameters.bias[f] / sum_scale), -0x1p30, 0x1p30));
    }
  }

  const Network& network_;
  const std::vector<LayerParameters>& parameters_;
  const MapRanges& ranges_;
  const int weight_bits_;
  const std::vector<std::vector<int>> readers_;
  std::vector<bool> on_bytes_;                    // by layer
  std::vector<std::optional<ByteScale>> scales_;  // of the layers whose maps are of bytes
  std::map<std::string, std::string> converted_;  // by the name of what is converted
  std::set<std::string> taken_;                   // names
  std::vector<LayerParameters> parameters_of_layers_;
};

}  // namespace

void ValueRange::cover(float value) {
  low = std::min(low, value);
  high = std::max(high, value);
}

ByteScale byte_scale(ValueRange range) {
  range.cover(0);
  const float width = range.high - range.low;
  if (!(width > 0)) return {};
  const float scale = width / kMostNumber;
  const auto zero = static_cast<int>(std::nearbyint(-range.low / scale));
  return {scale, std::clamp(zero, 0, kMostNumber)};
}

NetworkValues folded_for_bytes(const Network& network,
                               const std::vector<LayerParameters>& parameters) {
  return Folder(network, parameters).fold();
}

QuantizedNetwork quantized(const NetworkValues& folded, const MapRanges& ranges, int weight_bits) {
  return Quantizer(folded, ranges, weight_bits).quantize();
}

}  // namespace wattgrind
