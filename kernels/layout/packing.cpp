#include "kernels/layout/packing.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"
#include "kernels/layout/conv_phases.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// Calls visit(packed index, logical index) for every weight of a product whose `columns` output
// channels are packed in blocks and whose reduction runs over (row, column, channel) while the
// logical order is (channel, row, column).
template <typename Visit>
void visit_product(const std::vector<ColumnBlock>& blocks, int64_t columns,
                   const FeatureShape& reduction, int64_t packed_base, int64_t logical_base,
                   const Visit& visit) {
  const int64_t steps = reduction.elements();
  for (const ColumnBlock& block : blocks) {
    const int64_t width = block.width();
    for (int64_t i = 0; i < std::min(width, columns - block.first); ++i) {
      int64_t packed = packed_base + steps * block.first + i;
      const int64_t logical = logical_base + (block.first + i) * steps;
      for (int64_t y = 0; y < reduction.height; ++y) {
        for (int64_t x = 0; x < reduction.width; ++x) {
          for (int64_t c = 0; c < reduction.channels; ++c) {
            visit(packed, logical + (c * reduction.height + y) * reduction.width + x);
            packed += width;
          }
        }
      }
    }
  }
}

template <typename Visit>
void visit_conv(const Conv2d& conv, const MapLayout& input, Isa isa, const Visit& visit) {
  const Window2d& window = conv.window;
  if (is_depthwise(conv, input.shape.channels)) {
    const int64_t taps = window.kernel_height * window.kernel_width;
    for (int64_t c = 0; c < conv.filters; ++c) {
      for (int64_t t = 0; t < taps; ++t) visit(t * input.channel_pitch + c, c * taps + t);
    }
    return;
  }
  const int64_t filters = conv.filters / conv.groups;
  const FeatureShape reduction{input.shape.channels / conv.groups, window.kernel_height,
                               window.kernel_width};
  const auto blocks =
      column_blocks(filters, isa, conv.groups == 1 ? Surplus::kPad : Surplus::kExact);
  for (int64_t g = 0; g < conv.groups; ++g) {
    visit_product(blocks, filters, reduction, g * reduction.elements() * padded_width(blocks),
                  g * filters * reduction.elements(), visit);
  }
}

// A tensor that no product reads.
template <typename Visit>
void visit_plain(const Layer& layer, ParameterRole role, const Visit& visit) {
  for (const ParameterTensor& tensor : parameter_tensors(layer)) {
    if (tensor.role != role || tensor.shape.size() != 3) continue;
    const int64_t channels = tensor.shape[0], pixels = tensor.shape[1] * tensor.shape[2];
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t i = 0; i < pixels; ++i) visit(i * channels + c, c * pixels + i);
    }
    return;
  }
  const auto values = static_cast<int64_t>(parameter_values(layer, role));
  for (int64_t i = 0; i < values; ++i) visit(i, i);
}

// Weights are packed [phase][group][block][row][column][channel][lane] with each phase's taps from
// the last to the first.
template <typename Visit>
void visit_conv_transpose(const ConvTranspose2d& conv, const MapLayout& input, Isa isa,
                          const Visit& visit) {
  const Window2d& window = conv.window;
  const int64_t filters = conv.filters / conv.groups;
  const int64_t channels = input.shape.channels / conv.groups;
  const auto blocks =
      column_blocks(filters, isa, conv.groups == 1 ? Surplus::kPad : Surplus::kExact);
  for (const TapPhase& phase : tap_phases(window)) {
    const int64_t steps = phase.rows * phase.columns * channels;
    const int64_t first = phase.taps_before * channels * conv.groups * padded_width(blocks);
    for (int64_t g = 0; g < conv.groups; ++g) {
      for (const ColumnBlock& block : blocks) {
        int64_t packed = first + steps * (g * padded_width(blocks) + block.first);
        for (int64_t row = phase.last_row(); row >= 0; row -= phase.row_step) {
          for (int64_t column = phase.last_column(); column >= 0; column -= phase.column_step) {
            for (int64_t c = 0; c < channels; ++c, packed += block.width()) {
              for (int64_t i = 0; i < std::min(block.width(), filters - block.first); ++i) {
                const int64_t of_filter = (g * channels + c) * filters + block.first + i;
                visit(packed + i,
                      (of_filter * window.kernel_height + row) * window.kernel_width + column);
              }
            }
          }
        }
      }
    }
  }
}

template <typename Visit>
void visit_embedding(const Embedding& embedding, Isa isa, const Visit& visit) {
  const int64_t pitch = padded_width(column_blocks(embedding.features, isa, Surplus::kPad));
  for (int64_t row = 0; row < embedding.rows; ++row) {
    for (int64_t f = 0; f < embedding.features; ++f) {
      visit(row * pitch + f, row * embedding.features + f);
    }
  }
}

template <typename Visit>
void visit_weights(const Layer& layer, const MapLayout& input, Isa isa, const Visit& visit) {
  if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    visit_conv(*conv, input, isa, visit);
  } else if (const auto* transposed = std::get_if<ConvTranspose2d>(&layer.operation)) {
    visit_conv_transpose(*transposed, input, isa, visit);
  } else if (const auto* embedding = std::get_if<Embedding>(&layer.operation)) {
    visit_embedding(*embedding, isa, visit);
  } else if (const auto* dense = std::get_if<Dense>(&layer.operation)) {
    visit_product(column_blocks(dense->units, isa, Surplus::kPad), dense->units, input.shape, 0, 0,
                  visit);
  } else {
    visit_plain(layer, ParameterRole::kWeights, visit);
  }
}

}  // namespace

void pack_weights(const Layer& layer, const MapLayout& input, Isa isa,
                  std::span<const float> logical, std::span<float> packed, WeightForm form) {
  std::ranges::fill(packed, 0.0f);
  if (form != WeightForm::kTaps) {
    const auto* conv = std::get_if<Conv2d>(&layer.operation);
    CHECK(conv != nullptr, "{}: no convolution", layer.name);
    return pack_tiled_weights(form, *conv, input.shape.channels, isa, logical, packed);
  }
  visit_weights(layer, input, isa, [&](int64_t to, int64_t from) {
    packed[static_cast<size_t>(to)] = logical[static_cast<size_t>(from)];
  });
}

void unpack_weights(const Layer& layer, const MapLayout& input, Isa isa,
                    std::span<const float> packed, std::span<float> logical) {
  visit_weights(layer, input, isa, [&](int64_t from, int64_t to) {
    logical[static_cast<size_t>(to)] = packed[static_cast<size_t>(from)];
  });
}

// Both orders of one extent are the same but for the zeros at the end, because the biases of groups
// lie without gaps and a layer's padding follows its last bias.
void pack_bias(const Layer& layer, std::span<const float> logical, std::span<float> packed) {
  CHECK(logical.size() <= packed.size(), "{}: {} biases, room for {}", layer.name, logical.size(),
        packed.size());
  std::ranges::fill(packed, 0.0f);
  visit_plain(layer, ParameterRole::kBias, [&](int64_t to, int64_t from) {
    packed[static_cast<size_t>(to)] = logical[static_cast<size_t>(from)];
  });
}

}  // namespace wattgrind
