#include "estimator/network/network.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/byte_layers.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/layer_names.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 2> kReservedNames = {"runtime", "total"};
constexpr std::string_view kNameForm =
    "a letter followed by at most 63 letters, digits, _, -, . or /";

bool is_well_formed(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_allowed = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("_-./").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kMaxNameLength && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

bool is_reserved(std::string_view name) {
  return std::ranges::find(kReservedNames, name) != kReservedNames.end();
}

void check_input_names(const std::vector<NetworkInput>& inputs, std::string_view where) {
  std::set<std::string_view> taken;
  for (const NetworkInput& input : inputs) {
    if (!is_well_formed(input.name) || is_reserved(input.name)) {
      fail(ErrorKind::kInput, "{}: inputs: found the name {}, wanted {}, none of runtime and total",
           where, quote_json(input.name), kNameForm);
    }
    if (!taken.insert(input.name).second) {
      fail(ErrorKind::kInput, "{}: inputs: two are called {}: names must differ", where,
           quote_json(input.name));
    }
  }
}

// The names of the layers. One that was written without a name is called by its kind and the first
// free number.
std::vector<std::string> layer_names(const NetworkSpec& spec, std::string_view where) {
  const std::vector<LayerSpec>& specs = spec.layers;
  std::set<std::string_view> inputs, taken;
  for (const NetworkInput& input : spec.inputs) inputs.insert(input.name);
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::string& name = specs[i].name;
    if (name.empty()) continue;
    const LayerPlace place{where, i};
    if (!is_well_formed(name)) {
      place.reject("name", "found {}, wanted {}", quote_json(name), kNameForm);
    }
    if (is_reserved(name)) {
      place.reject("name", "\"{}\" is taken by the program: choose another", name);
    }
    if (inputs.contains(name)) {
      place.reject("name", "\"{}\" is the network's own input: choose another", name);
    }
    if (!taken.insert(name).second) {
      place.reject("name", "\"{}\" is the name of an earlier layer: names must differ", name);
    }
  }
  std::vector<std::string> names;
  std::map<std::string_view, int> last_number;
  for (const LayerSpec& layer : specs) {
    std::string name = layer.name;
    const std::string_view kind = kind_name(layer.operation);
    while (name.empty() ||
           (layer.name.empty() && (taken.contains(name) || inputs.contains(name)))) {
      name = fmt::format("{}_{}", kind, ++last_number[kind]);
    }
    names.push_back(std::move(name));
  }
  return names;
}

// Where the names of what can be read stand: layers so far and the network's inputs.
using Sources = std::map<std::string, int, std::less<>>;

int find_source(const Sources& sources, const std::string& name, const LayerPlace& place) {
  const auto found = sources.find(name);
  if (found == sources.end()) {
    place.reject("inputs", "found {}, wanted the name of an earlier layer or of a network's input",
                 quote_json(name));
  }
  return found->second;
}

// What the layer reads: what its specification names, else the layer before.
void connect(Layer& layer, const LayerSpec& spec, const Network& network, const Sources& sources,
             const LayerPlace& place) {
  for (const std::string& name : spec.inputs) {
    layer.inputs.push_back(find_source(sources, name, place));
  }
  if (spec.inputs.empty()) layer.inputs = {static_cast<int>(network.layers.size()) - 1};
  const InputCount wanted = layer_kind(spec.operation).inputs(spec.operation);
  if (layer.inputs.size() < wanted.least || layer.inputs.size() > wanted.most) {
    place.reject("inputs", "found {}, wanted {}", layer.inputs.size(),
                 wanted.least == wanted.most ? fmt::to_string(wanted.least)
                                             : fmt::format("{} or more", wanted.least));
  }
  for (const int input : layer.inputs) {
    layer.input_shapes.push_back(network.shape_of(input));
    layer.input_bytes.push_back(network.bytes_of(input));
  }
}

// The layers that the specification names as outputs, or those that no layer reads.
std::vector<int> find_outputs(const NetworkSpec& spec, const Network& network,
                              const Sources& sources, std::string_view where) {
  std::vector<int> outputs;
  for (const std::string& name : spec.outputs) {
    const auto found = sources.find(name);
    if (found == sources.end() || is_network_input(found->second)) {
      fail(ErrorKind::kInput, "{}: outputs: found {}, wanted the name of a layer", where,
           quote_json(name));
    }
    if (std::ranges::find(outputs, found->second) != outputs.end()) {
      fail(ErrorKind::kInput, "{}: outputs: {} is there twice", where, quote_json(name));
    }
    outputs.push_back(found->second);
  }
  return outputs.empty() ? unread_layers(network) : outputs;
}

// Elements of a shape whose sizes are within kMaxSize; absent where the network could not hold it.
std::optional<uint64_t> checked_elements(const FeatureShape& shape) {
  const auto size = [](int64_t n) { return static_cast<uint64_t>(n); };
  const auto elements =
      checked_product({size(shape.channels), size(shape.height), size(shape.width)});
  if (!elements || *elements > kMaxNetworkBytes / sizeof(float)) return std::nullopt;
  return elements;
}

void check_input(const FeatureShape& input, std::string_view where) {
  for (const int64_t size : {input.channels, input.height, input.width}) {
    if (size < 1 || size > kMaxSize) {
      fail(ErrorKind::kInput, "{}: input: found a size of {}, wanted 1 to {}", where, size,
           kMaxSize);
    }
  }
  if (!checked_elements(input)) {
    fail(ErrorKind::kInput, "{}: input: {}x{}x{} does not fit in memory: make it smaller", where,
         input.channels, input.height, input.width);
  }
}

// Adds the floats that a layer needs to `elements`, those of the network so far.
void reserve_memory(const Layer& layer, uint64_t& elements, const LayerPlace& place) {
  const auto output = checked_elements(layer.output_shape);
  const auto total =
      output ? checked_sum({elements, *output, layer.parameters}) : std::optional<uint64_t>();
  if (!total || *total > kMaxNetworkBytes / sizeof(float)) {
    place.reject("",
                 "its output {} and {} parameters do not fit in memory with the layers before "
                 "(limit {} GiB): make it smaller",
                 to_string(layer.output_shape), layer.parameters, kMaxNetworkBytes >> 30);
  }
  elements = *total;
}

}  // namespace

std::string to_string(const FeatureShape& shape) {
  if (shape.is_vector()) return fmt::format("{}", shape.channels);
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

std::string_view kind_name(const Operation& operation) { return layer_kind(operation).word(); }

bool is_depthwise(const Conv2d& conv, int64_t input_channels) {
  return conv.groups == input_channels && conv.filters == input_channels && input_channels > 1;
}

std::optional<ByteScale> Layer::output_bytes() const {
  const std::optional<Int8Layer>& last = fused.empty() ? int8 : fused.back().int8;
  return last ? last->output : std::nullopt;
}

uint64_t Network::macs() const {
  uint64_t total = 0;
  for (const Layer& layer : layers) total += layer.macs;
  return total;
}

uint64_t Network::parameters() const {
  uint64_t total = 0;
  for (const Layer& layer : layers) total += layer.parameters;
  return total;
}

const FeatureShape& Network::shape_of(int source) const {
  return is_network_input(source) ? inputs[input_number(source)].shape
                                  : layers[static_cast<size_t>(source)].output_shape;
}

std::optional<ByteScale> Network::bytes_of(int source) const {
  if (is_network_input(source)) return std::nullopt;
  return layers[static_cast<size_t>(source)].output_bytes();
}

bool Network::is_output(int layer) const {
  return std::ranges::find(outputs, layer) != outputs.end();
}

Network build_network(NetworkSpec spec, std::string_view where) {
  if (spec.inputs.empty()) {
    fail(ErrorKind::kInput, "{}: inputs: found none, wanted at least one", where);
  }
  check_input_names(spec.inputs, where);
  if (spec.layers.empty()) {
    fail(ErrorKind::kInput, "{}: layers: found none, wanted at least one", where);
  }
  if (spec.layers.size() > kMaxLayers) {
    fail(ErrorKind::kInput, "{}: layers: found {}, wanted at most {}", where, spec.layers.size(),
         kMaxLayers);
  }
  std::vector<std::string> names = layer_names(spec, where);

  Network network{std::move(spec.name), std::move(spec.inputs), {}, {}};
  Sources sources;
  uint64_t elements = 0, macs = 0;
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    check_input(network.inputs[i].shape, where);
    elements += static_cast<uint64_t>(network.inputs[i].shape.elements());
    sources[network.inputs[i].name] = network_input(i);
  }
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& written = spec.layers[i];
    const LayerPlace place{where, i};
    Layer layer;
    layer.name = std::move(names[i]);
    connect(layer, written, network, sources, place);
    const LayerKind& kind = layer_kind(written.operation);
    layer.operation = written.pad_same
                          ? kind.with_same_padding(written.operation, layer.input_shape())
                          : written.operation;
    layer.output_shape = kind.infer_shape(layer.operation, layer.input_shapes, place);
    const LayerWork work = kind.work(layer, place);
    layer.macs = work.macs;
    layer.parameters = work.parameters;
    layer.int8 = written.int8;
    check_bytes(layer, place);
    reserve_memory(layer, elements, place);
    const auto total_macs = checked_sum({macs, layer.macs});
    if (!total_macs) place.reject("", "the network's multiply-accumulates overflow 64 bits");
    macs = *total_macs;
    sources[layer.name] = static_cast<int>(i);
    network.layers.push_back(std::move(layer));
  }
  network.outputs = find_outputs(spec, network, sources, where);
  return network;
}

Network build_network(std::string name, FeatureShape input, const std::vector<LayerSpec>& specs,
                      std::string_view where) {
  return build_network({std::move(name), {{"input", input}}, specs, {}}, where);
}

std::vector<int> unread_layers(const Network& network) {
  std::vector<bool> is_read(network.layers.size(), false);
  for (const Layer& layer : network.layers) {
    for (const int input : layer.inputs) {
      if (!is_network_input(input)) is_read[static_cast<size_t>(input)] = true;
    }
  }
  std::vector<int> unread;
  for (size_t i = 0; i < is_read.size(); ++i) {
    if (!is_read[i]) unread.push_back(static_cast<int>(i));
  }
  return unread;
}

uint64_t peak_activation_bytes(const Network& network) {
  // The last layer that reads each map: by input of the network, then by layer.
  const size_t inputs = network.inputs.size(), layers = network.layers.size();
  const auto place_of = [&](int source) {
    return is_network_input(source) ? input_number(source) : inputs + static_cast<size_t>(source);
  };
  std::vector<size_t> last_reader(inputs + layers, 0);
  for (size_t i = 0; i < layers; ++i) {
    last_reader[inputs + i] = i;
    for (const int input : network.layers[i].inputs) last_reader[place_of(input)] = i;
  }
  for (const int output : network.outputs) last_reader[place_of(output)] = layers;
  const auto bytes = [&](int source) {
    const auto values = static_cast<uint64_t>(network.shape_of(source).elements());
    return network.bytes_of(source) ? values : values * sizeof(float);
  };
  uint64_t alive = 0, peak = 0;
  for (size_t i = 0; i < inputs; ++i) alive += bytes(network_input(i));
  std::vector<uint64_t> dying(layers + 1, 0);  // what nobody reads after each layer
  for (size_t i = 0; i < inputs; ++i) dying[last_reader[i]] += bytes(network_input(i));
  for (size_t i = 0; i < layers; ++i) {
    const uint64_t output = bytes(static_cast<int>(i));
    dying[last_reader[inputs + i]] += output;
    alive += output;
    peak = std::max(peak, alive);
    alive -= dying[i];
  }
  return peak;
}

}  // namespace wattgrind
