#include "estimator/imports/import_graph.h"

#include "estimator/base/checked_math.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

constexpr size_t kMostNames = 100;

bool fits_in_memory(const FeatureShape& shape) {
  const auto elements =
      checked_product({static_cast<uint64_t>(shape.channels), static_cast<uint64_t>(shape.height),
                       static_cast<uint64_t>(shape.width)});
  return elements && *elements <= kMaxNetworkBytes / sizeof(float);
}

}  // namespace

ImportedMap ImportGraph::add_input(std::string_view name, const FeatureShape& shape) {
  for (const int64_t size : {shape.channels, shape.height, shape.width}) {
    if (size < 1 || size > kMaxSize) reject("found a size of {}, wanted 1 to {}", size, kMaxSize);
  }
  if (!fits_in_memory(shape)) {
    reject("{}x{}x{} does not fit in memory: make it smaller", shape.channels, shape.height,
           shape.width);
  }
  const ImportedMap map{names_.take(name, "input"), shape};
  spec_.inputs.push_back({map.source, shape});
  return map;
}

ImportedMap ImportGraph::add(std::string_view name, const Operation& operation,
                             const std::vector<ImportedMap>& inputs) {
  const LayerKind& kind = layer_kind(operation);
  LayerSpec layer{names_.take(name, kind.word()), operation, false, {}};
  std::vector<FeatureShape> shapes;
  for (const ImportedMap& input : inputs) {
    layer.inputs.push_back(input.source);
    shapes.push_back(input.shape);
  }
  const FeatureShape shape =
      kind.infer_shape(operation, shapes, LayerPlace{place_, spec_.layers.size()});
  if (!fits_in_memory(shape)) {
    reject("its output {}x{}x{} does not fit in memory: make it smaller", shape.channels,
           shape.height, shape.width);
  }
  ImportedMap map{layer.name, shape};
  spec_.layers.push_back(std::move(layer));
  return map;
}

ImportedMap ImportGraph::vector_of(std::string_view name, const ImportedMap& map) {
  if (map.shape.is_vector()) return map;
  return add(name, Flatten{}, {map});
}

Network ImportGraph::build(std::string_view where) && {
  return build_network(std::move(spec_), where);
}

Binary of_maps(BinaryFunction function) {
  Binary binary;
  binary.function = function;
  return binary;
}

Binary by_constant(BinaryFunction function, const FeatureShape& constant) {
  Binary binary = of_maps(function);
  binary.constant = constant;
  return binary;
}

Binary by_number(BinaryFunction function, double number) {
  Binary binary = of_maps(function);
  binary.scalar = number;
  return binary;
}

std::string list_names(const std::vector<std::string>& names) {
  if (names.size() <= kMostNames) return fmt::format("{}", fmt::join(names, ", "));
  const std::vector<std::string> first(names.begin(), names.begin() + kMostNames);
  return fmt::format("{} and {} more", fmt::join(first, ", "), names.size() - kMostNames);
}

}  // namespace wattgrind
