// A transposed convolution is the data gradient of a convolution: its outputs stand where that
// one's inputs do. Each phase of the stride is a direct convolution with weights of its own.
#include <algorithm>

#include "kernels/conv/direct_conv.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/conv_phases.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

int64_t covered(const std::vector<StridePhase>& phases) {
  int64_t outputs = 0;
  for (const StridePhase& phase : phases) outputs += phase.inputs;
  return outputs;
}

class ConvTransposeLowering {
 public:
  ConvTransposeLowering(const ConvTranspose2d& conv, const LayerContext& context)
      : conv_(conv),
        in_(context.input()),
        out_(context.output),
        batch_(context.batch),
        blocks_(column_blocks(conv.filters / conv.groups, context.isa,
                              conv.groups == 1 ? Surplus::kPad : Surplus::kExact)),
        nest_("conv_transpose2d", context.isa) {}

  LoopNest lower() && {
    const Window2d& w = conv_.window;
    const int64_t biases = conv_.groups * padded_width(blocks_);
    const auto floats = [](int64_t count) { return static_cast<uint64_t>(count * kFloatBytes); };
    input_ = nest_.buffer(Operand::kInput, TensorRole::kInput, in_.bytes(batch_));
    weights_ = nest_.buffer(Operand::kWeights, TensorRole::kWeights,
                            floats(w.kernel_height * w.kernel_width * group_inputs() * biases));
    bias_ = nest_.buffer(Operand::kBias, TensorRole::kBias, floats(biases));
    output_ = nest_.buffer(Operand::kOutput, TensorRole::kOutput, out_.bytes(batch_));
    const auto rows = row_phases(w, out_.shape), columns = column_phases(w, out_.shape);
    const bool all_are_met =
        covered(rows) == out_.shape.height && covered(columns) == out_.shape.width;
    nest_.loop("image", batch_, [&](LoopVariable n) {
      if (!all_are_met) fill(n, biases);
      for (const TapPhase& taps : tap_phases(w)) {
        const auto row = std::ranges::find(rows, taps.first_row, &StridePhase::first_tap);
        const auto column = std::ranges::find(columns, taps.first_column, &StridePhase::first_tap);
        if (row == rows.end() || column == columns.end()) continue;
        emit_direct_conv(nest_, phase(*row, *column, taps, n));
      }
    });
    return std::move(nest_).finish();
  }

 private:
  int64_t group_inputs() const { return in_.shape.channels / conv_.groups; }

  DirectConv phase(const StridePhase& row, const StridePhase& column, const TapPhase& taps,
                   LoopVariable n) const {
    DirectConv conv;
    conv.groups = conv_.groups;
    conv.group_inputs = group_inputs();
    conv.group_outputs = conv_.filters / conv_.groups;
    conv.kernel_height = row.taps;
    conv.kernel_width = column.taps;
    conv.dilation_height = row.dilation;
    conv.dilation_width = column.dilation;
    conv.rows = row.inputs;
    conv.columns = column.inputs;
    conv.input = in_;
    conv.output = out_;
    conv.output_row_step = conv_.window.stride_height;
    conv.output_column_step = conv_.window.stride_width;
    conv.blocks = blocks_;
    conv.input_values =
        stepped(moved(input_, in_.pixel_bytes(row.first_output, column.first_output)), n,
                in_.image_bytes());
    conv.weights = moved(weights_, taps.taps_before * group_inputs() * conv_.groups *
                                       padded_width(blocks_) * kFloatBytes);
    conv.bias = bias_;
    conv.output_values =
        stepped(moved(output_, out_.pixel_bytes(row.first_input, column.first_input)), n,
                out_.image_bytes());
    return conv;
  }

  // Outputs that no tap meets are the bias alone.
  void fill(LoopVariable n, int64_t biases) {
    for (const Tiles& piece : vector_pieces(biases, nest_.max_lanes())) {
      nest_.loop("filter", piece.count, [&](LoopVariable f) {
        const auto at = [&](const Address& address) {
          return stepped(moved(address, piece.start * kFloatBytes), f, piece.size * kFloatBytes);
        };
        const Register bias = nest_.load(static_cast<int>(piece.size), at(bias_));
        nest_.loop("row", out_.shape.height, [&](LoopVariable y) {
          nest_.loop("column", out_.shape.width, [&](LoopVariable x) {
            const Address first =
                at(stepped(moved(output_, out_.pixel_bytes(0, 0)), n, out_.image_bytes()));
            nest_.store(bias,
                        stepped(stepped(first, y, out_.row_bytes()), x, out_.channel_bytes()));
          });
        });
      });
    }
  }

  const ConvTranspose2d& conv_;
  const MapLayout &in_, &out_;
  const int64_t batch_;
  const std::vector<ColumnBlock> blocks_;  // of a group's filters
  NestBuilder nest_;
  Address input_, weights_, bias_, output_;
};

}  // namespace

LoopNest lower(const ConvTranspose2d& conv, const LayerContext& context) {
  return ConvTransposeLowering(conv, context).lower();
}

Halo required_halo(const ConvTranspose2d& conv, const FeatureShape& input,
                   const FeatureShape& output) {
  return phases_halo(conv.window, output, input);
}

}  // namespace wattgrind
