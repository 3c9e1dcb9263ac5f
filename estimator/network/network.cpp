#include "estimator/network/network.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 3> kReservedNames = {"input", "runtime", "total"};
constexpr size_t kMaxNameLength = 64;

bool is_well_formed(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_allowed = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("_-./").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kMaxNameLength && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

// The names of the layers. One that was written without a name is called by its kind and the first
// free number.
std::vector<std::string> layer_names(const std::vector<LayerSpec>& specs, std::string_view where) {
  std::set<std::string_view> taken;
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::string& name = specs[i].name;
    if (name.empty()) continue;
    const LayerPlace place{where, i};
    if (!is_well_formed(name)) {
      place.reject("name",
                   "found {}, wanted a letter followed by at most {} letters, digits, "
                   "_, -, . or /",
                   quote_json(name), kMaxNameLength - 1);
    }
    if (std::find(kReservedNames.begin(), kReservedNames.end(), name) != kReservedNames.end()) {
      place.reject("name", "\"{}\" is taken by the program: choose another", name);
    }
    if (!taken.insert(name).second) {
      place.reject("name", "\"{}\" is the name of an earlier layer: names must differ", name);
    }
  }
  std::vector<std::string> names;
  std::map<std::string_view, int> last_number;
  for (const LayerSpec& spec : specs) {
    std::string name = spec.name;
    const std::string_view kind = kind_name(spec.operation);
    while (name.empty() || (spec.name.empty() && taken.count(name) != 0)) {
      name = fmt::format("{}_{}", kind, ++last_number[kind]);
    }
    names.push_back(std::move(name));
  }
  return names;
}

int input_index(const std::string& name, const std::vector<Layer>& earlier,
                const LayerPlace& place) {
  if (name == "input") return kNetworkInput;
  const auto found = std::ranges::find(earlier, name, &Layer::name);
  if (found == earlier.end()) {
    place.reject("inputs", "found {}, wanted the name of an earlier layer, or \"input\"",
                 quote_json(name));
  }
  return static_cast<int>(found - earlier.begin());
}

// What the layer reads: what its specification names, else the layer before.
void connect(Layer& layer, const LayerSpec& spec, const Network& network, const LayerPlace& place) {
  for (const std::string& name : spec.inputs) {
    layer.inputs.push_back(input_index(name, network.layers, place));
  }
  if (spec.inputs.empty()) layer.inputs = {static_cast<int>(network.layers.size()) - 1};
  const size_t wanted = layer_kind(spec.operation).inputs();
  if (layer.inputs.size() != wanted) {
    place.reject("inputs", "found {}, wanted {}", layer.inputs.size(), wanted);
  }
  for (const int input : layer.inputs) {
    layer.input_shapes.push_back(input == kNetworkInput
                                     ? network.input
                                     : network.layers[static_cast<size_t>(input)].output_shape);
  }
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

Network build_network(std::string name, FeatureShape input, const std::vector<LayerSpec>& specs,
                      std::string_view where) {
  check_input(input, where);
  if (specs.empty()) fail(ErrorKind::kInput, "{}: layers: found none, wanted at least one", where);
  if (specs.size() > kMaxLayers) {
    fail(ErrorKind::kInput, "{}: layers: found {}, wanted at most {}", where, specs.size(),
         kMaxLayers);
  }
  std::vector<std::string> names = layer_names(specs, where);

  Network network{std::move(name), input, {}};
  uint64_t elements = static_cast<uint64_t>(input.elements());
  uint64_t macs = 0;
  for (size_t i = 0; i < specs.size(); ++i) {
    const LayerPlace place{where, i};
    Layer layer;
    layer.name = std::move(names[i]);
    connect(layer, specs[i], network, place);
    const LayerKind& kind = layer_kind(specs[i].operation);
    layer.operation = specs[i].pad_same
                          ? kind.with_same_padding(specs[i].operation, layer.input_shape())
                          : specs[i].operation;
    layer.output_shape = kind.infer_shape(layer.operation, layer.input_shapes, place);
    const LayerWork work = kind.work(layer, place);
    layer.macs = work.macs;
    layer.parameters = work.parameters;
    reserve_memory(layer, elements, place);
    const auto total_macs = checked_sum({macs, layer.macs});
    if (!total_macs) place.reject("", "the network's multiply-accumulates overflow 64 bits");
    macs = *total_macs;
    network.layers.push_back(std::move(layer));
  }
  return network;
}

}  // namespace wattgrind
