#include "estimator/dataflow/layer_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

void slide_window(const Window2d& window, const FeatureShape& output, LayerProblem& problem) {
  problem.ofmap_rows = static_cast<uint64_t>(output.height);
  problem.ofmap_columns = static_cast<uint64_t>(output.width);
  problem.filter_rows = static_cast<uint64_t>(window.kernel_height);
  problem.filter_columns = static_cast<uint64_t>(window.kernel_width);
  problem.stride_rows = static_cast<uint64_t>(window.stride_height);
  problem.stride_columns = static_cast<uint64_t>(window.stride_width);
  problem.span_rows = static_cast<uint64_t>(window.span_height());
  problem.span_columns = static_cast<uint64_t>(window.span_width());
}

LayerProblem convolution(const Conv2d& conv, const Layer& layer, uint64_t images) {
  LayerProblem problem;
  problem.images = images;
  problem.groups = static_cast<uint64_t>(conv.groups);
  problem.filters = static_cast<uint64_t>(conv.filters / conv.groups);
  problem.channels = static_cast<uint64_t>(layer.input_shape().channels / conv.groups);
  slide_window(conv.window, layer.output_shape, problem);
  return problem;
}

// One axis of a transposed convolution: taps of the kernel that fall on the same outputs, how many
// such sets there are, and how many outputs belong to each at most. Taps of one set lie so far
// apart on the input.
struct TransposedAxis {
  uint64_t sets = 1, taps = 1, span = 1, outputs = 1;
};

TransposedAxis transposed_axis(int64_t kernel, int64_t stride, int64_t dilation, int64_t outputs) {
  const auto common = static_cast<uint64_t>(std::gcd(stride, dilation));
  const uint64_t phases = static_cast<uint64_t>(stride) / common;
  const auto taps = static_cast<uint64_t>(kernel);
  TransposedAxis axis;
  axis.sets = std::min(phases, taps);
  axis.taps = (taps + phases - 1) / phases;
  axis.span = (axis.taps - 1) * (static_cast<uint64_t>(dilation) / common) + 1;
  axis.outputs = (static_cast<uint64_t>(outputs) + static_cast<uint64_t>(stride) - 1) /
                 static_cast<uint64_t>(stride);
  return axis;
}

LayerProblem transposed_convolution(const ConvTranspose2d& conv, const Layer& layer,
                                    uint64_t images) {
  const Window2d& window = conv.window;
  const TransposedAxis rows = transposed_axis(window.kernel_height, window.stride_height,
                                              window.dilation_height, layer.output_shape.height);
  const TransposedAxis columns = transposed_axis(window.kernel_width, window.stride_width,
                                                 window.dilation_width, layer.output_shape.width);
  LayerProblem problem;
  problem.images = images;
  problem.groups = static_cast<uint64_t>(conv.groups);
  problem.filters = saturated_product(
      {static_cast<uint64_t>(conv.filters / conv.groups), rows.sets, columns.sets});
  problem.channels = static_cast<uint64_t>(layer.input_shape().channels / conv.groups);
  problem.ofmap_rows = rows.outputs;
  problem.ofmap_columns = columns.outputs;
  problem.filter_rows = rows.taps;
  problem.filter_columns = columns.taps;
  problem.span_rows = rows.span;
  problem.span_columns = columns.span;
  return problem;
}

LayerProblem dense(const Layer& layer, const FeatureShape& input, uint64_t images) {
  LayerProblem problem;
  problem.images = images;
  problem.filters = static_cast<uint64_t>(layer.output_shape.elements());
  problem.channels = static_cast<uint64_t>(input.channels);
  problem.filter_rows = problem.span_rows = static_cast<uint64_t>(input.height);
  problem.filter_columns = problem.span_columns = static_cast<uint64_t>(input.width);
  return problem;
}

// Every head of every image is a group: a convolution of 1 x 1 over its tokens.
LayerProblem product(const Layer& layer, uint64_t images) {
  const FeatureShape& output = layer.output_shape;
  LayerProblem problem;
  problem.groups = images * static_cast<uint64_t>(output.height);
  problem.filters = static_cast<uint64_t>(output.channels);
  problem.channels = static_cast<uint64_t>(layer.input_shape().channels);
  problem.ofmap_columns = static_cast<uint64_t>(output.width);
  return problem;
}

LayerProblem pooling(const Window2d& window, const Layer& layer, uint64_t images) {
  LayerProblem problem;
  problem.pooling = true;
  problem.images = images;
  problem.filters = static_cast<uint64_t>(layer.output_shape.channels);
  slide_window(window, layer.output_shape, problem);
  return problem;
}

std::optional<LayerProblem> unchecked_problem(const Layer& layer, const FeatureShape& dense_input,
                                              uint64_t images) {
  if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    return convolution(*conv, layer, images);
  }
  if (const auto* conv = std::get_if<ConvTranspose2d>(&layer.operation)) {
    return transposed_convolution(*conv, layer, images);
  }
  if (std::holds_alternative<Dense>(layer.operation)) return dense(layer, dense_input, images);
  if (std::holds_alternative<MatMul>(layer.operation)) return product(layer, images);
  if (const auto* pool = std::get_if<MaxPool2d>(&layer.operation)) {
    return pooling(pool->window, layer, images);
  }
  if (const auto* pool = std::get_if<AvgPool2d>(&layer.operation)) {
    return pooling(pool->window, layer, images);
  }
  if (std::holds_alternative<GlobalAvgPool2d>(layer.operation)) {
    Window2d window;
    window.kernel_height = layer.input_shape().height;
    window.kernel_width = layer.input_shape().width;
    return pooling(window, layer, images);
  }
  return std::nullopt;
}

}  // namespace

uint64_t LayerProblem::macs() const {
  return saturated_product(
      {groups, images, filters, channels, ofmap_rows, ofmap_columns, filter_rows, filter_columns});
}

uint64_t LayerProblem::words(DataKind kind) const {
  switch (kind) {
    case DataKind::kIfmap:
      return saturated_product(
          {groups, images, pooling ? filters : channels, ifmap_rows(), ifmap_columns()});
    case DataKind::kWeights:
      if (pooling) return 0;
      return saturated_product({groups, filters, channels, filter_rows, filter_columns});
    case DataKind::kPsum:
      return saturated_product({groups, images, filters, ofmap_rows, ofmap_columns});
  }
  CHECK(false, "data kind {}", index_of(kind));
}

FeatureShape unflattened_input(const Network& network, const Layer& layer) {
  int source = layer.input();
  while (!is_network_input(source)) {
    const Layer& before = network.layers[static_cast<size_t>(source)];
    // What lies between may work on the flat map, as a ReLU or a dropout does.
    const bool keeps_values = std::holds_alternative<Flatten>(before.operation) ||
                              std::holds_alternative<Dropout>(before.operation);
    if (!keeps_values) break;
    source = before.input();
  }
  const FeatureShape& shape = network.shape_of(source);
  return shape.elements() == layer.input_shape().elements() ? shape : layer.input_shape();
}

std::optional<LayerProblem> layer_problem(const Layer& layer, const FeatureShape& dense_input,
                                          int64_t images) {
  CHECK(images >= 1 && images <= kMostImages, "{} images", images);
  const auto problem = unchecked_problem(layer, dense_input, static_cast<uint64_t>(images));
  if (problem &&
      (problem->macs() > kMostLayerMacs || problem->words(DataKind::kIfmap) > kMostLayerMacs)) {
    fail(ErrorKind::kInput,
         "layer {}: found {:.3g} multiply-accumulates with {} images, wanted at most {:.3g}: take "
         "fewer images",
         layer.name, static_cast<double>(problem->macs()), images,
         static_cast<double>(kMostLayerMacs));
  }
  return problem;
}

std::optional<LayerProblem> flattened(const LayerProblem& problem) {
  const bool dense = !problem.pooling && problem.ofmap_rows == 1 && problem.ofmap_columns == 1 &&
                     problem.filter_rows == problem.ifmap_rows() &&
                     problem.filter_columns == problem.ifmap_columns();
  if (!dense || problem.filter_rows * problem.filter_columns == 1) return std::nullopt;
  LayerProblem flat = problem;
  flat.channels = problem.channels * problem.filter_rows * problem.filter_columns;
  flat.filter_rows = flat.filter_columns = flat.span_rows = flat.span_columns = 1;
  return flat;
}

std::optional<LayerProblem> with_column_pieces(const LayerProblem& problem, uint64_t pieces) {
  if (problem.pooling || problem.filter_columns % pieces != 0) return std::nullopt;
  const uint64_t from_tap_to_tap =
      problem.filter_columns == 1 ? 1 : (problem.span_columns - 1) / (problem.filter_columns - 1);
  LayerProblem cut = problem;
  cut.channels *= pieces;
  cut.filter_columns = problem.filter_columns / pieces;
  cut.span_columns = (cut.filter_columns - 1) * from_tap_to_tap + 1;
  return cut;
}

std::string to_string(const LayerProblem& problem) {
  std::string text = fmt::format("N{} M{} C{} E{} F{} R{} S{}", problem.images, problem.filters,
                                 problem.channels, problem.ofmap_rows, problem.ofmap_columns,
                                 problem.filter_rows, problem.filter_columns);
  if (problem.stride_rows != 1 || problem.stride_columns != 1) {
    text += problem.stride_rows == problem.stride_columns
                ? fmt::format(" U{}", problem.stride_rows)
                : fmt::format(" U{}x{}", problem.stride_rows, problem.stride_columns);
  }
  if (problem.groups != 1) text = fmt::format("G{} {}", problem.groups, text);
  return text;
}

}  // namespace wattgrind
