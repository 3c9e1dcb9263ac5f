#include "kernels/conv/direct_conv.h"
#include "kernels/conv/dot_conv.h"
#include "kernels/conv/planar_conv.h"
#include "kernels/gradients/backward.h"
#include "kernels/gradients/conv_phases.h"
#include "kernels/parts/weight_transpose.h"

namespace wattgrind {
namespace {

class ConvDataGradient {
 public:
  ConvDataGradient(const Conv2d& conv, const BackwardContext& context)
      : conv_(conv),
        context_(context),
        nest_("conv2d_data_gradient", context.isa),
        group_inputs_(context.input().shape.channels / conv.groups),
        group_filters_(conv.filters / conv.groups),
        filter_blocks_(column_blocks(group_filters_, context.isa,
                                     conv.groups == 1 ? Surplus::kPad : Surplus::kExact)),
        // A lone group's columns go over the padded channels, which become zero.
        input_blocks_(
            column_blocks(conv.groups == 1 ? context.input_gradient.channel_pitch : group_inputs_,
                          context.isa, Surplus::kExact)) {}

  LoopNest lower() && {
    const Window2d& w = conv_.window;
    const int64_t kernel = w.kernel_height * w.kernel_width;
    const auto floats = [](int64_t count) { return static_cast<uint64_t>(count * kFloatBytes); };
    weights_ =
        nest_.buffer(Operand::kWeights, TensorRole::kWeights,
                     floats(conv_.groups * kernel * group_inputs_ * padded_width(filter_blocks_)));
    const Kernel chosen = choose_kernel();
    if (chosen != Kernel::kPlanar) {
      const bool dots = chosen == Kernel::kDots;
      transposed_ = nest_.buffer(Operand::kTransposed, TensorRole::kScratch,
                                 floats(conv_.groups * kernel *
                                        (dots ? group_inputs_ * padded_width(filter_blocks_)
                                              : group_filters_ * padded_width(input_blocks_))));
    }
    output_gradient_ = nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient,
                                    context_.output_gradient.bytes(context_.batch));
    input_gradient_ = nest_.buffer(Operand::kInputGradient, TensorRole::kGradient,
                                   context_.input_gradient.bytes(context_.batch));
    switch (chosen) {
      case Kernel::kDirect:
        emit_direct();
        break;
      case Kernel::kDots:
        emit_dots();
        break;
      case Kernel::kPlanar:
        emit_planar();
        break;
    }
    return std::move(nest_).finish();
  }

 private:
  enum class Kernel { kDirect, kDots, kPlanar };

  // Which takes the fewest instructions. Dot products and planar rows need a single phase and a
  // single block of filters, the former besides that a tap's filters are stored as the gradient's
  // channels are.
  Kernel choose_kernel() const {
    if (!is_one_phase() || filter_blocks_.size() > 1) return Kernel::kDirect;
    const DirectConv conv = whole_convolution({}, {});
    const auto planar = planar_conv_cost(conv, context_.isa);
    auto dots = dot_conv_cost(conv, context_.isa);
    if (padded_width(filter_blocks_) != conv.input.channel_pitch) dots.reset();
    const bool planar_is_least = planar && (!dots || *planar < *dots);
    const auto least = planar_is_least ? planar : dots;
    if (!least || !is_worth_copies(*least, conv, context_.isa)) return Kernel::kDirect;
    return planar_is_least ? Kernel::kPlanar : Kernel::kDots;
  }

  bool is_one_phase() const {
    return conv_.window.stride_height == 1 && conv_.window.stride_width == 1;
  }

  // Of the only phase.
  DirectConv whole_convolution(const Address& weights, LoopVariable n) const {
    return convolution(row_phases(conv_.window, context_.input().shape)[0],
                       column_phases(conv_.window, context_.input().shape)[0], weights, n);
  }

  void emit_direct() {
    for_each_phase([&](const StridePhase& row, const StridePhase& column, const Address& weights) {
      transpose(row, column, weights);
    });
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      for_each_phase(
          [&](const StridePhase& row, const StridePhase& column, const Address& weights) {
            emit_direct_conv(nest_, convolution(row, column, weights, n));
          });
    });
  }

  void emit_dots() {
    flip(transposed_);
    nest_.loop("image", context_.batch,
               [&](LoopVariable n) { emit_dot_conv(nest_, whole_convolution(transposed_, n)); });
  }

  // Weights are read where they lie, last tap to first.
  void emit_planar() {
    const Window2d& w = conv_.window;
    const DirectConv any = whole_convolution({}, {});
    const PlanesBytes bytes = planar_conv_scratch(any, context_.isa);
    PlanarOperands operands;
    operands.output_bytes = padded_width(filter_blocks_) * kFloatBytes;
    operands.input_bytes = kFloatBytes;
    operands.column_bytes = -group_inputs_ * operands.output_bytes;
    operands.row_bytes = w.kernel_width * operands.column_bytes;
    operands.input_planes =
        nest_.buffer(Operand::kGradientPlanes, TensorRole::kScratch, bytes.input);
    operands.output_planes =
        nest_.buffer(Operand::kInputGradientPlanes, TensorRole::kScratch, bytes.output);
    const Address last_tap = moved(weights_, -(w.kernel_height - 1) * operands.row_bytes -
                                                 (w.kernel_width - 1) * operands.column_bytes);
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      emit_planar_conv(nest_, whole_convolution(last_tap, n), operands);
    });
  }

  // With the address of the phase's transposed weights.
  template <typename Visit>
  void for_each_phase(const Visit& visit) const {
    Address weights = transposed_;
    for (const StridePhase& row : row_phases(conv_.window, context_.input().shape)) {
      for (const StridePhase& column : column_phases(conv_.window, context_.input().shape)) {
        visit(row, column, weights);
        weights.offset_bytes += conv_.groups * group_weight_bytes(row, column);
      }
    }
  }

  int64_t group_weight_bytes(const StridePhase& row, const StridePhase& column) const {
    return row.taps * column.taps * group_filters_ * padded_width(input_blocks_) * kFloatBytes;
  }

  void transpose(const StridePhase& row, const StridePhase& column, const Address& weights) {
    const Window2d& w = conv_.window;
    WeightTranspose transpose;
    transpose.from_blocks = filter_blocks_;
    transpose.to_blocks = input_blocks_;
    transpose.outputs = group_filters_;
    transpose.inputs = group_inputs_;
    transpose.from_steps = w.kernel_height * w.kernel_width * group_inputs_;
    transpose.to_steps = row.taps * column.taps * group_filters_;
    const int64_t last_row = row.first_tap + (row.taps - 1) * w.stride_height;
    const int64_t last_column = column.first_tap + (column.taps - 1) * w.stride_width;
    transpose.first_from_step = (last_row * w.kernel_width + last_column) * group_inputs_;
    transpose.loops = {
        {"kernel_row", row.taps, -w.stride_height * w.kernel_width * group_inputs_,
         column.taps * group_filters_, 0},
        {"kernel_column", column.taps, -w.stride_width * group_inputs_, group_filters_, 0}};
    nest_.loop("group", conv_.groups, [&](LoopVariable g) {
      transpose.from =
          stepped(weights_, g, transpose.from_steps * padded_width(filter_blocks_) * kFloatBytes);
      transpose.to = stepped(weights, g, group_weight_bytes(row, column));
      emit_weight_transpose(nest_, transpose);
    });
  }

  // Weights as dot products take them: the taps of each input channel, last to first.
  void flip(const Address& flipped) {
    const Window2d& w = conv_.window;
    const int64_t tap_bytes = padded_width(filter_blocks_) * kFloatBytes;
    const int64_t column_bytes = group_inputs_ * tap_bytes;
    const int64_t row_bytes = w.kernel_width * column_bytes;
    const Address last =
        moved(weights_, (w.kernel_height - 1) * row_bytes + (w.kernel_width - 1) * column_bytes);
    nest_.loop("input", group_inputs_, [&](LoopVariable c) {
      nest_.loop("kernel_row", w.kernel_height, [&](LoopVariable r) {
        nest_.loop("kernel_column", w.kernel_width, [&](LoopVariable s) {
          const Address from =
              stepped(stepped(stepped(last, c, tap_bytes), r, -row_bytes), s, -column_bytes);
          const Address to =
              stepped(stepped(stepped(flipped, c, w.kernel_height * w.kernel_width * tap_bytes), r,
                              w.kernel_width * tap_bytes),
                      s, tap_bytes);
          const ColumnBlock& block = filter_blocks_[0];
          for (int64_t v = 0; v < block.vectors; ++v) {
            const int64_t vector_bytes = v * block.lanes * kFloatBytes;
            nest_.store(nest_.load(block.lanes, moved(from, vector_bytes)),
                        moved(to, vector_bytes));
          }
        });
      });
    });
  }

  DirectConv convolution(const StridePhase& row, const StridePhase& column, const Address& weights,
                         LoopVariable n) const {
    const MapLayout& in = context_.input_gradient;
    const MapLayout& out = context_.output_gradient;
    DirectConv direct;
    direct.groups = conv_.groups;
    direct.group_inputs = group_filters_;
    direct.group_outputs = group_inputs_;
    direct.kernel_height = row.taps;
    direct.kernel_width = column.taps;
    direct.rows = row.inputs;
    direct.columns = column.inputs;
    direct.input = out;
    direct.output = in;
    direct.output_row_step = conv_.window.stride_height;
    direct.output_column_step = conv_.window.stride_width;
    direct.blocks = input_blocks_;
    direct.start = TileStart::kZero;
    direct.weights = weights;
    direct.input_values =
        stepped(moved(output_gradient_, out.pixel_bytes(row.first_output, column.first_output)), n,
                out.image_bytes());
    direct.output_values =
        stepped(moved(input_gradient_, in.pixel_bytes(row.first_input, column.first_input)), n,
                in.image_bytes());
    return direct;
  }

  const Conv2d& conv_;
  const BackwardContext& context_;
  NestBuilder nest_;
  const int64_t group_inputs_, group_filters_;
  const std::vector<ColumnBlock> filter_blocks_, input_blocks_;
  Address weights_, transposed_, output_gradient_, input_gradient_;
};

}  // namespace

LoopNest lower_data_gradient(const Conv2d& conv, const BackwardContext& context) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    return lower_depthwise_conv2d_data_gradient(conv, context);
  }
  return ConvDataGradient(conv, context).lower();
}

}  // namespace wattgrind
