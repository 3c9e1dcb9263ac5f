#include "estimator/onnx/quantized_graph.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "estimator/network/byte_layers.h"

namespace wattgrind {
namespace {

bool is_quantize(const LayerSpec& layer) {
  return std::holds_alternative<Quantize>(layer.operation);
}

// A dequantize layer that gives the values that the bytes stand for.
bool is_plain_dequantize(const LayerSpec& layer) {
  const auto* dequantize = std::get_if<Dequantize>(&layer.operation);
  return dequantize != nullptr && !dequantize->as;
}

bool is_bound(const LayerSpec& layer) {
  return std::holds_alternative<Relu>(layer.operation) ||
         std::holds_alternative<Clip>(layer.operation);
}

class ByteGraph {
 public:
  ByteGraph(NetworkSpec& spec, std::vector<LayerParameters>& parameters, const WeightScales& scales)
      : spec_(spec), parameters_(parameters), scales_(scales) {}

  void fold() {
    bool changed = true;
    while (changed) {
      changed = false;
      index();
      for (size_t i = 0; i < spec_.layers.size() && !changed; ++i) {
        if (is_live(spec_.layers[i])) changed = fold_layer(i);
      }
    }
  }

 private:
  void index() {
    place_.clear();
    readers_.clear();
    live_.clear();
    for (size_t i = 0; i < spec_.layers.size(); ++i) place_[spec_.layers[i].name] = i;
    live_.insert(spec_.outputs.begin(), spec_.outputs.end());
    for (size_t i = spec_.layers.size(); i-- > 0;) {
      const LayerSpec& layer = spec_.layers[i];
      if (!live_.contains(layer.name)) continue;
      live_.insert(layer.inputs.begin(), layer.inputs.end());
      for (const std::string& input : layer.inputs) readers_[input].push_back(i);
    }
  }

  bool is_live(const LayerSpec& layer) const { return live_.contains(layer.name); }
  bool is_output(const std::string& name) const {
    return std::ranges::find(spec_.outputs, name) != spec_.outputs.end();
  }
  const LayerSpec* find(const std::string& name) const {
    const auto found = place_.find(name);
    return found == place_.end() ? nullptr : &spec_.layers[found->second];
  }
  // The layer that alone reads this one, which is no output.
  std::optional<size_t> only_reader(size_t layer) const {
    const std::string& name = spec_.layers[layer].name;
    const auto found = readers_.find(name);
    if (found == readers_.end() || found->second.size() != 1 || is_output(name))
      return std::nullopt;
    return found->second.front();
  }

  // Everybody who reads `from` reads `to`.
  void read_instead(const std::string& from, const std::string& to) {
    for (LayerSpec& layer : spec_.layers) {
      if (layer.name != to) std::ranges::replace(layer.inputs, from, to);
    }
    std::ranges::replace(spec_.outputs, from, to);
  }

  // The layers whose bytes the layer's dequantized inputs are; none unless all are.
  std::optional<std::vector<std::string>> byte_sources(const LayerSpec& layer) const {
    std::vector<std::string> sources;
    for (const std::string& input : layer.inputs) {
      const LayerSpec* const before = find(input);
      if (before == nullptr || !is_plain_dequantize(*before)) return std::nullopt;
      sources.push_back(before->inputs.front());
    }
    return sources;
  }

  bool fold_layer(size_t index) {
    LayerSpec& layer = spec_.layers[index];
    if (layer.int8 && !is_quantize(layer)) return false;
    const auto sources = byte_sources(layer);
    if (!sources) return false;
    if (is_quantize(layer)) return fold_pair(layer, sources->front());
    switch (byte_work(layer.operation)) {
      case ByteWork::kKept:
        keep_numbers(index, sources->front());
        return true;
      case ByteWork::kProduct:
        return fold_product(index, *sources);
      case ByteWork::kRescaled:
        return fold_rescaled(index, *sources);
      case ByteWork::kNone:
        break;
    }
    return false;
  }

  // Bytes that become values and the same bytes again. An output stays a layer of its own.
  bool fold_pair(const LayerSpec& quantize, const std::string& source) {
    if (find(source)->int8->output != quantize.int8->output || is_output(quantize.name)) {
      return false;
    }
    read_instead(std::string(quantize.name), source);
    return true;
  }

  // The layer works on the bytes, and what it gives becomes values behind it.
  void keep_numbers(size_t index, const std::string& source) {
    const std::string values = spec_.layers[index].inputs.front();
    spec_.layers[index].int8 = Int8Layer{find(source)->int8->output, 8};
    const std::string name = spec_.layers[index].name;
    // The dequantize layer takes the name that outputs are known by.
    std::string own = name + "_int8";
    while (place_.contains(own)) own += "_";
    spec_.layers[index].name = own;
    spec_.layers[index].inputs = {source};
    spec_.layers.insert(spec_.layers.begin() + static_cast<ptrdiff_t>(index) + 1,
                        {name, Dequantize{}, false, {own}, std::nullopt});
    parameters_.insert(parameters_.begin() + static_cast<ptrdiff_t>(index) + 1, LayerParameters{});
  }

  // Relu and clip behind the layer and then the quantize layer, which alone read each other.
  std::optional<std::vector<size_t>> way_to_quantize(size_t index) const {
    std::vector<size_t> way;
    std::optional<size_t> next = only_reader(index);
    while (next && is_bound(spec_.layers[*next])) {
      way.push_back(*next);
      next = only_reader(*next);
    }
    if (!next || !is_quantize(spec_.layers[*next])) return std::nullopt;
    way.push_back(*next);
    return way;
  }

  // Gives the layer and its relu and clip the quantize layer's scale, which is left out. An output
  // stays.
  bool take_scale(size_t index, const std::vector<size_t>& way, int weight_bits) {
    const LayerSpec& quantize = spec_.layers[way.back()];
    if (is_output(quantize.name)) return false;
    const std::optional<ByteScale> bytes = quantize.int8->output;
    size_t last = index;
    for (const size_t bound : way) {
      if (bound == way.back()) break;
      spec_.layers[bound].int8 = Int8Layer{bytes, 8};
      last = bound;
    }
    spec_.layers[index].int8 = Int8Layer{bytes, weight_bits};
    read_instead(std::string(quantize.name), spec_.layers[last].name);
    return true;
  }

  bool fold_rescaled(size_t index, const std::vector<std::string>& sources) {
    const auto way = way_to_quantize(index);
    if (!way || !take_scale(index, *way, 8)) return false;
    spec_.layers[index].inputs = sources;
    return true;
  }

  bool fold_product(size_t index, const std::vector<std::string>& sources) {
    LayerSpec& layer = spec_.layers[index];
    const auto scales = scales_.find(layer.name);
    if (scales == scales_.end()) return false;
    const auto* conv = std::get_if<Conv2d>(&layer.operation);
    const auto filters = static_cast<size_t>(
        conv != nullptr ? conv->filters : std::get<Dense>(layer.operation).units);
    if (scales->second.size() != 1 && scales->second.size() != filters) return false;
    std::vector<float> by_filter(filters, scales->second.front());
    if (scales->second.size() == filters) by_filter = scales->second;
    const float input_scale = find(sources.front())->int8->output->scale;
    const auto way = way_to_quantize(index);
    if (!way || !take_scale(index, *way, 8)) layer.int8 = Int8Layer{std::nullopt, 8};
    layer.inputs = sources;
    if (!parameters_[index].weights.empty()) {
      to_numbers(parameters_[index], std::move(by_filter), input_scale);
    }
    return true;
  }

  static void to_numbers(LayerParameters& parameters, std::vector<float> scales,
                         float input_scale) {
    const size_t taps = parameters.weights.size() / scales.size();
    for (size_t i = 0; i < parameters.weights.size(); ++i) {
      parameters.weights[i] = std::nearbyint(parameters.weights[i] / scales[i / taps]);
    }
    for (size_t f = 0; f < parameters.bias.size(); ++f) {
      parameters.bias[f] = static_cast<float>(
          std::nearbyint(parameters.bias[f] / (double{input_scale} * scales[f])));
    }
    parameters.scales = std::move(scales);
  }

  NetworkSpec& spec_;
  std::vector<LayerParameters>& parameters_;
  const WeightScales& scales_;
  std::map<std::string, size_t, std::less<>> place_;
  std::map<std::string, std::vector<size_t>, std::less<>> readers_;
  std::set<std::string, std::less<>> live_;
};

}  // namespace

void compute_on_bytes(NetworkSpec& spec, std::vector<LayerParameters>& parameters,
                      const WeightScales& scales) {
  ByteGraph(spec, parameters, scales).fold();
}

}  // namespace wattgrind
