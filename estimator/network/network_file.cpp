#include "estimator/network/network_file.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"
#include "estimator/network/byte_layers.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/map_axes.h"
#include "estimator/network/network_blocks.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kSchemaName = "wattgrind/network/1";

Operation read_operation(const json& layer) {
  const std::string word = layer.at("kind").get<std::string>();
  const LayerKind* const kind = find_layer_kind(word);
  CHECK(kind != nullptr, "kind = {}: in the schema, not in the program", word);
  return kind->read(layer);
}

std::optional<Int8Layer> read_int8(const json& layer) {
  if (!layer.contains("int8")) return std::nullopt;
  const json& written = layer.at("int8");
  Int8Layer int8;
  int8.weight_bits = written.value("weight_bits", int8.weight_bits);
  if (written.contains("scale")) {
    int8.output = ByteScale{written.at("scale").get<float>(), written.value("zero_point", 0)};
  }
  return int8;
}

LayerSpec read_layer(const json& layer) {
  return {layer.value("name", std::string()), read_operation(layer),
          layer.value("padding", json()) == "same",
          layer.value("inputs", std::vector<std::string>()), read_int8(layer)};
}

ordered_json write_int8(const Int8Layer& int8, bool has_weights) {
  ordered_json written = ordered_json::object();
  if (int8.output) {
    written["scale"] = int8.output->scale;
    written["zero_point"] = int8.output->zero_point;
  }
  if (has_weights) written["weight_bits"] = int8.weight_bits;
  return written;
}

ordered_json write_layer(const Network& network, size_t index) {
  const Layer& layer = network.layers[index];
  ordered_json written;
  written["kind"] = kind_name(layer.operation);
  written["name"] = layer.name;
  if (layer.inputs != std::vector<int>{static_cast<int>(index) - 1}) {
    for (const int input : layer.inputs) {
      written["inputs"].push_back(is_network_input(input)
                                      ? network.inputs[input_number(input)].name
                                      : network.layers[static_cast<size_t>(input)].name);
    }
  }
  layer_kind(layer.operation).write(layer.operation, written);
  if (layer.int8) {
    written["int8"] = write_int8(*layer.int8, byte_work(layer.operation) == ByteWork::kProduct);
  }
  return written;
}

// "input": [c, h, w], or "inputs": [{"name": "image", "shape": [c, h, w]}, ...].
std::vector<NetworkInput> read_inputs(const json& document, std::string_view where) {
  const bool has_one = document.contains("input");
  if (has_one == document.contains("inputs")) {
    fail(ErrorKind::kInput, "{}: found {}, wanted one of the keys \"input\" and \"inputs\"", where,
         has_one ? "both" : "neither");
  }
  if (has_one) return {{"input", read_shape(document.at("input"))}};
  std::vector<NetworkInput> inputs;
  for (const json& input : document.at("inputs")) {
    inputs.push_back({input.at("name").get<std::string>(), read_shape(input.at("shape"))});
  }
  return inputs;
}

void write_inputs(const Network& network, ordered_json& document) {
  if (network.inputs.size() == 1 && network.inputs[0].name == "input") {
    document["input"] = write_shape(network.input());
    return;
  }
  for (const NetworkInput& input : network.inputs) {
    document["inputs"].push_back({{"name", input.name}, {"shape", write_shape(input.shape)}});
  }
}

// Names the outputs where they are others than the layers nobody reads.
void write_outputs(const Network& network, ordered_json& document) {
  if (network.outputs == unread_layers(network)) return;
  for (const int output : network.outputs) {
    document["outputs"].push_back(network.layers[static_cast<size_t>(output)].name);
  }
}

}  // namespace

Network read_network(std::string_view text, std::string_view where) {
  json document = parse_json(text, where);
  builtin_schema("network").validate(document, where);
  std::string place(where);
  if (document.contains("blocks")) {
    document = without_blocks(document, where);
    place += " with the layers of its blocks";
    builtin_schema("network").validate(document, place);
  }
  std::vector<LayerSpec> specs;
  for (const json& layer : document.at("layers")) specs.push_back(read_layer(layer));
  return build_network({document.at("name").get<std::string>(), read_inputs(document, where),
                        std::move(specs), document.value("outputs", std::vector<std::string>())},
                       place);
}

std::string write_network(const Network& network) {
  ordered_json document;
  document["schema"] = kSchemaName;
  document["name"] = network.name;
  write_inputs(network, document);
  write_outputs(network, document);
  document["layers"] = ordered_json::array();
  for (size_t i = 0; i < network.layers.size(); ++i) {
    document["layers"].push_back(write_layer(network, i));
  }
  return layout_json(document);
}

}  // namespace wattgrind
