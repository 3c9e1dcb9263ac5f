#include "estimator/network/network_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/network/workload.h"

namespace wattgrind {
namespace {

// The name of a layer begins with a letter.
constexpr std::string_view kUpTo = "..";

// The position where the name of a network's part begins; npos where the text names none. Folders
// of a network's file have slashes too, layers' names no ".json" or other ending before theirs.
size_t part_slash(const std::string& text) {
  for (const std::string_view ending : {".json", ".onnx", ".param"}) {
    const size_t file = text.find(std::string(ending) + "/");
    if (file != std::string::npos) return file + ending.size();
    if (text.ends_with(ending)) return std::string::npos;
  }
  return text.find('/');
}

}  // namespace

Network layer_alone(const Network& network, size_t layer, std::string_view network_name) {
  Layer alone = network.layers.at(layer);
  Network part{fmt::format("{}/{}", network_name, alone.name), {}, {}, {0}};
  // A map that the layer reads twice is one input of the part.
  std::vector<int> sources;
  for (size_t i = 0; i < alone.inputs.size(); ++i) {
    const auto known = std::ranges::find(sources, alone.inputs[i]);
    const auto number = static_cast<size_t>(known - sources.begin());
    if (known == sources.end()) {
      sources.push_back(alone.inputs[i]);
      part.inputs.push_back(
          {i == 0 ? "input" : fmt::format("input{}", number + 1), alone.input_shapes[i]});
    }
    alone.inputs[i] = network_input(number);
  }
  part.layers.push_back(std::move(alone));
  return part;
}

Network up_to_layer(const Network& network, size_t layer, std::string_view network_name) {
  CHECK(layer < network.layers.size(), "{} of {}", layer, network.layers.size());
  const auto end = network.layers.begin() + static_cast<std::ptrdiff_t>(layer) + 1;
  Network part{fmt::format("{}/{}{}", network_name, kUpTo, network.layers[layer].name),
               network.inputs,
               {network.layers.begin(), end},
               {}};
  part.outputs = unread_layers(part);
  return part;
}

Network find_part(const Network& network, std::string_view part, std::string_view network_name) {
  const bool is_leading = part.starts_with(kUpTo);
  const std::string_view name = is_leading ? part.substr(kUpTo.size()) : part;
  std::vector<std::string_view> names;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    names.push_back(network.layers[i].name);
    if (names.back() != name) continue;
    return is_leading ? up_to_layer(network, i, network_name)
                      : layer_alone(network, i, network_name);
  }
  fail(ErrorKind::kInput, "{} has no layer {}; {}", network_name, name, suggest(name, names));
}

std::string whole_workload(const std::string& text) {
  return text.starts_with(kMatmulPrefix) ? text : text.substr(0, part_slash(text));
}

}  // namespace wattgrind
