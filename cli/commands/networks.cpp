// wattgrind networks [NETWORK]: the built-in networks, or one layer by layer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/dimension_option.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/output.h"
#include "cli/terminal/sentence.h"
#include "cli/terminal/table.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/binary_functions.h"
#include "estimator/network/map_axes.h"
#include "estimator/network/network_file.h"
#include "estimator/network/unary_functions.h"
#include "estimator/onnx/model_file.h"
#include "estimator/system/atomic_file.h"
#include "search/training/network_weights.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

struct NetworksOptions {
  std::string network, weights;
  DimensionSizes dimensions;
  std::shared_ptr<OutputOptions> output;
};

std::string input_text(const Network& network) {
  std::vector<std::string> texts;
  for (const NetworkInput& input : network.inputs) {
    texts.push_back(
        fmt::format("{}x{}x{}", input.shape.channels, input.shape.height, input.shape.width));
  }
  return fmt::format("{}", fmt::join(texts, " + "));
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
  if (w.dilation_height != 1 || w.dilation_width != 1) {
    text += ", dilation " + sizes_text(w.dilation_height, w.dilation_width);
  }
  if (w.pad_top != w.pad_bottom || w.pad_left != w.pad_right) {
    text += fmt::format(", padding {} {} {} {}", w.pad_top, w.pad_left, w.pad_bottom, w.pad_right);
  } else if (w.pad_top != 0 || w.pad_left != 0) {
    text += ", padding " + sizes_text(w.pad_top, w.pad_left);
  }
  if (w.dilation_height != 1 || w.dilation_width != 1) {
    text += ", dilation " + sizes_text(w.dilation_height, w.dilation_width);
  }
  return text;
}

std::string factors_text(const std::vector<RearrangeFactor>& factors) {
  std::string text;
  for (const RearrangeFactor& factor : factors) {
    text += fmt::format("{}{} {} by {}", text.empty() ? "" : " x ", factor.extent,
                        name(factor.axis), factor.step);
  }
  return text.empty() ? "1" : text;
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
  std::string operator()(const Rearrange& rearrange) const {
    return fmt::format("{}; {}; {}", factors_text(rearrange.channels),
                       factors_text(rearrange.height), factors_text(rearrange.width));
  }
  std::string operator()(const Slice& slice) const {
    const std::string step = slice.step == 1 ? "" : fmt::format(", step {}", slice.step);
    return fmt::format("{} {} from {}{}", slice.size, name(slice.axis), slice.start, step);
  }
  std::string operator()(const Transpose& transpose) const {
    return fmt::format("{}, {}, {}", name(transpose.order[0]), name(transpose.order[1]),
                       name(transpose.order[2]));
  }
  std::string operator()(const ChannelShuffle& shuffle) const {
    return fmt::format("{} groups", shuffle.groups);
  }
  std::string operator()(const DepthToSpace& depth_to_space) const {
    return fmt::format("{0}x{0}", depth_to_space.block);
  }
  std::string operator()(const SpaceToDepth& space_to_depth) const {
    return fmt::format("{0}x{0}", space_to_depth.block);
  }
  std::string operator()(const ConvTranspose2d& conv) const {
    const std::string groups = conv.groups == 1 ? "" : fmt::format(", {} groups", conv.groups);
    return window_text(conv.window) + groups;
  }
  std::string operator()(const Embedding& embedding) const {
    return fmt::format("{} rows", embedding.rows);
  }
  std::string operator()(const MatMul& matmul) const {
    return matmul.transpose_b ? "second transposed" : "";
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
  std::string operator()(const Concat& concat) const { return std::string(name(concat.axis)); }
  std::string operator()(const Pad& pad) const {
    return fmt::format("before [{}], behind [{}]", fmt::join(pad.begin, ", "),
                       fmt::join(pad.end, ", "));
  }
  std::string operator()(const Resize& resize) const {
    return resize.mode == ResizeMode::kNearest ? "nearest" : "linear";
  }
  std::string operator()(const Reduce& reduce) const { return to_string(reduce.axes); }
  std::string operator()(const Softmax& softmax) const {
    const std::string axes = softmax.axes == Softmax{}.axes ? "" : to_string(softmax.axes);
    return softmax.log ? axes + (axes.empty() ? "logarithm" : ", logarithm") : axes;
  }
  std::string operator()(const Normalization& norm) const { return "over " + to_string(norm.axes); }
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

void show_network(const Network& network, Output& output) {
  output.print({[&](Emphasis emphasis) {
                  Table table = layer_table(network);
                  table.rows.push_back({std::string("total"), std::string(), std::string(),
                                        std::string(), network.macs(), network.parameters()});
                  table.footer_rows = 1;
                  return sentence("{}: input {}, one image, {:.2f} MiB of maps alive at once\n\n",
                                  network.name, input_text(network),
                                  static_cast<double>(peak_activation_bytes(network)) / (1 << 20)) +
                         aligned_text(table, emphasis);
                },
                [&] { return parse_ordered_json(write_network(network), network.name); },
                [&] { return layer_table(network); }});
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

// The weights of a model's file, named as the layers of the network file are.
void write_weights(const NetworksOptions& options) {
  if (!is_onnx_file(options.network)) {
    fail(ErrorKind::kUsage, "--weights: found {}, wanted an .onnx file, which has weights",
         quote_json(options.network));
  }
  AtomicFile file(options.weights);
  OnnxImportOptions import;
  import.dimensions = options.dimensions;
  import.needs_values = true;
  const OnnxModel model = read_onnx_model(options.network);
  const ImportedModel imported =
      with_option("--dim", [&] { return find_runnable(options.network, model, import); });
  if (!imported.has_values) {
    fail(ErrorKind::kInput, "{}: its weights are absent", options.network);
  }
  file.commit(safetensors_bytes(to_tensors(imported.network, imported.parameters)));
}

}  // namespace

void add_networks_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("networks", "List the built-in networks, or show one layer by layer");
  auto options = std::make_shared<NetworksOptions>();
  command
      ->add_option("network", options->network,
                   "A built-in name, an .onnx, .param or .json file, or a short form: "
                   "dffr:layers=3,width=12, cnn:layers=2,filters=4,filter_size=3, "
                   "dffr_triangle:layers=4; --format json writes it as a network file")
      ->type_name("NETWORK");
  add_dimension_option(*command, options->dimensions);
  command
      ->add_option("--weights", options->weights,
                   "Write the parameters of an .onnx file as safetensors")
      ->type_name("FILE");
  options->output = add_output_options(*command);
  command->callback([command, options] {
    Output output(*options->output);
    if (command->count("network") == 0) {
      list_networks(output);
      return;
    }
    show_network(find_network_of(options->network, options->dimensions), output);
    if (!options->weights.empty()) write_weights(*options);
  });
}

}  // namespace wattgrind
