#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/onnx/operators.h"

namespace wattgrind {
namespace {

// A window's attributes for the one or two axes of an image.
struct Windows {
  std::vector<int64_t> kernel, strides, dilations, pads;  // pads: begins, then ends
};

std::vector<int64_t> sizes(const NodeImport& node, std::string_view attribute, size_t count,
                           int64_t otherwise) {
  const auto found = node.integers(attribute);
  if (!found) return std::vector<int64_t>(count, otherwise);
  if (found->size() != count) {
    fail(ErrorKind::kInput, "attribute {}: found {} numbers, wanted {}", attribute, found->size(),
         count);
  }
  for (const int64_t size : *found) {
    if (size < 0) unsupported("attribute {} has a negative number", attribute);
  }
  return *found;
}

// Padding that gives ceil(extent / stride) outputs.
void pad_same(Windows& windows, const std::vector<int64_t>& extents, bool surplus_first) {
  const size_t count = extents.size();
  for (size_t i = 0; i < count; ++i) {
    const int64_t stride = windows.strides[i];
    const int64_t outputs = (extents[i] + stride - 1) / stride;
    const int64_t reach = (windows.kernel[i] - 1) * windows.dilations[i] + 1;
    const int64_t total = std::max<int64_t>(0, (outputs - 1) * stride + reach - extents[i]);
    const int64_t less = total / 2, more = total - less;
    windows.pads[i] = surplus_first ? more : less;
    windows.pads[count + i] = surplus_first ? less : more;
  }
}

Windows read_windows(const NodeImport& node, std::vector<int64_t> kernel,
                     const std::vector<int64_t>& extents) {
  const size_t count = kernel.size();
  Windows windows{std::move(kernel), sizes(node, "strides", count, 1),
                  sizes(node, "dilations", count, 1), sizes(node, "pads", 2 * count, 0)};
  for (const int64_t stride : windows.strides) {
    if (stride < 1)
      fail(ErrorKind::kInput, "attribute strides: found {}, wanted 1 or more", stride);
  }
  const std::string automatic = node.word("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    pad_same(windows, extents, automatic == "SAME_LOWER");
  } else if (automatic == "VALID") {
    std::ranges::fill(windows.pads, 0);
  } else if (automatic != "NOTSET") {
    fail(ErrorKind::kInput, "attribute auto_pad: found {}", quote_json(automatic));
  }
  return windows;
}

// Of one axis: columns; of two: rows and columns.
Window2d window_of(const Windows& w) {
  if (w.kernel.size() == 1) {
    return {1, w.kernel[0], 1, w.strides[0], 0, w.pads[0], 0, w.pads[1], 1, w.dilations[0]};
  }
  return {w.kernel[0], w.kernel[1], w.strides[0], w.strides[1],   w.pads[0],
          w.pads[1],   w.pads[2],   w.pads[3],    w.dilations[0], w.dilations[1]};
}

std::vector<int64_t> image_extents(const MapView& image) {
  std::vector<int64_t> extents;
  for (size_t i = 2; i < image.axes.size(); ++i) extents.push_back(image.extent(i));
  return extents;
}

// The image's view with another shape.
MapView image_view(const MapView& layer, const MapView& image) {
  std::vector<int64_t> dims = image.map_dims();
  dims[1] = layer.shape.channels;
  if (dims.size() == 3) dims[2] = layer.shape.width;
  if (dims.size() == 4) {
    dims[2] = layer.shape.height;
    dims[3] = layer.shape.width;
  }
  return whole_view(layer.source, layer.shape, image, image_form(image), dims);
}

std::vector<int64_t> kernel_of(NodeImport& node, const Constant& weights, const MapView& image) {
  const std::vector<int64_t>& dims = weights.dims();
  if (dims.size() != image.axes.size()) {
    fail(ErrorKind::kInput, "found weights of rank {} for an input of rank {}", dims.size(),
         image.axes.size());
  }
  std::vector<int64_t> kernel(dims.begin() + 2, dims.end());
  const auto written = node.integers("kernel_shape");
  if (written && *written != kernel) {
    fail(ErrorKind::kInput, "attribute kernel_shape contradicts the shape of the weights");
  }
  return kernel;
}

LayerParameters weights_and_bias(NodeImport& node, const Constant& weights,
                                 std::optional<size_t> bias) {
  LayerParameters parameters;
  if (!node.graph().needs_values()) return parameters;
  if (weights.has_values()) parameters.weights = weights.floats();
  if (bias && node.constant(*bias).has_values()) parameters.bias = node.constant(*bias).floats();
  return parameters;
}

void import_conv(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  const Constant& weights = node.constant(1);
  const Windows windows = read_windows(node, kernel_of(node, weights, image), image_extents(image));
  const int64_t groups = node.integer("group", 1), filters = weights.dims()[0];
  if (groups < 1 || weights.dims()[1] * groups != image.shape.channels) {
    fail(ErrorKind::kInput, "found weights for {} channels in {} groups, and {} channels",
         weights.dims()[1], groups, image.shape.channels);
  }
  const MapView layer =
      node.add_layer(Conv2d{filters, window_of(windows), groups, node.has(2)}, image);
  node.graph().set_parameters(
      layer.source,
      weights_and_bias(node, weights, node.has(2) ? std::optional<size_t>(2) : std::nullopt));
  node.set(0, image_view(layer, image));
}

// Padding that makes the output as large as asked for.
void pad_to_output(const NodeImport& node, Windows& windows, const std::vector<int64_t>& extents,
                   const std::vector<int64_t>& extra) {
  const std::string automatic = node.word("auto_pad", "NOTSET");
  auto wanted = node.integers("output_shape");
  const size_t count = extents.size();
  if (wanted && wanted->size() == count + 2) wanted->erase(wanted->begin(), wanted->begin() + 2);
  const bool is_same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  if (!wanted && is_same) {
    wanted.emplace();
    for (size_t i = 0; i < count; ++i) wanted->push_back(extents[i] * windows.strides[i]);
  }
  if (!wanted) return;
  for (size_t i = 0; i < count; ++i) {
    const int64_t reach = (windows.kernel[i] - 1) * windows.dilations[i] + 1;
    const int64_t total = windows.strides[i] * (extents[i] - 1) + extra[i] + reach - (*wanted)[i];
    if (total < 0) unsupported("an output larger than the windows reach");
    const int64_t less = total / 2, more = total - less;
    windows.pads[i] = automatic == "SAME_UPPER" ? less : more;
    windows.pads[count + i] = automatic == "SAME_UPPER" ? more : less;
  }
}

void import_conv_transpose(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  const Constant& weights = node.constant(1);
  const std::vector<int64_t> extents = image_extents(image);
  Windows windows = read_windows(node, kernel_of(node, weights, image), extents);
  const std::vector<int64_t> extra = sizes(node, "output_padding", extents.size(), 0);
  pad_to_output(node, windows, extents, extra);
  const int64_t groups = node.integer("group", 1), filters = weights.dims()[1] * groups;
  if (weights.dims()[0] != image.shape.channels) {
    fail(ErrorKind::kInput, "found weights for {} channels, and {} channels", weights.dims()[0],
         image.shape.channels);
  }
  const MapView layer =
      node.add_layer(ConvTranspose2d{filters, window_of(windows), groups, node.has(2),
                                     extents.size() == 1 ? 0 : extra[0], extra.back()},
                     image);
  node.graph().set_parameters(
      layer.source,
      weights_and_bias(node, weights, node.has(2) ? std::optional<size_t>(2) : std::nullopt));
  node.set(0, image_view(layer, image));
}

Windows read_pool(const NodeImport& node, const MapView& image) {
  const auto kernel = node.integers("kernel_shape");
  if (!kernel || kernel->size() + 2 != image.axes.size()) {
    fail(ErrorKind::kInput, "attribute kernel_shape: wanted {} numbers", image.axes.size() - 2);
  }
  return read_windows(node, *kernel, image_extents(image));
}

void import_max_pool(NodeImport& node) {
  const auto& outputs = node.node().outputs;
  if (outputs.size() > 1 && !outputs[1].empty() && node.graph().readers(outputs[1]) > 0) {
    unsupported("its second output, the places of the largest values, is used");
  }
  const MapView image = as_image(node, node.view(0));
  const Window2d window = window_of(read_pool(node, image));
  const MapView layer = node.add_layer(MaxPool2d{window, node.integer("ceil_mode", 0) != 0}, image);
  node.set(0, image_view(layer, image));
}

void import_average_pool(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  const Window2d window = window_of(read_pool(node, image));
  const MapView layer = node.add_layer(AvgPool2d{window, node.integer("ceil_mode", 0) != 0,
                                                 node.integer("count_include_pad", 0) != 0},
                                       image);
  node.set(0, image_view(layer, image));
}

void import_global_average_pool(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  node.set(0, image_view(node.add_layer(GlobalAvgPool2d{}, image), image));
}

void import_global_max_pool(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  const Reduce whole{ReduceFunction::kMax, {.height = true, .width = true}};
  node.set(0, image_view(node.add_layer(whole, image), image));
}

void import_lrn(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  const Lrn lrn{node.integer("size", 5), double{node.number("alpha", 1e-4F)},
                double{node.number("beta", 0.75F)}, double{node.number("bias", 1.0F)}};
  node.set(0, image_view(node.add_layer(lrn, image), image));
}

void import_depth_to_space(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  const DepthToSpace operation{node.integer("blocksize", 1), node.word("mode", "DCR") == "CRD"};
  node.set(0, image_view(node.add_layer(operation, image), image));
}

void import_space_to_depth(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  node.set(0, image_view(node.add_layer(SpaceToDepth{node.integer("blocksize", 1)}, image), image));
}

CoordinateMode coordinates_of(const std::string& word) {
  if (word == "half_pixel") return CoordinateMode::kHalfPixel;
  if (word == "pytorch_half_pixel") return CoordinateMode::kPytorchHalfPixel;
  if (word == "align_corners") return CoordinateMode::kAlignCorners;
  if (word == "asymmetric") return CoordinateMode::kAsymmetric;
  if (word == "tf_half_pixel_for_nn") return CoordinateMode::kTfHalfPixelForNn;
  unsupported("coordinate_transformation_mode {}", quote_json(word));
}

NearestMode nearest_of(const std::string& word) {
  if (word == "round_prefer_floor") return NearestMode::kRoundPreferFloor;
  if (word == "round_prefer_ceil") return NearestMode::kRoundPreferCeil;
  if (word == "floor") return NearestMode::kFloor;
  if (word == "ceil") return NearestMode::kCeil;
  unsupported("nearest_mode {}", quote_json(word));
}

// By an axis's scale or its new size; the batch and the channels keep theirs.
struct ResizedImage {
  std::vector<int64_t> sizes;
  std::vector<double> scales;  // 0: size / old size
};

ResizedImage by_scales(const std::vector<float>& scales, const MapView& image) {
  ResizedImage resized;
  for (size_t i = 0; i < scales.size(); ++i) {
    const auto extent = static_cast<double>(image.extent(i));
    resized.sizes.push_back(static_cast<int64_t>(std::floor(extent * double{scales[i]})));
    resized.scales.push_back(double{scales[i]});
  }
  return resized;
}

void add_resize(NodeImport& node, const MapView& image, ResizedImage resized, ResizeMode mode,
                CoordinateMode coordinates, NearestMode nearest) {
  const size_t rank = image.axes.size();
  if (resized.sizes.size() != rank || resized.sizes[0] != image.extent(0) ||
      resized.sizes[1] != image.extent(1)) {
    unsupported("resizing of the batch or of channels");
  }
  const bool is_row = rank == 3;
  const Resize resize{mode,
                      is_row ? 1 : resized.sizes[2],
                      resized.sizes.back(),
                      is_row ? 1 : resized.scales[2],
                      resized.scales.back(),
                      coordinates,
                      nearest};
  node.set(0, image_view(node.add_layer(resize, image), image));
}

ResizeMode resize_mode(NodeImport& node) {
  const std::string mode = node.word("mode", "nearest");
  if (mode == "nearest") return ResizeMode::kNearest;
  if (mode == "linear" || mode == "bilinear") return ResizeMode::kLinear;
  unsupported("mode {}", quote_json(mode));
}

void import_resize(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  if (node.integer("antialias", 0) != 0) unsupported("antialias");
  if (node.word("keep_aspect_ratio_policy", "stretch") != "stretch") {
    unsupported("keep_aspect_ratio_policy");
  }
  const ResizeMode mode = resize_mode(node);
  const bool is_first = node.opset() < 11;  // scales were the second input
  const size_t scales = is_first ? 1 : 2, wanted = 3;
  const CoordinateMode coordinates =
      is_first ? CoordinateMode::kAsymmetric
               : coordinates_of(node.word("coordinate_transformation_mode", "half_pixel"));
  const NearestMode nearest =
      is_first ? NearestMode::kFloor : nearest_of(node.word("nearest_mode", "round_prefer_floor"));
  const size_t rank = image.axes.size();
  std::vector<int64_t> axes = node.integers("axes").value_or(std::vector<int64_t>());
  const auto spread = [&](auto values, auto otherwise) {
    if (axes.empty()) return values;
    std::vector<typename decltype(values)::value_type> all(otherwise.begin(), otherwise.end());
    for (size_t i = 0; i < axes.size(); ++i) {
      all.at(normal_axis(axes[i], rank, "attribute axes")) = values.at(i);
    }
    return all;
  };
  ResizedImage resized;
  if (node.has(scales) && node.constant(scales).elements() > 0) {
    resized = by_scales(spread(node.constant(scales).floats(), std::vector<float>(rank, 1)), image);
  } else if (!is_first && node.has(wanted)) {
    resized.sizes = spread(node.constant(wanted).integers(), image.dims());
    resized.scales.assign(rank, 0);
  } else {
    fail(ErrorKind::kInput, "found neither scales nor sizes");
  }
  add_resize(node, image, std::move(resized), mode, coordinates, nearest);
}

void import_upsample(NodeImport& node) {
  const MapView image = as_image(node, node.view(0));
  std::vector<float> scales;
  if (node.has_attribute("scales")) {
    scales = *node.numbers("scales");
  } else if (node.has(1)) {
    scales = node.constant(1).floats();
  } else {
    scales = {1, 1, node.number("height_scale", 1), node.number("width_scale", 1)};
  }
  add_resize(node, image, by_scales(scales, image), resize_mode(node), CoordinateMode::kAsymmetric,
             NearestMode::kFloor);
}

}  // namespace

MapForm image_form(const MapView& view) {
  switch (view.axes.size()) {
    case 2:
      return {{1}, {}, {}};
    case 3:
      return {{1}, {}, {2}};
    case 4:
      return {{1}, {2}, {3}};
    default:
      unsupported("an input of {} dimensions, wanted an image of 3 or 4", view.axes.size());
  }
}

MapView as_image(NodeImport& node, const MapView& view) {
  const MapForm form = image_form(view);
  if (!view.is_batch(0) && view.extent(0) != 1) {
    throw AcrossBatch{"images that are no batch"};
  }
  for (size_t i = 1; i < view.axes.size(); ++i) check_no_batch(view, i, "a window");
  return node.graph().as_map(view, form);
}

std::vector<NamedOperator> window_operators() {
  return {{"Conv", import_conv},
          {"ConvTranspose", import_conv_transpose},
          {"MaxPool", import_max_pool},
          {"AveragePool", import_average_pool},
          {"GlobalAveragePool", import_global_average_pool},
          {"GlobalMaxPool", import_global_max_pool},
          {"LRN", import_lrn},
          {"DepthToSpace", import_depth_to_space},
          {"SpaceToDepth", import_space_to_depth},
          {"Resize", import_resize},
          {"Upsample", import_upsample}};
}

}  // namespace wattgrind
