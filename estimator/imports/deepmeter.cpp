#include "estimator/imports/deepmeter.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"
#include "estimator/imports/import_graph.h"
#include "estimator/network/unary_functions.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr FeatureShape kDigits{1, 32, 32};

// "nn.ReLU" and "ReLU" are the same.
std::string module_name(const ordered_json& entry, const std::string& place) {
  if (!entry.contains("torch_module")) {
    fail(ErrorKind::kInput, "{}: the key \"torch_module\" is missing", place);
  }
  const std::string name = expect_string(entry.at("torch_module"), place + ": torch_module");
  return name.substr(name.rfind('.') + 1);
}

class DeepMeterImport {
 public:
  DeepMeterImport(const ordered_json& document, const std::string& name, std::string_view where)
      : document_(document), where_(where), graph_(name) {}

  Network read() && {
    check_support();
    for (size_t i = 0; i < document_.size(); ++i) read_entry(document_[i], place_of(i));
    return std::move(graph_).build(where_);
  }

 private:
  using Reader = void (DeepMeterImport::*)(const ordered_json&);
  struct Module {
    Reader read;
    std::vector<std::string_view> keys;  // beside those of every entry
    std::optional<Operation> operation;  // of modules without parameters
  };

  static const std::map<std::string_view, Module>& modules() {
    static const std::map<std::string_view, Module> kModules = [] {
      const std::vector<std::string_view> pool = {"kernel_size", "stride", "padding"};
      std::map<std::string_view, Module> all = {
          {"Conv2d",
           {&DeepMeterImport::read_convolution,
            {"in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation",
             "groups", "bias"},
            {}}},
          {"Linear", {&DeepMeterImport::read_linear, {"in_features", "out_features", "bias"}, {}}},
          {"MaxPool2d", {&DeepMeterImport::read_max_pooling, pool, {}}},
          {"AvgPool2d", {&DeepMeterImport::read_average_pooling, pool, {}}},
          {"Flatten", {&DeepMeterImport::read_flatten, {}, {}}}};
      const std::vector<std::pair<std::string_view, Operation>> plain = {
          {"ReLU", Relu{}},
          {"ReLU6", Clip{0, 6}},
          {"Tanh", default_activation(UnaryFunction::kTanh)},
          {"SELU", default_activation(UnaryFunction::kSelu)},
          {"ELU", default_activation(UnaryFunction::kElu)},
          {"LeakyReLU", default_activation(UnaryFunction::kLeakyRelu)},
          {"Sigmoid", default_activation(UnaryFunction::kSigmoid)},
          {"SiLU", default_activation(UnaryFunction::kSwish)},
          {"GELU", default_activation(UnaryFunction::kGelu)},
          {"Hardswish", default_activation(UnaryFunction::kHardSwish)},
          {"Softplus", default_activation(UnaryFunction::kSoftplus)},
          {"Softmax", Softmax{}}};
      for (const auto& [name, operation] : plain) {
        all[name] = {&DeepMeterImport::read_plain, {}, operation};
      }
      return all;
    }();
    return kModules;
  }

  std::string place_of(size_t index) const { return fmt::format("{}: [{}]", where_, index); }

  // What every entry must be before any is read.
  void check_support() const {
    std::vector<std::string> unsupported;
    for (size_t i = 0; i < document_.size(); ++i) {
      const std::string place = place_of(i);
      const ordered_json& entry = document_[i];
      expect_object(entry, place);
      const std::string type = entry.contains("type")
                                   ? expect_string(entry.at("type"), place + ": type")
                                   : std::string();
      if (type != "layer" && type != "reshape") {
        fail(ErrorKind::kInput, "{}: type: found {}, wanted \"layer\" or \"reshape\"", place,
             quote_json(type));
      }
      if (type == "reshape") continue;
      const std::string module = module_name(entry, place);
      if (!modules().contains(module)) {
        unsupported.push_back(fmt::format("{} ([{}])", quote_json(module), i));
      }
    }
    if (unsupported.empty()) return;
    fail(ErrorKind::kInput, "{}: {} of {} modules are not supported: {}", where_,
         unsupported.size(), document_.size(), list_names(unsupported));
  }

  void read_entry(const ordered_json& entry, const std::string& place) {
    place_ = place;
    graph_.at(place);
    if (entry.contains("reshape_dim")) read_reshape(entry.at("reshape_dim"));
    if (entry.at("type") == "reshape") {
      expect_keys(entry, {"type", "reshape_dim"}, place);
      if (!entry.contains("reshape_dim")) graph_.reject("the key \"reshape_dim\" is missing");
      return;
    }
    const Module& module = modules().at(module_name(entry, place));
    for (const auto& [key, value] : entry.items()) {
      const bool is_common = key == "type" || key == "torch_module" || key == "reshape_dim";
      if (!is_common && std::ranges::find(module.keys, key) == module.keys.end()) {
        graph_.reject("found the key {}, which {} does not have", quote_json(key),
                      quote_ordered_json(entry.at("torch_module")));
      }
    }
    (this->*module.read)(entry);
  }

  // What the next layer reads: the network's input before there is any.
  const ImportedMap& map() {
    if (!map_) map_ = graph_.add_input("input", kDigits);
    return *map_;
  }

  void add(const Operation& operation) { map_ = graph_.add("", operation, {map()}); }

  void read_reshape(const ordered_json& json) {
    const bool is_vector = json.is_array() && json.size() == 2;
    const std::vector<int64_t> dims = integers(json, "reshape_dim", is_vector ? 2 : 4);
    for (const int64_t size : dims) {
      if (size < 1 || size > kMaxSize) {
        graph_.reject("reshape_dim: found {}, wanted 1 to {}", size, kMaxSize);
      }
    }
    const FeatureShape shape =
        is_vector ? FeatureShape{dims[1], 1, 1} : FeatureShape{dims[1], dims[2], dims[3]};
    if (!map_) {
      map_ = graph_.add_input("input", shape);
      return;
    }
    if (map_->shape == shape) return;
    if (__int128{shape.channels} * shape.height * shape.width == map_->shape.elements()) {
      if (shape.is_vector()) {
        add(Flatten{});
      } else {
        add(Reshape{shape});
      }
      return;
    }
    const bool repeats = map_->shape.channels != shape.channels;
    if (is_vector || (repeats && map_->shape.channels != 1)) {
      graph_.reject("reshape_dim: found {}, which {} cannot become", quote_ordered_json(json),
                    to_string(map_->shape));
    }
    if (map_->shape.height != shape.height || map_->shape.width != shape.width) {
      Resize resize;
      resize.mode = ResizeMode::kLinear;
      resize.height = shape.height;
      resize.width = shape.width;
      add(resize);
    }
    if (!repeats) return;
    Rearrange repeat;
    repeat.channels = {{shape.channels, MapAxis::kChannels, 0}};
    repeat.height = {{shape.height, MapAxis::kHeight, 1}};
    repeat.width = {{shape.width, MapAxis::kWidth, 1}};
    add(repeat);
  }

  std::vector<int64_t> integers(const ordered_json& json, const std::string& key,
                                size_t size) const {
    if (!json.is_array() || json.size() != size) {
      graph_.reject("{}: found {}, wanted {} integers", key, quote_ordered_json(json), size);
    }
    std::vector<int64_t> result;
    for (const ordered_json& value : json) {
      result.push_back(expect_integer(value, place_ + ": " + key));
    }
    return result;
  }

  int64_t size(const ordered_json& entry, const std::string& key,
               std::optional<int64_t> otherwise = {}) const {
    if (entry.contains(key)) return expect_integer(entry.at(key), place_ + ": " + key);
    if (!otherwise) graph_.reject("the key \"{}\" is missing", key);
    return *otherwise;
  }

  // One integer, or [vertical, horizontal].
  std::pair<int64_t, int64_t> sizes(const ordered_json& entry, const std::string& key,
                                    std::pair<int64_t, int64_t> otherwise) const {
    if (!entry.contains(key)) return otherwise;
    const ordered_json& json = entry.at(key);
    if (json.is_array()) {
      const std::vector<int64_t> both = integers(json, key, 2);
      return {both[0], both[1]};
    }
    const int64_t each = expect_integer(json, place_ + ": " + key);
    return {each, each};
  }

  Window2d read_window(const ordered_json& entry, bool stride_is_kernel) const {
    if (!entry.contains("kernel_size")) graph_.reject("the key \"kernel_size\" is missing");
    Window2d window;
    const auto kernel = sizes(entry, "kernel_size", {});
    std::tie(window.kernel_height, window.kernel_width) = kernel;
    std::tie(window.stride_height, window.stride_width) =
        sizes(entry, "stride", stride_is_kernel ? kernel : std::pair<int64_t, int64_t>{1, 1});
    std::tie(window.pad_top, window.pad_left) = sizes(entry, "padding", {0, 0});
    window.pad_bottom = window.pad_top;
    window.pad_right = window.pad_left;
    std::tie(window.dilation_height, window.dilation_width) = sizes(entry, "dilation", {1, 1});
    return window;
  }

  bool read_bias(const ordered_json& entry) const {
    return !entry.contains("bias") || expect_boolean(entry.at("bias"), place_ + ": bias");
  }

  void read_convolution(const ordered_json& entry) {
    const int64_t channels = size(entry, "in_channels");
    if (channels != map().shape.channels) {
      graph_.reject("in_channels: found {}, wanted {}, which reach it", channels,
                    map().shape.channels);
    }
    Conv2d conv;
    conv.filters = size(entry, "out_channels");
    conv.window = read_window(entry, false);
    conv.groups = size(entry, "groups", 1);
    conv.bias = read_bias(entry);
    add(conv);
  }

  void read_linear(const ordered_json& entry) {
    const int64_t features = size(entry, "in_features");
    if (features != map().shape.elements()) {
      graph_.reject("in_features: found {}, wanted {}, which reach it", features,
                    map().shape.elements());
    }
    if (!map().shape.is_vector()) add(Flatten{});
    add(Dense{size(entry, "out_features"), read_bias(entry)});
  }

  void read_max_pooling(const ordered_json& entry) {
    add(MaxPool2d{.window = read_window(entry, true)});
  }

  // PyTorch counts padding as zeros.
  void read_average_pooling(const ordered_json& entry) {
    add(AvgPool2d{.window = read_window(entry, true), .count_padding = true});
  }

  void read_flatten(const ordered_json&) {
    if (!map().shape.is_vector()) add(Flatten{});
  }

  void read_plain(const ordered_json& entry) {
    add(*modules().at(module_name(entry, place_)).operation);
  }

  const ordered_json& document_;
  std::string where_, place_;
  ImportGraph graph_;
  std::optional<ImportedMap> map_;
};

}  // namespace

Network read_deepmeter(const ordered_json& document, const std::string& name,
                       std::string_view where) {
  return DeepMeterImport(document, name, where).read();
}

}  // namespace wattgrind
