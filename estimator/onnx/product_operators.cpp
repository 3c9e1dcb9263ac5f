#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/onnx/operators.h"

namespace wattgrind {
namespace {

// A form whose channels are the axis and nothing else.
MapForm form_with_channels(const MapView& view, size_t axis) {
  const auto natural = view.natural_form();
  if (natural && (natural->channels == std::vector<size_t>{axis} ||
                  (natural->channels.empty() && view.map_extent(axis) == 1))) {
    return *natural;
  }
  if (axis + 1 == view.axes.size()) return view.tokens_form();
  MapForm form{{axis}, {}, {}};
  for (size_t i = 0; i < view.axes.size(); ++i) {
    if (i != axis) form.width.push_back(i);
  }
  return form;
}

// The map times [inputs, outputs], whose rows go along the axis: a dense layer for one pixel, else
// a convolution of one tap. The axis counts outputs afterwards.
MapView times_matrix(NodeImport& node, const MapView& map, size_t axis, const Constant& matrix,
                     std::optional<std::vector<float>> bias, bool has_bias) {
  check_no_batch(map, axis, "a product");
  const MapForm form = form_with_channels(map, axis);
  const MapView x = node.graph().as_map(map, form);
  if (matrix.dims()[0] != map.extent(axis)) {
    fail(ErrorKind::kInput, "found a product of {} columns with {} rows", map.extent(axis),
         matrix.dims()[0]);
  }
  const int64_t outputs = matrix.dims()[1];
  const MapView layer = x.shape.is_vector() ? node.add_layer(Dense{outputs, has_bias}, x)
                                            : node.add_layer(Conv2d{outputs, {}, 1, has_bias}, x);
  LayerParameters parameters;
  if (node.graph().needs_values()) {
    if (matrix.has_values()) parameters.weights = transposed(matrix, {1, 0}).floats();
    if (bias) parameters.bias = std::move(*bias);
  }
  node.graph().set_parameters(layer.source, std::move(parameters));
  std::vector<int64_t> dims = x.map_dims();
  dims[axis] = outputs;
  MapForm whole = form;
  if (whole.channels.empty()) whole.channels = {axis};
  return whole_view(layer.source, layer.shape, x, whole, dims);
}

// Constants of more axes than two, all of one value.
Constant as_matrix(const Constant& constant) {
  const std::vector<int64_t>& dims = constant.dims();
  if (dims.size() == 2) return constant;
  const int64_t outer = product(std::span(dims).first(dims.size() - 2));
  if (outer != 1) unsupported("a product with a constant of {} matrices", outer);
  return reshaped(constant, {dims.end() - 2, dims.end()});
}

MapView times_map(NodeImport& node, const MapView& first, const MapView& second) {
  const size_t rank = std::max(first.axes.size(), second.axes.size());
  const std::vector<int64_t> ones(rank, 1);
  MapView a = expanded(first, ones);
  const MapView b = expanded(second, ones);
  check_no_batch(a, rank - 1, "a product");
  check_no_batch(b, rank - 2, "a product");
  check_no_batch(b, rank - 1, "a product");
  if (a.extent(rank - 1) != b.extent(rank - 2)) {
    fail(ErrorKind::kInput, "found a product of {} columns with {} rows", a.extent(rank - 1),
         b.extent(rank - 2));
  }
  std::vector<size_t> heads;
  std::vector<int64_t> dims = a.dims();
  bool has_heads = false;
  for (size_t i = 0; i + 2 < rank; ++i) {
    const int64_t x = a.map_extent(i), y = b.map_extent(i);
    if (x != y && x != 1 && y != 1) fail(ErrorKind::kInput, "found {} and {} matrices", x, y);
    heads.push_back(i);
    has_heads |= y > 1;
    dims[i] = dims[i] / x * std::max(x, y);
  }
  if (has_heads) a = expanded(a, dims);
  GraphImport& graph = node.graph();
  const MapForm form{{rank - 1}, heads, {rank - 2}};
  const MapForm turned{{rank - 2}, heads, {rank - 1}};
  // Rows of the second operand that lie together are read as they are.
  const ViewAxis rows = group_factors(b, turned.channels);
  const bool is_turned =
      !rows.empty() && rows.back().axis == MapAxis::kChannels && rows.back().step == 1;
  MapView y = b;
  if (has_heads) {
    std::vector<int64_t> whole = b.dims();
    for (const size_t i : heads) whole[i] = dims[i];
    y = expanded(b, whole);
  }
  const MapView left = graph.as_map(a, form);
  const MapView right = graph.as_map(y, is_turned ? turned : form);
  const MapView layer = node.add_layer(MatMul{is_turned}, {left.source, right.source});
  std::vector<int64_t> result = left.map_dims();
  result[rank - 1] = b.extent(rank - 1);
  MapView like = left;
  for (const size_t i : heads) {
    if (!like.has_batch(i) && b.has_batch(i)) like.axes[i] = b.axes[i];
  }
  return whole_view(layer.source, layer.shape, like, form, result);
}

// A vector is a matrix of one row in front of a product, of one column behind it.
MapView as_matrix(const MapView& view, bool is_row) {
  if (view.axes.size() >= 2) return view;
  MapView matrix = view;
  matrix.axes.insert(is_row ? matrix.axes.begin() : matrix.axes.end(), ViewAxis{});
  return matrix;
}

MapView multiplied(NodeImport& node, const ModelTensor& first, const ModelTensor& second) {
  const auto* a = std::get_if<MapView>(&first);
  const auto* b = std::get_if<MapView>(&second);
  if (a != nullptr && b != nullptr) {
    MapView result = times_map(node, as_matrix(*a, true), as_matrix(*b, false));
    if (b->axes.size() == 1) result = without_axes(result, {result.axes.size() - 1});
    if (a->axes.size() == 1) {
      result = without_axes(result, {result.axes.size() - (b->axes.size() == 1 ? 1 : 2)});
    }
    return result;
  }
  if (a != nullptr) {
    const auto& matrix = std::get<Constant>(second);
    if (matrix.dims().size() == 1) {
      const MapView column = times_matrix(node, *a, a->axes.size() - 1,
                                          reshaped(matrix, {matrix.elements(), 1}), {}, false);
      return without_axes(column, {a->axes.size() - 1});
    }
    return times_matrix(node, *a, a->axes.size() - 1, as_matrix(matrix), std::nullopt, false);
  }
  // From the left: the rows of the map are what the constant's columns multiply.
  if (b == nullptr) unsupported("a product of two constants");
  const auto& matrix = std::get<Constant>(first);
  if (b->axes.size() < 2 || matrix.dims().size() < 2) unsupported("a product with a vector");
  return times_matrix(node, *b, b->axes.size() - 2, transposed(as_matrix(matrix), {1, 0}),
                      std::nullopt, false);
}

void import_matmul(NodeImport& node) {
  node.set(0, multiplied(node, node.tensor(0), node.tensor(1)));
}

ModelTensor turned(const ModelTensor& tensor) {
  if (const auto* constant = std::get_if<Constant>(&tensor)) return transposed(*constant, {1, 0});
  const auto& view = std::get<MapView>(tensor);
  if (view.axes.size() != 2) fail(ErrorKind::kInput, "found rank {}, wanted 2", view.axes.size());
  return transposed(view, std::vector<size_t>{1, 0});
}

// alpha * A * B + beta * C, the scales put into the constants.
void import_gemm(NodeImport& node) {
  const float alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  ModelTensor a = node.tensor(0), b = node.tensor(1);
  if (node.integer("transA", 0) != 0) a = turned(a);
  if (node.integer("transB", 0) != 0) b = turned(b);
  const auto scaled = [](const Constant& constant, float factor) {
    if (factor == 1 || !constant.has_values()) return constant;
    std::vector<float> values = constant.floats();
    for (float& value : values) value *= factor;
    return Constant(constant.dims(), std::move(values));
  };
  const auto* map = std::get_if<MapView>(&a);
  const auto* matrix = std::get_if<Constant>(&b);
  ModelTensor result = Constant::absent({}, false);
  bool has_bias = false;
  if (map != nullptr && matrix != nullptr) {
    if (map->axes.size() != 2 || matrix->dims().size() != 2) {
      fail(ErrorKind::kInput, "found operands that are no matrices");
    }
    const Constant* c = node.has(2) && node.is_constant(2) ? &node.constant(2) : nullptr;
    const int64_t outputs = matrix->dims()[1];
    const bool is_row = c != nullptr && (c->elements() == 1 ||
                                         (c->elements() == outputs && c->dims().back() == outputs));
    std::optional<std::vector<float>> bias;
    if (is_row && c->has_values() && node.graph().needs_values()) {
      const Constant shift = scaled(*c, beta);
      const std::vector<float>& values = shift.floats();
      bias.emplace(static_cast<size_t>(outputs), values.front());
      if (c->elements() > 1) *bias = values;
    }
    has_bias = is_row;
    const Constant weights = node.graph().needs_values() ? scaled(*matrix, alpha) : *matrix;
    result = times_matrix(node, *map, 1, weights, std::move(bias), is_row);
  } else {
    result = multiplied(node, a, b);
    if (alpha != 1) {
      result = combined(node, BinaryFunction::kMultiply, result,
                        Constant({}, std::vector<float>{alpha}));
    }
  }
  if (node.has(2) && !has_bias) {
    ModelTensor c = node.tensor(2);
    if (beta != 1) {
      const auto* constant = std::get_if<Constant>(&c);
      c = constant != nullptr ? ModelTensor(scaled(*constant, beta))
                              : combined(node, BinaryFunction::kMultiply, c,
                                         Constant({}, std::vector<float>{beta}));
    }
    result = combined(node, BinaryFunction::kAdd, result, c);
  }
  node.set(0, std::move(result));
}

// Rows of a constant table.
void look_up(NodeImport& node, const Constant& table, const MapView& indices) {
  if (table.dims().size() != 2 || node.integer("axis", 0) != 0) {
    unsupported("a look-up in a constant that is no table of rows");
  }
  MapForm form;
  for (size_t i = 0; i < indices.axes.size(); ++i) form.width.push_back(i);
  const MapView row = node.graph().as_map(indices, form);
  const MapView layer = node.add_layer(Embedding{table.dims()[0], table.dims()[1]}, row);
  LayerParameters parameters;
  if (node.graph().needs_values() && table.has_values()) parameters.weights = table.floats();
  node.graph().set_parameters(layer.source, std::move(parameters));
  MapView result = row;
  result.source = layer.source;
  result.shape = layer.shape;
  result.axes.push_back({{table.dims()[1], false, MapAxis::kChannels, 1}});
  node.set(0, std::move(result));
}

// The places along an axis, as few evenly spaced cuts as there are, joined.
MapView picked(NodeImport& node, const MapView& view, size_t axis,
               const std::vector<int64_t>& places) {
  constexpr size_t kMostCuts = 64;
  std::vector<MapView> cuts;
  for (size_t first = 0; first < places.size();) {
    size_t end = first + 1;
    const int64_t step = end < places.size() ? places[end] - places[first] : 1;
    while (step != 0 && end < places.size() && places[end] - places[end - 1] == step) ++end;
    cuts.push_back(cut(node, view, axis, places[first], static_cast<int64_t>(end - first), step));
    first = end;
  }
  if (cuts.size() > kMostCuts)
    unsupported("indices in more than {} evenly spaced parts", kMostCuts);
  return cuts.size() == 1 ? cuts.front() : joined_along(node, cuts, axis);
}

void pick(NodeImport& node, const MapView& view, const Constant& indices) {
  const size_t axis = normal_axis(node.integer("axis", 0), view.axes.size(), "attribute axis");
  const int64_t extent = view.extent(axis);
  std::vector<int64_t> places = indices.integers();
  for (int64_t& place : places) {
    if (place < 0) place += extent;
    if (place < 0 || place >= extent) {
      fail(ErrorKind::kInput, "found index {}, wanted less than {}", place, extent);
    }
  }
  if (places.empty()) unsupported("a look-up of nothing");
  MapView result = picked(node, view, axis, places);
  if (indices.dims().size() == 1) {
    node.set(0, std::move(result));
    return;
  }
  std::vector<int64_t> dims = result.dims();
  dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), indices.dims().begin(),
              indices.dims().end());
  const auto shaped = reshaped(result, dims);
  if (!shaped) unsupported("indices of several axes");
  node.set(0, *shaped);
}

void import_gather(NodeImport& node) {
  if (node.is_constant(0)) {
    look_up(node, node.constant(0), node.view(1));
  } else {
    pick(node, node.view(0), node.constant(1));
  }
}

}  // namespace

std::vector<NamedOperator> product_operators() {
  return {{"MatMul", import_matmul}, {"Gemm", import_gemm}, {"Gather", import_gather}};
}

}  // namespace wattgrind
