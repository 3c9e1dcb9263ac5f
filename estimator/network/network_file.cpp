#include "estimator/network/network_file.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kSchemaName = "wattgrind/network/1";

FeatureShape read_shape(const json& sizes) {
  return {sizes.at(0).get<int64_t>(), sizes.at(1).get<int64_t>(), sizes.at(2).get<int64_t>()};
}

Operation read_operation(const json& layer) {
  const std::string word = layer.at("kind").get<std::string>();
  const LayerKind* const kind = find_layer_kind(word);
  CHECK(kind != nullptr, "kind = {}: in the schema, not in the program", word);
  return kind->read(layer);
}

LayerSpec read_layer(const json& layer) {
  return {layer.value("name", std::string()), read_operation(layer),
          layer.value("padding", json()) == "same",
          layer.value("inputs", std::vector<std::string>())};
}

ordered_json write_layer(const Network& network, size_t index) {
  const Layer& layer = network.layers[index];
  ordered_json written;
  written["kind"] = kind_name(layer.operation);
  written["name"] = layer.name;
  if (layer.inputs != std::vector<int>{static_cast<int>(index) - 1}) {
    for (const int input : layer.inputs) {
      written["inputs"].push_back(
          input == kNetworkInput ? "input" : network.layers[static_cast<size_t>(input)].name);
    }
  }
  layer_kind(layer.operation).write(layer.operation, written);
  return written;
}

}  // namespace

Network read_network(std::string_view text, std::string_view where) {
  const json document = parse_json(text, where);
  builtin_schema("network").validate(document, where);
  std::vector<LayerSpec> specs;
  for (const json& layer : document.at("layers")) specs.push_back(read_layer(layer));
  return build_network(document.at("name").get<std::string>(), read_shape(document.at("input")),
                       specs, where);
}

std::string write_network(const Network& network) {
  ordered_json document;
  document["schema"] = kSchemaName;
  document["name"] = network.name;
  document["input"] = {network.input.channels, network.input.height, network.input.width};
  document["layers"] = ordered_json::array();
  for (size_t i = 0; i < network.layers.size(); ++i) {
    document["layers"].push_back(write_layer(network, i));
  }
  return layout_json(document);
}

}  // namespace wattgrind
