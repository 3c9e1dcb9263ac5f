// The way back of a transposed convolution. Its data gradient is an ordinary convolution of the
// output's gradient; weights that were packed phase by phase are copied for it.
#include <algorithm>

#include "kernels/conv/direct_conv.h"
#include "kernels/gradients/backward.h"
#include "kernels/gradients/weight_gradient.h"
#include "kernels/layout/conv_phases.h"
#include "kernels/layout/tiling.h"
#include "kernels/parts/weight_transpose.h"

namespace wattgrind {
namespace {

// What both gradients are made from.
struct Geometry {
  Geometry(const ConvTranspose2d& layer, const BackwardContext& context)
      : conv(layer),
        batch(context.batch),
        channels(context.input().shape.channels / layer.groups),
        filters(layer.filters / layer.groups),
        blocks(column_blocks(filters, context.isa,
                             layer.groups == 1 ? Surplus::kPad : Surplus::kExact)) {}

  int64_t taps() const { return conv.window.kernel_height * conv.window.kernel_width; }
  int64_t packed_filters() const { return conv.groups * padded_width(blocks); }
  uint64_t weights_bytes() const {
    return static_cast<uint64_t>(taps() * channels * packed_filters() * kFloatBytes);
  }
  // Packed weights of one group and phase, and of all groups of the phases before.
  int64_t group_bytes(const TapPhase& phase) const {
    return phase.rows * phase.columns * channels * padded_width(blocks) * kFloatBytes;
  }
  int64_t bytes_before(const TapPhase& phase) const {
    return phase.taps_before * channels * packed_filters() * kFloatBytes;
  }

  const ConvTranspose2d& conv;
  const int64_t batch;
  const int64_t channels, filters;        // of a group
  const std::vector<ColumnBlock> blocks;  // of a group's filters
};

class DataGradient {
 public:
  DataGradient(const ConvTranspose2d& conv, const BackwardContext& context)
      : geometry_(conv, context),
        gradient_(context.output_gradient),
        result_(context.input_gradient),
        blocks_(column_blocks(conv.groups == 1 ? result_.channel_pitch : geometry_.channels,
                              context.isa, Surplus::kExact)),
        nest_("conv_transpose2d_data_gradient", context.isa) {}

  LoopNest lower() && {
    const Window2d& w = geometry_.conv.window;
    const Address weights =
        nest_.buffer(Operand::kWeights, TensorRole::kWeights, geometry_.weights_bytes());
    const Address transposed =
        nest_.buffer(Operand::kTransposed, TensorRole::kScratch,
                     static_cast<uint64_t>(geometry_.conv.groups * group_bytes()));
    const Address gradient = nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient,
                                          gradient_.bytes(geometry_.batch));
    const Address result = nest_.buffer(Operand::kInputGradient, TensorRole::kGradient,
                                        result_.bytes(geometry_.batch));
    for (const TapPhase& phase : tap_phases(w)) transpose(phase, weights, transposed);
    nest_.loop("image", geometry_.batch, [&](LoopVariable n) {
      DirectConv conv = convolution();
      conv.weights = transposed;
      conv.input_values = stepped(moved(gradient, gradient_.pixel_bytes(-w.pad_top, -w.pad_left)),
                                  n, gradient_.image_bytes());
      conv.output_values =
          stepped(moved(result, result_.pixel_bytes(0, 0)), n, result_.image_bytes());
      emit_direct_conv(nest_, conv);
    });
    return std::move(nest_).finish();
  }

 private:
  // Transposed weights of a group.
  int64_t group_bytes() const {
    return geometry_.taps() * geometry_.filters * padded_width(blocks_) * kFloatBytes;
  }

  DirectConv convolution() const {
    const Window2d& w = geometry_.conv.window;
    DirectConv conv;
    conv.groups = geometry_.conv.groups;
    conv.group_inputs = geometry_.filters;
    conv.group_outputs = geometry_.channels;
    conv.kernel_height = w.kernel_height;
    conv.kernel_width = w.kernel_width;
    conv.dilation_height = w.dilation_height;
    conv.dilation_width = w.dilation_width;
    conv.rows = result_.shape.height;
    conv.columns = result_.shape.width;
    conv.input = gradient_;
    conv.output = result_;
    conv.input_row_step = w.stride_height;
    conv.input_column_step = w.stride_width;
    conv.blocks = blocks_;
    conv.start = TileStart::kZero;
    return conv;
  }

  // A phase has its taps from the last to the first.
  void transpose(const TapPhase& phase, const Address& weights, const Address& transposed) {
    const Window2d& w = geometry_.conv.window;
    WeightTranspose copy;
    copy.from_blocks = geometry_.blocks;
    copy.to_blocks = blocks_;
    copy.outputs = geometry_.filters;
    copy.inputs = geometry_.channels;
    copy.from_steps = phase.rows * phase.columns * geometry_.channels;
    copy.to_steps = geometry_.taps() * geometry_.filters;
    copy.first_to_step =
        (phase.last_row() * w.kernel_width + phase.last_column()) * geometry_.filters;
    copy.loops = {{"kernel_row", phase.rows, phase.columns * geometry_.channels,
                   -phase.row_step * w.kernel_width * geometry_.filters, 0},
                  {"kernel_column", phase.columns, geometry_.channels,
                   -phase.column_step * geometry_.filters, 0}};
    nest_.loop("group", geometry_.conv.groups, [&](LoopVariable g) {
      copy.from =
          stepped(moved(weights, geometry_.bytes_before(phase)), g, geometry_.group_bytes(phase));
      copy.to = stepped(transposed, g, group_bytes());
      emit_weight_transpose(nest_, copy);
    });
  }

  const Geometry geometry_;
  const MapLayout &gradient_, &result_;    // by the output and by the input
  const std::vector<ColumnBlock> blocks_;  // of a group's channels
  NestBuilder nest_;
};

// Of each tap a product whose rows are channels, whose columns are filters, and whose reduction
// runs over images and the input's pixels.
class WeightGradient {
 public:
  WeightGradient(const ConvTranspose2d& conv, const BackwardContext& context)
      : geometry_(conv, context),
        in_(context.input()),
        gradient_(context.output_gradient),
        nest_("conv_transpose2d_weight_gradient", context.isa) {}

  LoopNest lower() && {
    const Window2d& w = geometry_.conv.window;
    WeightGradientOperands operands;
    operands.input =
        moved(nest_.buffer(Operand::kInput, TensorRole::kInput, in_.bytes(geometry_.batch)),
              in_.pixel_bytes(0, 0));
    const Address gradient = nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient,
                                          gradient_.bytes(geometry_.batch));
    operands.gradient = moved(gradient, gradient_.pixel_bytes(0, 0));
    operands.weights =
        nest_.buffer(Operand::kWeightGradient, TensorRole::kGradient, geometry_.weights_bytes());
    operands.bias = nest_.buffer(Operand::kBiasGradient, TensorRole::kGradient,
                                 static_cast<uint64_t>(geometry_.packed_filters() * kFloatBytes));
    for (const TapPhase& phase : tap_phases(w)) {
      const int64_t first =
          gradient_.pixel_bytes(phase.last_row() * w.dilation_height - w.pad_top,
                                phase.last_column() * w.dilation_width - w.pad_left);
      emit_phase(phase, operands.input, moved(gradient, first),
                 moved(operands.weights, geometry_.bytes_before(phase)));
    }
    ConvProblem sums;
    sums.batch = geometry_.batch;
    sums.output = gradient_;
    emit_bias_gradient(nest_, sums, operands);
    return std::move(nest_).finish();
  }

 private:
  void emit_phase(const TapPhase& phase, const Address& input, const Address& gradient,
                  const Address& weights) {
    const Window2d& w = geometry_.conv.window;
    nest_.loop("group", geometry_.conv.groups, [&](LoopVariable g) {
      nest_.loop("kernel_row", phase.rows, [&](LoopVariable r) {
        nest_.loop("kernel_column", phase.columns, [&](LoopVariable s) {
          const Address x = stepped(input, g, geometry_.channels * kFloatBytes);
          Address dy = stepped(gradient, g, geometry_.filters * kFloatBytes);
          dy = stepped(dy, r, -phase.row_step * w.dilation_height * gradient_.row_bytes());
          dy = stepped(dy, s, -phase.column_step * w.dilation_width * gradient_.channel_bytes());
          for (const BlockRun& run : runs(geometry_.blocks)) {
            const int64_t tap_bytes = geometry_.channels * run.block.width() * kFloatBytes;
            Address dw = stepped(weights, g, geometry_.group_bytes(phase));
            dw = moved(dw, phase.rows * phase.columns * geometry_.channels * run.block.first *
                               kFloatBytes);
            dw = stepped(stepped(dw, r, phase.columns * tap_bytes), s, tap_bytes);
            emit_blocks(run, phase.rows * phase.columns * tap_bytes, x,
                        moved(dy, run.block.first * kFloatBytes), dw);
          }
        });
      });
    });
  }

  void emit_blocks(const BlockRun& run, int64_t block_bytes, const Address& x, const Address& dy,
                   const Address& dw) {
    const Window2d& w = geometry_.conv.window;
    const int64_t width_bytes = run.block.width() * kFloatBytes;
    ProductTile tile;
    tile.lanes = run.block.lanes;
    for (int64_t v = 0; v < run.block.vectors; ++v) {
      tile.vectors.push_back({v * tile.lanes * kFloatBytes, v * tile.lanes * kFloatBytes});
    }
    tile.start = TileStart::kZero;
    tile.input_row_bytes = kFloatBytes;
    tile.output_row_bytes = width_bytes;
    tile.reduction = {
        {"image", geometry_.batch, in_.image_bytes(), gradient_.image_bytes()},
        {"row", in_.shape.height, in_.row_bytes(), w.stride_height * gradient_.row_bytes()},
        {"column", in_.shape.width, in_.channel_bytes(),
         w.stride_width * gradient_.channel_bytes()}};
    nest_.loop("block", run.count, [&](LoopVariable b) {
      for (const Tiles& tiles : balanced_tiles(geometry_.channels, tile_rows(nest_.isa()))) {
        nest_.loop("channel", tiles.count, [&](LoopVariable c) {
          const auto at = [&](const Address& address, int64_t bytes) {
            return stepped(moved(address, tiles.start * bytes), c, tiles.size * bytes);
          };
          tile.rows = tiles.size;
          tile.input = at(x, kFloatBytes);
          tile.weights = stepped(dy, b, width_bytes);
          tile.output = at(stepped(dw, b, block_bytes), width_bytes);
          emit_product_tile(nest_, tile);
        });
      }
    });
  }

  const Geometry geometry_;
  const MapLayout &in_, &gradient_;
  NestBuilder nest_;
};

}  // namespace

LoopNest lower_data_gradient(const ConvTranspose2d& conv, const BackwardContext& context) {
  return DataGradient(conv, context).lower();
}

LoopNest lower_weight_gradient(const ConvTranspose2d& conv, const BackwardContext& context) {
  return WeightGradient(conv, context).lower();
}

Halo required_gradient_halo(const ConvTranspose2d& conv, const FeatureShape& input,
                            const FeatureShape& output) {
  return window_halo(conv.window, output, input);
}

}  // namespace wattgrind
