#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/onnx/operators.h"

namespace wattgrind {
namespace {

using Sources = std::vector<std::string>;

// The view reshaped; where it cannot be seen so, its values are put in order first.
MapView shaped(NodeImport& node, const MapView& view, const std::vector<int64_t>& dims) {
  if (product(dims) != product(view.dims())) {
    fail(ErrorKind::kInput, "found {} values, and dimensions of {}", product(view.dims()),
         product(dims));
  }
  if (const auto direct = reshaped(view, dims)) return *direct;
  // As one plain vector in the tensor's order; the batch must lead.
  MapForm form;
  for (size_t i = 0; i < view.axes.size(); ++i) form.channels.push_back(i);
  const MapView vector = node.graph().as_map(view, form);
  const auto again = reshaped(vector, dims);
  if (!again) throw AcrossBatch{"a reshape that takes the batch apart"};
  return *again;
}

// 0 copies the dimension there, -1 is what is left.
std::vector<int64_t> resolved(const std::vector<int64_t>& wanted, const std::vector<int64_t>& dims,
                              bool keeps_zero) {
  std::vector<int64_t> result = wanted;
  int64_t known = 1;
  std::optional<size_t> open;
  for (size_t i = 0; i < result.size(); ++i) {
    if (result[i] == 0 && !keeps_zero) {
      if (i >= dims.size())
        fail(ErrorKind::kInput, "found a 0 at dimension {} of {}", i, dims.size());
      result[i] = dims[i];
    }
    if (result[i] == -1) {
      if (open) fail(ErrorKind::kInput, "found two dimensions of -1, wanted one at most");
      open = i;
    } else if (result[i] < 0) {
      fail(ErrorKind::kInput, "found a dimension of {}, wanted -1 or more", result[i]);
    } else {
      known *= result[i];
    }
  }
  const int64_t values = product(dims);
  if (open) {
    if (known == 0 || values % known != 0) {
      fail(ErrorKind::kInput, "found {} values, and dimensions that do not divide them", values);
    }
    result[*open] = values / known;
  }
  return result;
}

void set_shaped(NodeImport& node, const std::vector<int64_t>& dims) {
  node.set(0, shaped(node, node.view(0), dims));
}

void import_reshape(NodeImport& node) {
  const auto wanted = node.integers_of("shape", 1);
  if (!wanted) fail(ErrorKind::kInput, "found no shape");
  set_shaped(node, resolved(*wanted, node.dims(0), node.integer("allowzero", 0) != 0));
}

void import_flatten(NodeImport& node) {
  const std::vector<int64_t> dims = node.dims(0);
  const auto rank = static_cast<int64_t>(dims.size());
  int64_t axis = node.integer("axis", 1);
  if (axis < -rank || axis > rank) fail(ErrorKind::kInput, "attribute axis: found {}", axis);
  if (axis < 0) axis += rank;
  const auto outer = std::span(dims).first(static_cast<size_t>(axis));
  const auto inner = std::span(dims).subspan(static_cast<size_t>(axis));
  set_shaped(node, {product(outer), product(inner)});
}

void import_squeeze(NodeImport& node) {
  const MapView& view = node.view(0);
  std::vector<size_t> axes;
  if (const auto written = node.integers_of("axes", 1)) {
    for (const int64_t axis : *written) {
      axes.push_back(normal_axis(axis, view.axes.size(), "attribute axes"));
    }
  } else {
    for (size_t i = 0; i < view.axes.size(); ++i) {
      if (view.extent(i) == 1 && !view.has_batch(i)) axes.push_back(i);
    }
  }
  for (const size_t axis : axes) {
    if (view.extent(axis) != 1) {
      fail(ErrorKind::kInput, "found {} values along axis {}, wanted 1", view.extent(axis), axis);
    }
  }
  node.set(0, without_axes(view, axes));
}

void import_unsqueeze(NodeImport& node) {
  const MapView& view = node.view(0);
  const auto written = node.integers_of("axes", 1);
  if (!written) fail(ErrorKind::kInput, "found no axes");
  const size_t rank = view.axes.size() + written->size();
  std::vector<size_t> places;
  for (const int64_t axis : *written) places.push_back(normal_axis(axis, rank, "attribute axes"));
  std::ranges::sort(places);
  MapView result = view;
  for (const size_t place : places) {
    result.axes.insert(result.axes.begin() + static_cast<std::ptrdiff_t>(place), ViewAxis{});
  }
  node.set(0, std::move(result));
}

void import_transpose(NodeImport& node) {
  const MapView& view = node.view(0);
  std::vector<size_t> order(view.axes.size());
  if (const auto written = node.integers("perm")) {
    if (written->size() != order.size()) {
      fail(ErrorKind::kInput, "attribute perm: found {} axes, wanted {}", written->size(),
           order.size());
    }
    std::vector<bool> taken(order.size(), false);
    for (size_t i = 0; i < order.size(); ++i) {
      order[i] = normal_axis((*written)[i], order.size(), "attribute perm");
      if (taken[order[i]])
        fail(ErrorKind::kInput, "attribute perm: axis {} is there twice", order[i]);
      taken[order[i]] = true;
    }
  } else {
    std::iota(order.rbegin(), order.rend(), size_t{0});
  }
  node.set(0, transposed(view, order));
}

// Passes its input on: at inference dropout does, and conversions between types of numbers do.
void import_identity(NodeImport& node) {
  const auto& outputs = node.node().outputs;
  if (outputs.size() > 1 && node.graph().readers(outputs[1]) > 0) {
    unsupported("its second output, the mask, is used");
  }
  node.set(0, node.view(0));
}

void import_cast(NodeImport& node) {
  const auto type = static_cast<OnnxType>(node.integer("to", 1));
  const bool is_number = type == OnnxType::kFloat || type == OnnxType::kDouble ||
                         type == OnnxType::kFloat16 || type == OnnxType::kBfloat16 ||
                         type == OnnxType::kInt64 || type == OnnxType::kInt32;
  if (!is_number) unsupported("a conversion to {}", to_string(type));
  node.set(0, node.view(0));
}

void import_shape(NodeImport& node) {
  std::vector<int64_t> dims = node.dims(0);
  const auto rank = static_cast<int64_t>(dims.size());
  const auto bound = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const int64_t start = bound(node.integer("start", 0)), end = bound(node.integer("end", rank));
  dims = start < end ? std::vector<int64_t>(dims.begin() + start, dims.begin() + end)
                     : std::vector<int64_t>();
  const auto count = static_cast<int64_t>(dims.size());
  node.set(0, Constant({count}, std::move(dims)));
}

void import_size(NodeImport& node) {
  node.set(0, Constant({}, std::vector<int64_t>{product(node.dims(0))}));
}

// One value of a map times zero, plus the constant: a map that holds it in every image.
MapView constant_map(NodeImport& node, const Constant& constant, const MapView& sibling,
                     const MapForm& form, size_t axis) {
  const FeatureShape& shape = sibling.shape;
  std::string source = sibling.source;
  for (const auto& [along, extent] : {std::pair{MapAxis::kChannels, shape.channels},
                                      {MapAxis::kHeight, shape.height},
                                      {MapAxis::kWidth, shape.width}}) {
    if (extent > 1) source = node.add_layer(Slice{along, 0, 1, 1}, Sources{source}).source;
  }
  source = node.add_layer(Binary{BinaryFunction::kMultiply, {}, 0.0}, Sources{source}).source;
  std::vector<int64_t> dims = sibling.map_dims();
  const std::vector<int64_t>& own = constant.dims();
  if (own.size() != dims.size()) fail(ErrorKind::kInput, "found tensors of different ranks");
  dims[axis] = own[axis];
  MapView like = whole_view("", {}, sibling, form, dims);
  like.shape = form_shape(like, form);
  const FormedConstant values = formed_constant(node, expanded(constant, dims), like, form);
  const MapView layer =
      node.add_layer(Binary{BinaryFunction::kAdd, values.shape, std::nullopt}, Sources{source});
  node.graph().set_parameters(layer.source, {values.values, {}, {}});
  return whole_view(layer.source, layer.shape, sibling, form, dims);
}

// A form in which the axis is the slowest of its group, and how the group lies in the map.
std::pair<MapForm, MapAxis> joining_form(const MapView& view, size_t axis) {
  const auto holds_axis = [&](const std::vector<size_t>& members) {
    return std::ranges::find(members, axis) != members.end();
  };
  MapForm form = view.separating_form({axis});
  if (!holds_axis(form.channels) && !holds_axis(form.height) && !holds_axis(form.width)) {
    form = view.tokens_form();
    if (form.height.size() > 1 && holds_axis(form.height)) {
      form = {{axis}, {}, {}};
      for (size_t i = 0; i < view.axes.size(); ++i) {
        if (i != axis) form.width.push_back(i);
      }
    }
  }
  return {form, holds_axis(form.channels) ? MapAxis::kChannels
                : holds_axis(form.height) ? MapAxis::kHeight
                                          : MapAxis::kWidth};
}

void import_concat(NodeImport& node) {
  if (node.inputs() == 1) return import_identity(node);
  const MapView* first = nullptr;
  for (size_t i = 0; i < node.inputs() && first == nullptr; ++i) {
    if (!node.is_constant(i)) first = &node.view(i);
  }
  CHECK(first != nullptr, "{}: constants only", node.node().name);
  const size_t rank = first->axes.size();
  const int64_t otherwise = node.opset() < 4 ? 1 : static_cast<int64_t>(rank);  // must be there
  const size_t axis = normal_axis(node.integer("axis", otherwise), rank, "attribute axis");
  check_no_batch(*first, axis, "joining");
  const MapForm form = joining_form(*first, axis).first;
  const MapView sibling = node.graph().as_map(*first, form);
  std::vector<MapView> parts;
  for (size_t i = 0; i < node.inputs(); ++i) {
    parts.push_back(node.is_constant(i) ? constant_map(node, node.constant(i), sibling, form, axis)
                                        : node.view(i));
  }
  node.set(0, joined_along(node, parts, axis));
}

void import_split(NodeImport& node) {
  const MapView& view = node.view(0);
  const size_t axis = normal_axis(node.integer("axis", 0), view.axes.size(), "attribute axis");
  const auto parts = static_cast<int64_t>(node.node().outputs.size());
  const int64_t extent = view.extent(axis);
  std::vector<int64_t> sizes;
  if (const auto written = node.integers_of("split", 1)) {
    sizes = *written;
  } else {
    const int64_t each = (extent + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i) sizes.push_back(std::min(each, extent - i * each));
  }
  int64_t start = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0 || start + sizes[i] > extent) {
      fail(ErrorKind::kInput, "found parts of more than {} values", extent);
    }
    if (sizes[i] == 0) unsupported("an empty part");
    node.set(i, cut(node, view, axis, start, sizes[i], 1));
    start += sizes[i];
  }
}

struct SliceBounds {
  std::vector<int64_t> starts, ends, axes, steps;
};

SliceBounds slice_bounds(const NodeImport& node, size_t rank) {
  SliceBounds bounds;
  const bool is_old = node.has_attribute("starts");
  const auto read = [&](std::string_view attribute, size_t input) {
    return is_old ? node.integers(attribute) : node.integers_of(attribute, input);
  };
  bounds.starts = read("starts", 1).value_or(std::vector<int64_t>());
  bounds.ends = read("ends", 2).value_or(std::vector<int64_t>());
  if (bounds.starts.empty() || bounds.starts.size() != bounds.ends.size()) {
    fail(ErrorKind::kInput, "found {} starts and {} ends", bounds.starts.size(),
         bounds.ends.size());
  }
  std::vector<int64_t> all(bounds.starts.size());
  std::iota(all.begin(), all.end(), 0);
  bounds.axes = read("axes", 3).value_or(all);
  bounds.steps =
      is_old || !node.has(4) ? std::vector<int64_t>(all.size(), 1) : node.constant(4).integers();
  if (bounds.axes.size() != all.size() || bounds.steps.size() != all.size() || all.size() > rank) {
    fail(ErrorKind::kInput, "found axes or steps of another number than starts");
  }
  return bounds;
}

void import_slice(NodeImport& node) {
  MapView view = node.view(0);
  for (const SliceRange& range : slice_ranges(node, view.dims())) {
    if (range.size == 0) unsupported("an empty slice");
    view = cut(node, view, range.axis, range.start, range.size, range.step);
  }
  node.set(0, std::move(view));
}

void import_expand(NodeImport& node) {
  const MapView& view = node.view(0);
  const auto dims = broadcast(view.dims(), node.constant(1).integers());
  if (!dims) fail(ErrorKind::kInput, "found a shape that does not broadcast");
  node.set(0, expanded(view, *dims));
}

void import_tile(NodeImport& node) {
  MapView view = node.view(0);
  const std::vector<int64_t>& repeats = node.constant(1).integers();
  if (repeats.size() != view.axes.size()) {
    fail(ErrorKind::kInput, "found {} repeats for rank {}", repeats.size(), view.axes.size());
  }
  for (size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] < 1) unsupported("a repeat of {}", repeats[i]);
    if (repeats[i] == 1) continue;
    check_no_batch(view, i, "repeating");
    view.axes[i].insert(view.axes[i].begin(), {repeats[i], false, MapAxis::kWidth, 0});
  }
  node.set(0, std::move(view));
}

PadMode pad_mode(const std::string& word) {
  if (word == "constant") return PadMode::kConstant;
  if (word == "edge") return PadMode::kEdge;
  if (word == "reflect") return PadMode::kReflect;
  unsupported("mode {}", quote_json(word));
}

void import_pad(NodeImport& node) {
  MapView view = node.view(0);
  const size_t rank = view.axes.size();
  const auto written =
      node.has_attribute("paddings") ? node.integers("paddings") : node.integers_of("pads", 1);
  std::vector<size_t> axes(rank);
  std::iota(axes.begin(), axes.end(), size_t{0});
  if (node.has(3)) {
    axes.clear();
    for (const int64_t axis : node.constant(3).integers()) {
      axes.push_back(normal_axis(axis, rank, "axes"));
    }
  }
  if (!written || written->size() != 2 * axes.size()) {
    fail(ErrorKind::kInput, "found no padding for each side of {} axes", axes.size());
  }
  double value = double{node.number("value", 0)};
  if (node.has(2)) {
    const auto number = known_number(node.tensor(2));
    if (!number) unsupported("a value that is not known");
    value = *number;
  }
  std::vector<size_t> padded;
  std::vector<int64_t> before(rank, 0), after(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t axis = axes[i];
    const int64_t begin = (*written)[i], end = (*written)[axes.size() + i];
    if (begin < 0 || end < 0) {  // cuts
      const int64_t from = std::max<int64_t>(0, -begin), to = std::max<int64_t>(0, -end);
      view = cut(node, view, axis, from, view.extent(axis) - from - to, 1);
    }
    before[axis] = std::max<int64_t>(0, begin);
    after[axis] = std::max<int64_t>(0, end);
    if (before[axis] == 0 && after[axis] == 0) continue;
    check_no_batch(view, axis, "padding");
    padded.push_back(axis);
  }
  if (padded.empty()) {
    node.set(0, std::move(view));
    return;
  }
  MapForm form = view.natural_form().value_or(view.tokens_form());
  if (rank == 4 && view.is_batch(0)) form = image_form(view);
  Pad pad{pad_mode(node.word("mode", "constant"))};
  pad.value = value;
  for (const size_t axis : padded) {
    const auto is_alone = [&](const std::vector<size_t>& members) {
      return std::ranges::all_of(
                 members,
                 [&](size_t member) { return member == axis || view.map_extent(member) == 1; }) &&
             std::ranges::find(members, axis) != members.end();
    };
    if (is_alone(form.channels)) {
      pad.begin[0] = before[axis];
      pad.end[0] = after[axis];
    } else if (is_alone(form.height)) {
      pad.begin[1] = before[axis];
      pad.end[1] = after[axis];
    } else if (is_alone(form.width)) {
      pad.begin[2] = before[axis];
      pad.end[2] = after[axis];
    } else {
      unsupported("padding of axis {} of {}", axis, rank);
    }
  }
  const MapView map = node.graph().as_map(view, form);
  const MapView layer = node.add_layer(pad, map);
  std::vector<int64_t> dims = map.map_dims();
  for (size_t i = 0; i < rank; ++i) dims[i] += before[i] + after[i];
  node.set(0, whole_view(layer.source, layer.shape, map, form, dims));
}

}  // namespace

MapView joined_along(NodeImport& node, const std::vector<MapView>& parts, size_t axis) {
  const MapView& first = parts.front();
  const auto [form, along] = joining_form(first, axis);
  std::vector<std::string> sources;
  std::vector<int64_t> dims = first.map_dims();
  dims[axis] = 0;
  for (const MapView& part : parts) {
    if (part.axes.size() != first.axes.size()) {
      fail(ErrorKind::kInput, "found tensors of different ranks");
    }
    sources.push_back(node.graph().as_map(part, form).source);
    dims[axis] += part.map_extent(axis);
  }
  const MapView layer = node.add_layer(Concat{along}, sources);
  return whole_view(layer.source, layer.shape, first, form, dims);
}

MapView without_axes(const MapView& view, const std::vector<size_t>& axes) {
  MapView result{view.source, view.shape, view.first, {}};
  std::vector<AxisFactor> batch;
  for (size_t i = 0; i < view.axes.size(); ++i) {
    if (std::ranges::find(axes, i) == axes.end()) {
      result.axes.push_back(view.axes[i]);
    } else {
      batch.insert(batch.end(), view.axes[i].begin(), view.axes[i].end());
    }
  }
  // A batch of one image goes on in front of what is left.
  if (!batch.empty() && !result.axes.empty()) {
    result.axes.front().insert(result.axes.front().begin(), batch.begin(), batch.end());
  }
  return result;
}

std::vector<SliceRange> slice_ranges(const NodeImport& node, const std::vector<int64_t>& dims) {
  const SliceBounds bounds = slice_bounds(node, dims.size());
  std::vector<SliceRange> ranges;
  for (size_t i = 0; i < bounds.axes.size(); ++i) {
    const size_t axis = normal_axis(bounds.axes[i], dims.size(), "axes");
    const int64_t extent = dims[axis], step = bounds.steps[i];
    if (step == 0 || step == std::numeric_limits<int64_t>::min()) {
      fail(ErrorKind::kInput, "found a step of {}", step);
    }
    // Ends far beyond either side mean the side.
    const auto from_behind = [&](int64_t at) {
      return at < 0 ? std::max(at, -extent - 1) + extent : at;
    };
    const int64_t least = step > 0 ? 0 : -1, most = step > 0 ? extent : extent - 1;
    const int64_t start = std::clamp(from_behind(bounds.starts[i]), step > 0 ? 0 : least, most);
    const int64_t end = std::clamp(from_behind(bounds.ends[i]), least, most);
    const int64_t distance = step > 0 ? end - start : start - end;
    const int64_t stride = std::abs(step);
    ranges.push_back({axis, start, distance <= 0 ? 0 : (distance - 1) / stride + 1, step});
  }
  return ranges;
}

MapView cut(NodeImport& node, const MapView& view, size_t axis, int64_t start, int64_t size,
            int64_t step) {
  if (const auto direct = sliced(view, axis, start, size, step)) return *direct;
  check_no_batch(view, axis, "cutting");
  const MapView map = node.graph().as_map(view, view.separating_form({axis}));
  const auto again = sliced(map, axis, start, size, step);
  CHECK(again.has_value(), "{}: axis {} is in pieces", map.source, axis);
  return *again;
}

std::vector<NamedOperator> view_operators() {
  return {{"Reshape", import_reshape},     {"Flatten", import_flatten},
          {"Squeeze", import_squeeze},     {"Unsqueeze", import_unsqueeze},
          {"Transpose", import_transpose}, {"Identity", import_identity},
          {"Dropout", import_identity},    {"Cast", import_cast},
          {"Shape", import_shape},         {"Size", import_size},
          {"Concat", import_concat},       {"Split", import_split},
          {"Slice", import_slice},         {"Expand", import_expand},
          {"Tile", import_tile},           {"Pad", import_pad}};
}

}  // namespace wattgrind
