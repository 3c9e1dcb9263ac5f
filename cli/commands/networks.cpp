// wattgrind networks [NETWORK]: the built-in networks, or one layer by layer.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/terminal/output.h"
#include "cli/terminal/table.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/network/binary_functions.h"
#include "estimator/network/unary_functions.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

std::string input_text(const Network& network) {
  return fmt::format("{}x{}x{}", network.input().channels, network.input().height,
                     network.input().width);
}

std::string sizes_text(int64_t vertical, int64_t horizontal) {
  return vertical == horizontal ? fmt::format("{}", vertical)
                                : fmt::format("{}x{}", vertical, horizontal);
}

std::string window_text(const Window2d& w) {
  std::string text = fmt::format("{}x{}", w.kernel_height, w.kernel_width);
  if (w.stride_height != 1 || w.stride_width != 1) {
    text += ", stride " + sizes_text(w.stride_height, w.stride_width);
  }
  if (w.pad_top != w.pad_bottom || w.pad_left != w.pad_right) {
    text += fmt::format(", padding {} {} {} {}", w.pad_top, w.pad_left, w.pad_bottom, w.pad_right);
  } else if (w.pad_top != 0 || w.pad_left != 0) {
    text += ", padding " + sizes_text(w.pad_top, w.pad_left);
  }
  return text;
}

// What there is to say of an operation beyond its kind and shapes.
struct Details {
  std::string operator()(const Conv2d& conv) const {
    const std::string groups = conv.groups == 1 ? "" : fmt::format(", {} groups", conv.groups);
    return window_text(conv.window) + groups;
  }
  std::string operator()(const MaxPool2d& pool) const { return window_text(pool.window); }
  std::string operator()(const AvgPool2d& pool) const { return window_text(pool.window); }
  std::string operator()(const Lrn& lrn) const { return fmt::format("{} channels", lrn.size); }
  std::string operator()(const Dropout& dropout) const { return fmt::format("{}", dropout.rate); }
  std::string operator()(const Activation& activation) const {
    return std::string(traits(activation.function).word);
  }
  std::string operator()(const Binary& binary) const {
    std::string text(word_of(binary.function));
    if (has_constant(binary)) {
      text += ", constant " + to_string(binary.constant);
    } else if (binary.scalar) {
      text += fmt::format(" {}", *binary.scalar);
    }
    return binary.reversed ? text + ", reversed" : text;
  }
  std::string operator()(const Normalization& norm) const {
    std::string text = "over";
    if (norm.axes.channels) text += " channels";
    if (norm.axes.height) text += " height";
    if (norm.axes.width) text += " width";
    return text;
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

ordered_json shape_json(const FeatureShape& shape) {
  return ordered_json::array({shape.channels, shape.height, shape.width});
}

Table layer_table(const Network& network) {
  Table table;
  table.columns = {{"name", "layer"},    {"kind", "kind"}, {"details", ""},
                   {"output", "output"}, {"macs", "MACs"}, {"parameters", "parameters"}};
  for (const Layer& layer : network.layers) {
    table.rows.push_back({layer.name, std::string(kind_name(layer.operation)),
                          std::visit(Details{}, layer.operation), to_string(layer.output_shape),
                          layer.macs, layer.parameters});
  }
  return table;
}

ordered_json layers_json(const Network& network) {
  ordered_json json;
  json["schema"] = "wattgrind/layers/1";
  json["name"] = network.name;
  json["input"] = shape_json(network.input());
  json["macs"] = network.macs();
  json["parameters"] = network.parameters();
  for (const Layer& layer : network.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"kind", kind_name(layer.operation)},
                              {"input_shape", shape_json(layer.input_shape())},
                              {"output_shape", shape_json(layer.output_shape)},
                              {"macs", layer.macs},
                              {"parameters", layer.parameters}});
  }
  return json;
}

void show_network(const Network& network, Output& output) {
  output.print({[&](Emphasis emphasis) {
                  Table table = layer_table(network);
                  table.rows.push_back({std::string("total"), std::string(), std::string(),
                                        std::string(), network.macs(), network.parameters()});
                  table.footer_rows = 1;
                  return fmt::format("{}: input {}, one image\n\n{}", network.name,
                                     input_text(network), aligned_text(table, emphasis));
                },
                [&] { return layers_json(network); }, [&] { return layer_table(network); }});
}

Table network_table(const std::vector<Network>& networks) {
  Table table;
  table.columns = {{"name", "network"},
                   {"input", "input"},
                   {"layers", "layers"},
                   {"macs", "MACs"},
                   {"parameters", "parameters"}};
  for (const Network& network : networks) {
    table.rows.push_back({network.name, input_text(network), uint64_t{network.layers.size()},
                          network.macs(), network.parameters()});
  }
  return table;
}

ordered_json networks_json(const std::vector<Network>& networks) {
  ordered_json json;
  json["schema"] = "wattgrind/networks/1";
  for (const Network& network : networks) {
    json["networks"].push_back({{"name", network.name},
                                {"input", shape_json(network.input())},
                                {"layers", network.layers.size()},
                                {"macs", network.macs()},
                                {"parameters", network.parameters()}});
  }
  return json;
}

void list_networks(Output& output) {
  std::vector<Network> networks;
  for (const std::string_view name : builtin_names("networks")) {
    networks.push_back(builtin_network(name));
  }
  output.print({[&](Emphasis emphasis) { return aligned_text(network_table(networks), emphasis); },
                [&] { return networks_json(networks); }, [&] { return network_table(networks); }});
}

}  // namespace

void add_networks_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("networks", "List the built-in networks, or show one layer by layer");
  auto argument = std::make_shared<std::string>();
  command
      ->add_option("network", *argument,
                   "A built-in name, a .json file, or a short form: dffr:layers=3,width=12, "
                   "cnn:layers=2,filters=4,filter_size=3, dffr_triangle:layers=4")
      ->type_name("NETWORK");
  const auto options = add_output_options(*command);
  command->callback([command, argument, options] {
    const bool one = command->count("network") > 0;
    Output output(*options);
    if (one) {
      show_network(find_network(*argument), output);
    } else {
      list_networks(output);
    }
  });
}

}  // namespace wattgrind
