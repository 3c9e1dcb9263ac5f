#include "kernels/layout/byte_reduction.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

int64_t lanes_of(int64_t bytes) { return (bytes + kLaneBytes - 1) / kLaneBytes; }

// The product of a layer, as its weights are packed.
struct PackedProduct {
  int64_t groups = 1;
  int64_t filters = 1;  // of a group
  int64_t kernel_height = 1, kernel_width = 1;
  ByteReduction reduction;
  std::vector<ColumnBlock> blocks;

  int64_t logical_taps() const { return kernel_height * kernel_width * reduction.channels; }
};

PackedProduct packed_product(const Layer& layer, const MapLayout& input, Isa isa) {
  if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    return {conv->groups,
            conv->filters / conv->groups,
            conv->window.kernel_height,
            conv->window.kernel_width,
            byte_reduction(*conv, input),
            byte_blocks(*conv, isa)};
  }
  const auto& dense = std::get<Dense>(layer.operation);
  return {1,
          dense.units,
          input.shape.height,
          input.shape.width,
          byte_reduction(dense, input),
          byte_blocks(dense, isa)};
}

// Calls visit(packed index, filter, logical tap) for the weights of one group.
template <typename Visit>
void visit_group(const PackedProduct& product, const Visit& visit) {
  const ByteReduction& reduction = product.reduction;
  for (const ColumnBlock& block : product.blocks) {
    const int64_t columns = std::min(block.width(), product.filters - block.first);
    const int64_t first = block.first * reduction.lanes() * kLaneBytes;
    for (int64_t tap = 0; tap < product.kernel_height * product.kernel_width; ++tap) {
      const int64_t pixel_of_run = tap % reduction.pixels, run = tap / reduction.pixels;
      for (int64_t c = 0; c < reduction.channels; ++c) {
        const int64_t byte = pixel_of_run * reduction.pixel_bytes + c;
        const int64_t lane = run * reduction.run_lanes() + byte / kLaneBytes;
        const int64_t logical = c * product.kernel_height * product.kernel_width + tap;
        for (int64_t i = 0; i < columns; ++i) {
          visit(first + (lane * block.width() + i) * kLaneBytes + byte % kLaneBytes,
                block.first + i, logical);
        }
      }
    }
  }
}

bool is_depthwise_on(const Layer& layer, const MapLayout& input) {
  const auto* conv = std::get_if<Conv2d>(&layer.operation);
  return conv != nullptr && is_depthwise(*conv, input.shape.channels);
}

int8_t packed_weight(float weight) { return static_cast<int8_t>(weight); }

int32_t as_int32(double value) {
  return static_cast<int32_t>(std::clamp(value, double{INT32_MIN}, double{INT32_MAX}));
}

}  // namespace

ByteReduction byte_reduction(const Conv2d& conv, const MapLayout& input) {
  const Window2d& window = conv.window;
  const int64_t channels = input.shape.channels / conv.groups;
  ByteReduction reduction;
  reduction.rows = window.kernel_height;
  reduction.row_step_bytes = window.dilation_height * input.row_bytes();
  reduction.channels = channels;
  const int64_t row_bytes = (window.kernel_width - 1) * input.channel_bytes() + channels;
  const bool taps_touch = conv.groups == 1 && window.dilation_width == 1;
  if (taps_touch && lanes_of(row_bytes) <= window.kernel_width * lanes_of(channels)) {
    reduction.run_bytes = row_bytes;
    reduction.pixels = window.kernel_width;
    reduction.pixel_bytes = input.channel_bytes();
    return reduction;
  }
  reduction.runs = window.kernel_width;
  reduction.run_bytes = channels;
  reduction.run_step_bytes = window.dilation_width * input.channel_bytes();
  return reduction;
}

ByteReduction byte_reduction(const Dense&, const MapLayout& input) {
  const FeatureShape& shape = input.shape;
  ByteReduction reduction;
  reduction.channels = shape.channels;
  reduction.pixel_bytes = input.channel_bytes();
  const bool is_one_run = input.rows_touch();
  reduction.pixels = is_one_run ? shape.height * shape.width : shape.width;
  reduction.rows = is_one_run ? 1 : shape.height;
  reduction.row_step_bytes = input.row_bytes();
  reduction.run_bytes = (reduction.pixels - 1) * input.channel_bytes() + shape.channels;
  return reduction;
}

std::vector<ColumnBlock> byte_blocks(const Conv2d& conv, Isa isa) {
  return column_blocks(conv.filters / conv.groups, isa,
                       conv.groups == 1 ? Surplus::kPad : Surplus::kExact);
}

std::vector<ColumnBlock> byte_blocks(const Dense& dense, Isa isa) {
  return column_blocks(dense.units, isa, Surplus::kPad);
}

BytePackedSizes byte_packed_sizes(const Layer& layer, const MapLayout& input, Isa isa) {
  const auto size = [](int64_t count) { return static_cast<uint64_t>(count); };
  if (is_depthwise_on(layer, input)) {
    const Window2d& window = std::get<Conv2d>(layer.operation).window;
    return {size(window.kernel_height * window.kernel_width * input.channel_pitch),
            size(input.channel_pitch)};
  }
  const PackedProduct product = packed_product(layer, input, isa);
  const int64_t columns = product.groups * padded_width(product.blocks);
  return {size(columns * product.reduction.lanes() * kLaneBytes), size(columns)};
}

void pack_bytes(const Layer& layer, const MapLayout& input, Isa isa,
                const LayerParameters& parameters, std::span<int8_t> weights,
                std::span<int32_t> bias, std::span<float> scales) {
  std::ranges::fill(weights, int8_t{0});
  std::ranges::fill(bias, 0);
  std::ranges::fill(scales, 0.0f);
  const auto filters = static_cast<size_t>(layer.output_shape.channels);
  CHECK(parameters.scales.size() == filters, "{}: {} scales", layer.name, parameters.scales.size());
  const ByteScale in = layer.input_bytes.front().value();
  const int zero_point = in.zero_point - (stores_signed_bytes(isa) ? 128 : 0);
  const auto logical_taps = static_cast<int64_t>(parameters.weights.size() / filters);
  const auto weight = [&](int64_t filter, int64_t tap) {
    return parameters.weights[static_cast<size_t>(filter * logical_taps + tap)];
  };
  if (is_depthwise_on(layer, input)) {
    for (int64_t c = 0; c < static_cast<int64_t>(filters); ++c) {
      for (int64_t t = 0; t < logical_taps; ++t) {
        weights[static_cast<size_t>(t * input.channel_pitch + c)] = packed_weight(weight(c, t));
      }
    }
  } else {
    const PackedProduct product = packed_product(layer, input, isa);
    const int64_t group_bytes =
        product.reduction.lanes() * kLaneBytes * padded_width(product.blocks);
    for (int64_t g = 0; g < product.groups; ++g) {
      visit_group(product, [&](int64_t packed, int64_t filter, int64_t tap) {
        weights[static_cast<size_t>(g * group_bytes + packed)] =
            packed_weight(weight(g * product.filters + filter, tap));
      });
    }
  }
  for (size_t c = 0; c < filters; ++c) {
    double sum = 0;
    for (int64_t t = 0; t < logical_taps; ++t) sum += weight(static_cast<int64_t>(c), t);
    const double own = parameters.bias.empty() ? 0 : parameters.bias[c];
    bias[c] = as_int32(own - zero_point * sum);
    const float scale = in.scale * parameters.scales[c];
    scales[c] = layer.int8->output ? scale / layer.int8->output->scale : scale;
  }
}

}  // namespace wattgrind
