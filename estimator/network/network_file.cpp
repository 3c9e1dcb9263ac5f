#include "estimator/network/network_file.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kSchemaName = "wattgrind/network/1";

FeatureShape read_shape(const json& sizes) {
  return {sizes.at(0).get<int64_t>(), sizes.at(1).get<int64_t>(), sizes.at(2).get<int64_t>()};
}

// `padding` is an array of 2 or 4; "same" is kept apart, in LayerSpec::pad_same.
Window2d read_window(const json& layer, bool stride_is_kernel) {
  Window2d window;
  const json& kernel = layer.at("kernel");
  window.kernel_height = kernel.at(0).get<int64_t>();
  window.kernel_width = kernel.at(1).get<int64_t>();
  if (layer.contains("stride")) {
    window.stride_height = layer.at("stride").at(0).get<int64_t>();
    window.stride_width = layer.at("stride").at(1).get<int64_t>();
  } else if (stride_is_kernel) {
    window.stride_height = window.kernel_height;
    window.stride_width = window.kernel_width;
  }
  const json padding = layer.value("padding", json::array({0, 0}));
  if (padding.is_array()) {
    const size_t opposite = padding.size() == 4 ? 2 : 0;
    window.pad_top = padding.at(0).get<int64_t>();
    window.pad_left = padding.at(1).get<int64_t>();
    window.pad_bottom = padding.at(opposite).get<int64_t>();
    window.pad_right = padding.at(opposite + 1).get<int64_t>();
  }
  return window;
}

Operation read_operation(const json& layer) {
  const std::string kind = layer.at("kind").get<std::string>();
  if (kind == "conv2d") {
    return Conv2d{layer.at("filters").get<int64_t>(), read_window(layer, false),
                  layer.value("groups", int64_t{1})};
  }
  if (kind == "dense") return Dense{layer.at("units").get<int64_t>()};
  if (kind == "relu") return Relu{};
  if (kind == "maxpool2d") return MaxPool2d{read_window(layer, true)};
  if (kind == "avgpool2d") return AvgPool2d{read_window(layer, true)};
  if (kind == "globalavgpool2d") return GlobalAvgPool2d{};
  if (kind == "lrn") {
    const Lrn standard;
    return Lrn{layer.value("size", standard.size), layer.value("alpha", standard.alpha),
               layer.value("beta", standard.beta), layer.value("k", standard.k)};
  }
  if (kind == "dropout") return Dropout{layer.value("rate", Dropout{}.rate)};
  if (kind == "flatten") return Flatten{};
  CHECK(kind == "softmax", "kind = {}: in the schema, not in the reader", kind);
  return Softmax{};
}

LayerSpec read_layer(const json& layer) {
  return {layer.value("name", std::string()), read_operation(layer),
          layer.value("padding", json()) == "same",
          layer.contains("inputs") ? layer.at("inputs").at(0).get<std::string>() : std::string()};
}

void write_window(const Window2d& window, ordered_json& layer) {
  layer["kernel"] = {window.kernel_height, window.kernel_width};
  layer["stride"] = {window.stride_height, window.stride_width};
  layer["padding"] = {window.pad_top, window.pad_left, window.pad_bottom, window.pad_right};
}

// Writes an operation's members beside its kind.
struct MemberWriter {
  ordered_json& layer;

  void operator()(const Conv2d& conv) const {
    layer["filters"] = conv.filters;
    write_window(conv.window, layer);
    layer["groups"] = conv.groups;
  }
  void operator()(const Dense& dense) const { layer["units"] = dense.units; }
  void operator()(const MaxPool2d& pool) const { write_window(pool.window, layer); }
  void operator()(const AvgPool2d& pool) const { write_window(pool.window, layer); }
  void operator()(const Lrn& lrn) const {
    layer["size"] = lrn.size;
    layer["alpha"] = lrn.alpha;
    layer["beta"] = lrn.beta;
    layer["k"] = lrn.k;
  }
  void operator()(const Dropout& dropout) const { layer["rate"] = dropout.rate; }
  void operator()(const Relu&) const {}
  void operator()(const GlobalAvgPool2d&) const {}
  void operator()(const Flatten&) const {}
  void operator()(const Softmax&) const {}
};

ordered_json write_layer(const Network& network, size_t index) {
  const Layer& layer = network.layers[index];
  ordered_json written;
  written["kind"] = kind_name(layer.operation);
  written["name"] = layer.name;
  if (layer.input != static_cast<int>(index) - 1) {
    written["inputs"] = {layer.input == kNetworkInput
                             ? "input"
                             : network.layers[static_cast<size_t>(layer.input)].name};
  }
  std::visit(MemberWriter{written}, layer.operation);
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
