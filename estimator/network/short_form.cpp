#include "estimator/network/short_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/key_values.h"
#include "estimator/network/topology_parts.h"

namespace wattgrind {
namespace {

constexpr int64_t kMostLayers = 1000;
constexpr int64_t kTriangleMostLayers = 7;  // powerML's third space
constexpr int64_t kTriangleFirstWidth = 16;
constexpr int64_t kCnnHiddenUnits = 128;

using Sizes = std::vector<int64_t>;

// The words, in the order of Pooling.
constexpr std::array<std::string_view, 3> kPoolingWords = {"none", "max", "average"};
constexpr int64_t kPoolSize = 2;

// Writes sizes as "12" where all are equal, as "24-12-6" where they are not.
template <typename Value>
std::string join_values(const std::vector<Value>& values) {
  const bool equal = std::all_of(values.begin(), values.end(),
                                 [&](const Value& value) { return value == values.front(); });
  return equal ? fmt::format("{}", values.front()) : fmt::format("{}", fmt::join(values, "-"));
}

void add(std::vector<LayerSpec>& specs, const Operation& operation, bool pad_same = false) {
  specs.push_back({"", operation, pad_same, {}});
}

// Makes the layers: flatten, the hidden ones, and the classes.
void add_dense_part(std::vector<LayerSpec>& specs, const Sizes& widths, const Task& task) {
  add(specs, Flatten{});
  for (const int64_t width : widths) {
    add(specs, Dense{width});
    add(specs, Relu{});
  }
  add(specs, Dense{task.classes});
  add(specs, Softmax{});
}

Network build_dense(const std::string& name, const Sizes& widths, const Task& task) {
  for (const int64_t width : widths) check_size(width, "width", kMaxSize, name);
  check_size(task.classes, "classes", kMaxSize, name);
  std::vector<LayerSpec> specs;
  add_dense_part(specs, widths, task);
  return build_network(name, task.input, specs, name);
}

std::string cnn_name(const std::vector<ConvBlock>& blocks, const Task& task) {
  Sizes filters, filter_sizes;
  std::vector<std::string_view> poolings;
  bool pooled = false;
  for (const ConvBlock& block : blocks) {
    filters.push_back(block.filters);
    filter_sizes.push_back(block.filter_size);
    poolings.push_back(kPoolingWords[static_cast<size_t>(block.pooling)]);
    pooled |= block.pooling != Pooling::kNone;
  }
  return fmt::format("cnn:layers={},filters={},filter_size={}{}{}", blocks.size(),
                     join_values(filters), join_values(filter_sizes),
                     pooled ? ",pooling=" + join_values(poolings) : "", task_text(task));
}

void add_pooling(std::vector<LayerSpec>& specs, Pooling pooling) {
  Window2d window;
  window.kernel_height = window.kernel_width = kPoolSize;
  window.stride_height = window.stride_width = kPoolSize;
  if (pooling == Pooling::kMax) add(specs, MaxPool2d{window});
  if (pooling == Pooling::kAverage) add(specs, AvgPool2d{window});
}

std::string quote(std::string_view text) { return quote_json(std::string(text)); }

// Reads the keys and values of a topology.
class ShortForm {
 public:
  ShortForm(std::string_view text, const std::vector<std::string_view>& known)
      : values_(text, known) {}

  int64_t integer(std::string_view key) const { return values_.integer(key); }

  // Reads one size for every layer, or as many as there are layers, with "-" between them.
  Sizes sizes(std::string_view key, int64_t layers) const {
    check_size(layers, "layers", kMostLayers, values_.quoted());
    Sizes sizes;
    const std::string_view value = values_.required(key);
    const auto single = parse_integer(value);  // before splitting, for the sign is a "-" too
    if (single) return Sizes(static_cast<size_t>(layers), *single);
    for (const std::string_view part : split(value, '-')) {
      const auto number = parse_integer(part);
      if (!number) {
        values_.reject("{}: found {}, wanted an integer, or one for each layer (24-12-6)", key,
                       quote(value));
      }
      sizes.push_back(*number);
    }
    if (sizes.size() != static_cast<size_t>(layers)) {
      values_.reject("{}: found {} sizes, wanted one, or {}, one a layer", key, sizes.size(),
                     layers);
    }
    return sizes;
  }

  std::vector<ConvBlock> blocks() const {
    const int64_t layers = integer("layers");
    const Sizes filters = sizes("filters", layers), filter_sizes = sizes("filter_size", layers);
    const std::vector<Pooling> pooling = poolings(filters.size());
    std::vector<ConvBlock> blocks;
    for (size_t i = 0; i < filters.size(); ++i) {
      blocks.push_back({filters[i], filter_sizes[i], pooling[i]});
    }
    return blocks;
  }

  Task task() const {
    Task task;
    if (values_.find("classes")) task.classes = integer("classes");
    const std::optional<std::string_view> input = values_.find("input");
    if (!input) return task;
    const std::vector<std::string_view> parts = split(*input, 'x');
    Sizes sizes;
    for (const std::string_view part : parts) {
      const auto number = parse_integer(part);
      if (number) sizes.push_back(*number);
    }
    if (parts.size() != 3 || sizes.size() != 3) {
      values_.reject("input: found {}, wanted CHANNELSxHEIGHTxWIDTH", quote(*input));
    }
    task.input = {sizes[0], sizes[1], sizes[2]};
    return task;
  }

 private:
  // Reads one word for every layer, or as many as there are layers, with "-" between them.
  std::vector<Pooling> poolings(size_t layers) const {
    const std::optional<std::string_view> words = values_.find("pooling");
    if (!words) return std::vector<Pooling>(layers, Pooling::kNone);
    std::vector<Pooling> poolings;
    for (const std::string_view word : split(*words, '-')) {
      const auto known = std::find(kPoolingWords.begin(), kPoolingWords.end(), word);
      if (known == kPoolingWords.end()) {
        values_.reject("pooling: found {}, wanted max, average or none, or one for each layer",
                       quote(*words));
      }
      poolings.push_back(static_cast<Pooling>(known - kPoolingWords.begin()));
    }
    if (poolings.size() == 1) poolings.assign(layers, poolings.front());
    if (poolings.size() != layers) {
      values_.reject("pooling: found {}, wanted one, or {}, one a layer", poolings.size(), layers);
    }
    return poolings;
  }

  KeyValues values_;
};

struct Topology {
  std::string_view name;
  std::vector<std::string_view> keys;
  Network (*build)(const ShortForm&);
};

const std::array<Topology, 5>& topologies() {
  static const std::array<Topology, 5> all = {{
      {"dffr",
       {"layers", "width", "classes", "input"},
       [](const ShortForm& form) {
         return dffr(form.sizes("width", form.integer("layers")), form.task());
       }},
      {"dffr_triangle",
       {"layers", "classes", "input"},
       [](const ShortForm& form) { return dffr_triangle(form.integer("layers"), form.task()); }},
      {"cnn",
       {"layers", "filters", "filter_size", "pooling", "classes", "input"},
       [](const ShortForm& form) { return cnn(form.blocks(), form.task()); }},
      {"residual",
       {"blocks", "filters", "classes", "input"},
       [](const ShortForm& form) {
         return residual(form.integer("blocks"), form.integer("filters"), form.task());
       }},
      {"separable",
       {"blocks", "filters", "classes", "input"},
       [](const ShortForm& form) {
         return separable(form.integer("blocks"), form.integer("filters"), form.task());
       }},
  }};
  return all;
}

// Finds the topology that a short form names; null where it names none.
const Topology* find_topology(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return nullptr;
  for (const Topology& topology : topologies()) {
    if (topology.name == text.substr(0, colon)) return &topology;
  }
  return nullptr;
}

}  // namespace

Network dffr(int64_t layers, int64_t width, const Task& task) {
  const std::string name = fmt::format("dffr:layers={},width={}{}", layers, width, task_text(task));
  check_size(layers, "layers", kMostLayers, name);
  return build_dense(name, Sizes(static_cast<size_t>(layers), width), task);
}

Network dffr(const Sizes& widths, const Task& task) {
  const auto layers = static_cast<int64_t>(widths.size());
  check_size(layers, "layers", kMostLayers, "dffr");
  return build_dense(
      fmt::format("dffr:layers={},width={}{}", layers, join_values(widths), task_text(task)),
      widths, task);
}

Network dffr_triangle(int64_t layers, const Task& task) {
  const std::string name = fmt::format("dffr_triangle:layers={}{}", layers, task_text(task));
  check_size(layers, "layers", kTriangleMostLayers, name);
  Sizes widths;
  for (int64_t i = 0; i < layers; ++i) widths.push_back(kTriangleFirstWidth << i);
  return build_dense(name, widths, task);
}

Network cnn(int64_t layers, int64_t filters, int64_t filter_size, const Task& task) {
  check_size(layers, "layers", kMostLayers,
             fmt::format("cnn:layers={},filters={},filter_size={}{}", layers, filters, filter_size,
                         task_text(task)));
  const ConvBlock block{filters, filter_size};
  return cnn(std::vector<ConvBlock>(static_cast<size_t>(layers), block), task);
}

Network cnn(const std::vector<ConvBlock>& blocks, const Task& task) {
  check_size(static_cast<int64_t>(blocks.size()), "layers", kMostLayers, "cnn");
  const std::string name = cnn_name(blocks, task);
  std::vector<LayerSpec> specs;
  int64_t smaller_side = std::min(task.input.height, task.input.width);
  for (const ConvBlock& block : blocks) {
    check_size(block.filters, "filters", kMaxSize, name);
    check_size(block.filter_size, "filter_size", kMaxSize, name);
    Window2d window;
    window.kernel_height = window.kernel_width = block.filter_size;
    add(specs, Conv2d{block.filters, window, 1}, true);
    add(specs, Relu{});
    if (block.pooling != Pooling::kNone && smaller_side >= kPoolSize) {
      add_pooling(specs, block.pooling);
      smaller_side /= kPoolSize;
    }
  }
  check_size(task.classes, "classes", kMaxSize, name);
  add_dense_part(specs, {kCnnHiddenUnits}, task);
  return build_network(name, task.input, specs, name);
}

Network read_short_form(std::string_view text) {
  const Topology* topology = find_topology(text);
  if (topology == nullptr) {
    std::vector<std::string_view> names;
    for (const Topology& known : topologies()) names.push_back(known.name);
    fail(ErrorKind::kInput, "{}: unknown topology; {}", quote(text),
         suggest(text.substr(0, text.find(':')), names));
  }
  return topology->build(ShortForm(text, topology->keys));
}

}  // namespace wattgrind
