// ncnn's layers that slide windows: convolutions, pooling, padding and resizing.
#include <algorithm>

#include "estimator/imports/ncnn_step.h"

namespace wattgrind {
namespace {

constexpr int64_t kSameUpper = -233, kSameLower = -234;  // in place of a padding

// The window that the ids describe which convolutions and pooling share.
Window2d read_window(const NcnnLayer& layer, int dilation_id, int stride_id, int pad_id) {
  Window2d window;
  window.kernel_width = layer.integer(1, 0);
  window.kernel_height = layer.integer(11, window.kernel_width);
  if (dilation_id != 0) {
    window.dilation_width = layer.integer(dilation_id, 1);
    window.dilation_height = layer.integer(12, window.dilation_width);
  }
  window.stride_width = layer.integer(stride_id, 1);
  window.stride_height = layer.integer(stride_id + 10, window.stride_width);
  window.pad_left = layer.integer(pad_id, 0);
  window.pad_top = layer.integer(pad_id + 10, window.pad_left);
  return window;
}

// Pads for as many outputs as ceil(input / stride), the surplus of odd padding at the end or, as
// ONNX's SAME_LOWER, at the beginning.
void pad_same(int64_t input, int64_t kernel, int64_t stride, bool surplus_at_end, int64_t& begin,
              int64_t& end) {
  if (stride < 1) return;  // rejected where the layer is checked
  const int64_t pad = std::max<int64_t>(kernel + (input - 1) / stride * stride - input, 0);
  begin = surplus_at_end ? pad / 2 : pad - pad / 2;
  end = pad - begin;
}

void pad_same(Window2d& window, const FeatureShape& input, bool surplus_at_end) {
  const int64_t height = window.dilation_height * (window.kernel_height - 1) + 1;
  const int64_t width = window.dilation_width * (window.kernel_width - 1) + 1;
  pad_same(input.height, height, window.stride_height, surplus_at_end, window.pad_top,
           window.pad_bottom);
  pad_same(input.width, width, window.stride_width, surplus_at_end, window.pad_left,
           window.pad_right);
}

// The file tells how many weights there are, which must be as many as follow from the layers.
void check_weights(const NcnnStep& step, int id, const std::vector<int64_t>& sizes) {
  const int64_t told = step.layer.integer(id, 0);
  if (told == 0) return;
  __int128 weights = 1;
  for (const int64_t size : sizes) weights *= size;  // four of 32 bits at most
  if (weights != told) {
    step.graph.reject("{}={}: found so many weights, wanted {}", id, told, fmt::join(sizes, " x "));
  }
}

std::vector<NcnnBlob> read_convolution(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  Conv2d conv{layer.integer(0, 0), read_window(layer, 2, 3, 4),
              layer.type == "ConvolutionDepthWise" ? layer.integer(7, 1) : 1,
              layer.integer(5, 0) != 0};
  Window2d& window = conv.window;
  const bool is_pixel = step.map(0).dims == 1 && window.kernel_height == 1 &&
                        window.kernel_width == 1;  // which ncnn takes as a vector's product
  ImportedMap map = is_pixel ? step.map(0).map : step.planes().map;
  window.pad_right = layer.integer(15, window.pad_left);
  window.pad_bottom = layer.integer(16, window.pad_top);
  if (window.pad_left == kSameUpper || window.pad_left == kSameLower) {
    pad_same(window, map.shape, window.pad_left == kSameUpper);
  }
  if (const double value = layer.number(18, 0); value != 0) {
    map = step.add(Pad{PadMode::kConstant,
                       {0, window.pad_top, window.pad_left},
                       {0, window.pad_bottom, window.pad_right},
                       value},
                   {map}, "pad");
    window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = 0;
  }
  const ImportedMap output = step.add(conv, {map});
  check_weights(
      step, 6,
      {conv.filters, map.shape.channels / conv.groups, window.kernel_height, window.kernel_width});
  const ImportedMap activated = step.activated(output);
  return {is_pixel ? vector_blob(activated) : planes_blob(activated)};
}

std::string unsupported_convolution(const NcnnLayer& layer) {
  if (layer.integer(19, 0) != 0) return "with weights that are an input";
  return is_known_activation(layer.integer(9, 0)) ? "" : "with an activation that is not known";
}

std::vector<NcnnBlob> read_deconvolution(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  ConvTranspose2d conv;
  conv.filters = layer.integer(0, 0);
  conv.window = read_window(layer, 2, 3, 4);
  conv.window.pad_right = layer.integer(15, conv.window.pad_left);
  conv.window.pad_bottom = layer.integer(16, conv.window.pad_top);
  conv.groups = layer.type == "DeconvolutionDepthWise" ? layer.integer(7, 1) : 1;
  conv.bias = layer.integer(5, 0) != 0;
  conv.output_padding_width = layer.integer(18, 0);
  conv.output_padding_height = layer.integer(19, conv.output_padding_width);
  return {planes_blob(step.activated(step.add(conv, {step.planes().map})))};
}

std::string unsupported_deconvolution(const NcnnLayer& layer) {
  if (layer.integer(20, 0) != 0 || layer.integer(21, 0) != 0) return "with an output size";
  if (layer.integer(4, 0) < 0) return "with \"same\" padding";
  return unsupported_convolution(layer);
}

ImportedMap pool(NcnnStep& step, const Window2d& window, const ImportedMap& map) {
  if (step.layer.integer(0, 0) == 0) return step.add(MaxPool2d{.window = window}, {map});
  const bool count_padding = step.layer.integer(6, 0) != 0;
  return step.add(AvgPool2d{.window = window, .count_padding = count_padding}, {map});
}

ImportedMap pool_all(NcnnStep& step, const ImportedMap& map) {
  if (step.layer.integer(0, 0) != 0) return step.add(GlobalAvgPool2d{}, {map});
  return step.add(Reduce{ReduceFunction::kMax, {.height = true, .width = true}}, {map});
}

// Windows of one size, as many as are asked for.
Window2d adaptive_window(const NcnnStep& step, const FeatureShape& input) {
  const int64_t width = step.layer.integer(8, 0);
  const int64_t height = step.layer.integer(18, width);
  const auto kernel = [&](int64_t extent, int64_t outputs) {
    if (outputs == kSameUpper) return int64_t{1};  // as large as the input
    if (outputs < 1 || extent % outputs != 0) {
      step.graph.reject("found {} outputs over {}, wanted windows of one size", outputs, extent);
    }
    return extent / outputs;
  };
  Window2d window;
  window.kernel_height = window.stride_height = kernel(input.height, height);
  window.kernel_width = window.stride_width = kernel(input.width, width);
  return window;
}

// Padding at the end that lets a last window begin where it would reach beyond the map.
void pad_full(Window2d& window, const FeatureShape& input) {
  const auto rest = [](int64_t extent, int64_t kernel, int64_t stride) {
    if (stride < 1 || extent < kernel) return int64_t{0};  // rejected where the layer is checked
    const int64_t tail = (extent - kernel) % stride;
    return tail == 0 ? 0 : stride - tail;
  };
  window.pad_bottom += rest(input.height + window.pad_top + window.pad_bottom, window.kernel_height,
                            window.stride_height);
  window.pad_right += rest(input.width + window.pad_left + window.pad_right, window.kernel_width,
                           window.stride_width);
}

std::vector<NcnnBlob> read_pooling(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  const ImportedMap& map = step.planes().map;
  if (layer.integer(4, 0) != 0) return {vector_blob(pool_all(step, map))};
  if (layer.integer(7, 0) != 0) {
    const Window2d window = adaptive_window(step, map.shape);
    const bool is_whole =
        window.kernel_height == map.shape.height && window.kernel_width == map.shape.width;
    return {planes_blob(is_whole ? pool_all(step, map) : pool(step, window, map))};
  }
  Window2d window = read_window(layer, 0, 2, 3);
  window.pad_right = layer.integer(14, window.pad_left);
  window.pad_bottom = layer.integer(15, window.pad_top);
  const int64_t pad_mode = layer.integer(5, 0);
  if (pad_mode == 0) pad_full(window, map.shape);
  if (pad_mode >= 2) pad_same(window, map.shape, pad_mode == 2);
  return {planes_blob(pool(step, window, map))};
}

std::string unsupported_pooling(const NcnnLayer& layer) {
  const int64_t kind = layer.integer(0, 0), pad_mode = layer.integer(5, 0);
  if (kind < 0 || kind > 1) return fmt::format("of type {}", kind);
  return pad_mode < 0 || pad_mode > 3 ? fmt::format("with padding of mode {}", pad_mode) : "";
}

std::vector<NcnnBlob> read_padding(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  const NcnnBlob& blob = step.map(0);
  const std::array<PadMode, 3> modes = {PadMode::kConstant, PadMode::kEdge, PadMode::kReflect};
  Pad pad{modes[static_cast<size_t>(layer.integer(4, 0))], {}, {}, layer.number(5, 0)};
  const std::array<int64_t, 2> rows = {layer.integer(0, 0), layer.integer(1, 0)};
  const std::array<int64_t, 2> columns = {layer.integer(2, 0), layer.integer(3, 0)};
  NcnnBlob input = blob;
  if (blob.dims == 1) {
    pad.begin = {columns[0], 0, 0};
    pad.end = {columns[1], 0, 0};
  } else if (blob.dims == 2) {
    input = step.as_tokens(blob);
    pad.begin = {columns[0], 0, rows[0]};
    pad.end = {columns[1], 0, rows[1]};
  } else {
    pad.begin = {layer.integer(7, 0), rows[0], columns[0]};
    pad.end = {layer.integer(8, 0), rows[1], columns[1]};
  }
  const std::array<int64_t, 3> none = {0, 0, 0};
  if (pad.begin == none && pad.end == none) return {blob};
  return {blob_like(input, step.add(pad, {input.map}))};
}

std::string unsupported_padding(const NcnnLayer& layer) {
  const int64_t kind = layer.integer(4, 0);
  if (kind < 0 || kind > 2) return fmt::format("of type {}", kind);
  return layer.integer(6, 0) != 0 ? "with a value for each channel" : "";
}

std::vector<NcnnBlob> read_interp(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  const NcnnBlob& blob = step.map(0);
  if (blob.dims == 2) step.graph.reject("found an input of {}, wanted 1 or 3", to_string(blob));
  const FeatureShape& input = blob.map.shape;
  Resize resize;
  resize.mode = layer.integer(0, 0) == 1 ? ResizeMode::kNearest : ResizeMode::kLinear;
  resize.height = layer.integer(3, 0);
  resize.width = layer.integer(4, 0);
  if (resize.height == 0 || resize.width == 0) {
    resize.scale_height = layer.number(1, 1);
    resize.scale_width = layer.number(2, 1);
    const auto scaled = [&](int64_t extent, double scale) {
      const double size = static_cast<double>(extent) * scale;
      if (!(size >= 1) || size > static_cast<double>(kMaxSize)) {
        step.graph.reject("found a scale of {}, wanted sizes of 1 to {}", scale, kMaxSize);
      }
      return static_cast<int64_t>(size);
    };
    resize.height = scaled(input.height, resize.scale_height);
    resize.width = scaled(input.width, resize.scale_width);
    const auto is_ratio = [](double scale, int64_t output, int64_t extent) {
      return static_cast<double>(output) == scale * static_cast<double>(extent);
    };
    if (is_ratio(resize.scale_height, resize.height, input.height) &&
        is_ratio(resize.scale_width, resize.width, input.width)) {
      resize.scale_height = resize.scale_width = 0;
    }
  }
  resize.coordinates = resize.mode == ResizeMode::kNearest ? CoordinateMode::kAsymmetric
                       : layer.integer(6, 0) != 0          ? CoordinateMode::kAlignCorners
                                                           : CoordinateMode::kHalfPixel;
  resize.nearest = NearestMode::kFloor;
  return {planes_blob(step.add(resize, {blob.map}))};
}

std::string unsupported_interp(const NcnnLayer& layer) {
  const int64_t kind = layer.integer(0, 0);
  if (kind != 1 && kind != 2) return fmt::format("of type {}", kind);
  return layer.integer(5, 0) != 0 ? "with a size that is an input" : "";
}

}  // namespace

NcnnReaders ncnn_window_readers() {
  return {{"Convolution", {read_convolution, 1, 1, unsupported_convolution}},
          {"ConvolutionDepthWise", {read_convolution, 1, 1, unsupported_convolution}},
          {"Deconvolution", {read_deconvolution, 1, 1, unsupported_deconvolution}},
          {"DeconvolutionDepthWise", {read_deconvolution, 1, 1, unsupported_deconvolution}},
          {"Pooling", {read_pooling, 1, 1, unsupported_pooling}},
          {"Padding", {read_padding, 1, 1, unsupported_padding}},
          {"Interp", {read_interp, 1, 1, unsupported_interp}}};
}

}  // namespace wattgrind
