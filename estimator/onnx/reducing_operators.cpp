#include <algorithm>
#include <array>

#include "estimator/base/error.h"
#include "estimator/onnx/operators.h"

namespace wattgrind {
namespace {

// A map whose groups of axes lie wholly inside or outside a set, and which of them lie inside.
struct SeparateMap {
  MapView map;
  MapForm form;
  MapAxes axes;
};

SeparateMap separated(NodeImport& node, const MapView& view, const std::vector<size_t>& set,
                      std::string_view what) {
  for (const size_t axis : set) check_no_batch(view, axis, what);
  const MapForm form = view.separating_form(set);
  const MapView map = node.graph().as_map(view, form);
  const auto touches = [&](const std::vector<size_t>& members) {
    return std::ranges::any_of(members, [&](size_t axis) {
      return map.map_extent(axis) > 1 && std::ranges::find(set, axis) != set.end();
    });
  };
  return {map, form, {touches(form.channels), touches(form.height), touches(form.width)}};
}

// The same axes, those of the set with one value.
MapView reduced_view(const MapView& layer, const SeparateMap& from,
                     const std::vector<size_t>& set) {
  std::vector<int64_t> dims = from.map.map_dims();
  for (const size_t axis : set) dims[axis] = 1;
  return whole_view(layer.source, layer.shape, from.map, from.form, dims);
}

MapView same_view(const MapView& layer, const SeparateMap& from) {
  MapView view = from.map;
  view.source = layer.source;
  return view;
}

bool is_nothing(const MapAxes& axes) { return !axes.channels && !axes.height && !axes.width; }

std::vector<size_t> all_axes_from(size_t first, size_t rank) {
  std::vector<size_t> axes;
  for (size_t i = first; i < rank; ++i) axes.push_back(i);
  return axes;
}

template <ReduceFunction kFunction>
void import_reduce(NodeImport& node) {
  const MapView& view = node.view(0);
  std::vector<size_t> set;
  const auto written = node.integers_of("axes", 1);
  if (written && !written->empty()) {
    for (const int64_t axis : *written) {
      set.push_back(normal_axis(axis, view.axes.size(), "attribute axes"));
    }
  } else if (node.integer("noop_with_empty_axes", 0) == 0) {
    set = all_axes_from(0, view.axes.size());
  }
  const SeparateMap from = separated(node, view, set, "a reduction");
  MapView result = from.map;
  if (!is_nothing(from.axes)) {
    result = reduced_view(node.add_layer(Reduce{kFunction, from.axes}, from.map), from, set);
  }
  node.set(0, node.integer("keepdims", 1) != 0 ? result : without_axes(result, set));
}

template <bool kLog>
void import_softmax(NodeImport& node) {
  const MapView& view = node.view(0);
  const bool is_along_one = node.opset() >= 13;
  const size_t axis =
      normal_axis(node.integer("axis", is_along_one ? -1 : 1), view.axes.size(), "attribute axis");
  const std::vector<size_t> set =
      is_along_one ? std::vector<size_t>{axis} : all_axes_from(axis, view.axes.size());
  const SeparateMap from = separated(node, view, set, "softmax");
  const MapAxes axes = is_nothing(from.axes) ? MapAxes{.channels = true} : from.axes;
  if (is_nothing(from.axes) && from.map.shape.channels > 1) {
    unsupported("softmax of single values");
  }
  node.set(0, same_view(node.add_layer(Softmax{axes, kLog}, from.map), from));
}

// Scale and shift have one shape, that of the wider of the two.
void normalize(NodeImport& node, const std::vector<size_t>& set, double epsilon,
               const Constant* scale, const Constant* shift) {
  const SeparateMap from = separated(node, node.view(0), set, "a normalisation");
  Normalization operation{from.axes, {0, 0, 0}, epsilon};
  LayerParameters parameters;
  if (scale != nullptr) {
    FormedConstant weights = formed_constant(node, *scale, from.map, from.form);
    operation.affine = weights.shape;
    parameters.weights = std::move(weights.values);
    if (shift != nullptr) {
      FormedConstant bias = formed_constant(node, *shift, from.map, from.form);
      if (bias.shape != operation.affine) unsupported("a scale and a shift of different shapes");
      parameters.bias = std::move(bias.values);
    } else if (node.graph().needs_values()) {
      parameters.bias.assign(static_cast<size_t>(operation.affine.elements()), 0.0F);
    }
  }
  const MapView layer = node.add_layer(operation, from.map);
  node.graph().set_parameters(layer.source, std::move(parameters));
  node.set(0, same_view(layer, from));
}

void import_layer_normalization(NodeImport& node) {
  for (size_t i = 1; i < node.node().outputs.size(); ++i) {
    if (node.graph().readers(node.node().outputs[i]) > 0) {
      unsupported("its outputs of means and deviations are used");
    }
  }
  const size_t rank = node.view(0).axes.size();
  const size_t axis = normal_axis(node.integer("axis", -1), rank, "attribute axis");
  normalize(node, all_axes_from(axis, rank), double{node.number("epsilon", 1e-5F)},
            &node.constant(1), node.has(2) ? &node.constant(2) : nullptr);
}

void import_instance_normalization(NodeImport& node) {
  const MapView& view = node.view(0);
  // One value a channel, whatever the rank.
  std::vector<int64_t> dims(view.axes.size() - 1, 1);
  if (dims.empty()) fail(ErrorKind::kInput, "found rank 1, wanted images");
  dims[0] = view.extent(1);
  const Constant scale = reshaped(node.constant(1), dims);
  const Constant shift = reshaped(node.constant(2), dims);
  normalize(node, all_axes_from(2, view.axes.size()), double{node.number("epsilon", 1e-5F)}, &scale,
            &shift);
}

void import_mean_variance_normalization(NodeImport& node) {
  std::vector<size_t> set;
  for (const int64_t axis : node.integers("axes").value_or(std::vector<int64_t>{0, 2, 3})) {
    set.push_back(normal_axis(axis, node.view(0).axes.size(), "attribute axes"));
  }
  normalize(node, set, 1e-9, nullptr, nullptr);  // epsilon of the operator's definition
}

void import_batch_normalization(NodeImport& node) {
  if (node.integer("training_mode", 0) != 0) unsupported("batch statistics (training_mode 1)");
  if (node.integer("spatial", 1) == 0) unsupported("statistics of each pixel (spatial 0)");
  for (size_t i = 1; i < node.node().outputs.size(); ++i) {
    if (node.graph().readers(node.node().outputs[i]) > 0) {
      unsupported("its outputs of running statistics are used");
    }
  }
  const MapView image = as_image(node, node.view(0));
  const MapView layer = node.add_layer(
      BatchNorm{double{node.number("epsilon", 1e-5F)}, double{node.number("momentum", 0.9F)}},
      image);
  for (size_t i = 1; i <= 4; ++i) {
    if (node.constant(i).elements() != image.shape.channels) {
      fail(ErrorKind::kInput, "found {} values as input {}, wanted one of each of {} channels",
           node.constant(i).elements(), i, image.shape.channels);
    }
  }
  LayerParameters parameters;
  const auto known = [&](size_t i) { return node.constant(i).has_values(); };
  if (node.graph().needs_values() && known(1) && known(2) && known(3) && known(4)) {
    parameters = {node.constant(1).floats(), node.constant(2).floats(), node.constant(3).floats()};
    const std::vector<float>& variances = node.constant(4).floats();
    parameters.statistics.insert(parameters.statistics.end(), variances.begin(), variances.end());
  }
  node.graph().set_parameters(layer.source, std::move(parameters));
  MapView result = image;
  result.source = layer.source;
  node.set(0, std::move(result));
}

}  // namespace

std::vector<NamedOperator> reducing_operators() {
  return {{"ReduceMean", import_reduce<ReduceFunction::kMean>},
          {"ReduceSum", import_reduce<ReduceFunction::kSum>},
          {"ReduceMax", import_reduce<ReduceFunction::kMax>},
          {"ReduceMin", import_reduce<ReduceFunction::kMin>},
          {"Softmax", import_softmax<false>},
          {"LogSoftmax", import_softmax<true>},
          {"LayerNormalization", import_layer_normalization},
          {"InstanceNormalization", import_instance_normalization},
          {"MeanVarianceNormalization", import_mean_variance_normalization},
          {"BatchNormalization", import_batch_normalization}};
}

}  // namespace wattgrind
