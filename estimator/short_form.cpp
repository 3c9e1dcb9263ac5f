#include "estimator/short_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "estimator/error.h"
#include "estimator/json_text.h"
#include "estimator/key_values.h"
#include "estimator/suggestion.h"

namespace wattgrind {
namespace {

constexpr int64_t kMostLayers = 1000;
constexpr int64_t kTriangleMostLayers = 7;  // powerML's third space
constexpr int64_t kTriangleFirstWidth = 16;
constexpr int64_t kCnnHiddenUnits = 128;

using Sizes = std::vector<int64_t>;

// "12" where all are equal, "24-12-6" where they are not.
std::string join_sizes(const Sizes& sizes) {
  const bool equal =
      std::all_of(sizes.begin(), sizes.end(), [&](int64_t size) { return size == sizes.front(); });
  return equal ? fmt::format("{}", sizes.front()) : fmt::format("{}", fmt::join(sizes, "-"));
}

std::string task_text(const Task& task) {
  const Task standard;
  std::string text;
  if (task.classes != standard.classes) text += fmt::format(",classes={}", task.classes);
  if (task.input != standard.input) {
    text +=
        fmt::format(",input={}x{}x{}", task.input.channels, task.input.height, task.input.width);
  }
  return text;
}

void check_size(int64_t size, std::string_view key, int64_t most, std::string_view where) {
  if (size < 1 || size > most) {
    fail(ErrorKind::kInput, "{}: {}: found {}, wanted 1 to {}", where, key, size, most);
  }
}

void add(std::vector<LayerSpec>& specs, const Operation& operation, bool pad_same = false) {
  specs.push_back({"", operation, pad_same, ""});
}

// flatten, the hidden layers, and the classes.
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

std::string quote(std::string_view text) { return quote_json(std::string(text)); }

// The keys and values of a topology.
class ShortForm {
 public:
  ShortForm(std::string_view text, const std::vector<std::string_view>& known)
      : values_(text, known) {}

  int64_t integer(std::string_view key) const { return values_.integer(key); }

  // One size for every layer, or as many as there are layers, with "-" between them.
  Sizes sizes(std::string_view key, int64_t layers) const {
    check_size(layers, "layers", kMostLayers, values_.quoted());
    Sizes sizes;
    const std::string_view value = values_.required(key);
    const auto single = parse_integer(value);  // before splitting: it may be negative
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
  KeyValues values_;
};

struct Topology {
  std::string_view name;
  std::vector<std::string_view> keys;
  Network (*build)(const ShortForm&);
};

const std::array<Topology, 3>& topologies() {
  static const std::array<Topology, 3> all = {{
      {"dffr",
       {"layers", "width", "classes", "input"},
       [](const ShortForm& form) {
         return dffr(form.sizes("width", form.integer("layers")), form.task());
       }},
      {"dffr_triangle",
       {"layers", "classes", "input"},
       [](const ShortForm& form) { return dffr_triangle(form.integer("layers"), form.task()); }},
      {"cnn",
       {"layers", "filters", "filter_size", "classes", "input"},
       [](const ShortForm& form) {
         const int64_t layers = form.integer("layers");
         return cnn(form.sizes("filters", layers), form.sizes("filter_size", layers), form.task());
       }},
  }};
  return all;
}

// The topology a short form names; null where it names none.
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
      fmt::format("dffr:layers={},width={}{}", layers, join_sizes(widths), task_text(task)), widths,
      task);
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
  const auto count = static_cast<size_t>(layers);
  return cnn(Sizes(count, filters), Sizes(count, filter_size), task);
}

Network cnn(const Sizes& filters, const Sizes& filter_sizes, const Task& task) {
  CHECK(filters.size() == filter_sizes.size(), "{} numbers of filters, {} filter sizes",
        filters.size(), filter_sizes.size());
  const auto layers = static_cast<int64_t>(filters.size());
  check_size(layers, "layers", kMostLayers, "cnn");
  const std::string name =
      fmt::format("cnn:layers={},filters={},filter_size={}{}", layers, join_sizes(filters),
                  join_sizes(filter_sizes), task_text(task));
  std::vector<LayerSpec> specs;
  for (size_t i = 0; i < filters.size(); ++i) {
    check_size(filters[i], "filters", kMaxSize, name);
    check_size(filter_sizes[i], "filter_size", kMaxSize, name);
    Window2d window;
    window.kernel_height = window.kernel_width = filter_sizes[i];
    add(specs, Conv2d{filters[i], window, 1}, true);
    add(specs, Relu{});
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
