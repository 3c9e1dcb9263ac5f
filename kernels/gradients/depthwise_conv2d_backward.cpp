#include "kernels/gradients/backward.h"
#include "kernels/layout/conv_phases.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {
namespace {

// The pixels of a tile: their sums stay in registers while the weights of a vector of channels pass
// by.
constexpr int64_t kPixels = 4;

// Calls body(lanes, at) for the vectors that a pixel's channels are cut into; `at` moves an address
// to the vector.
template <typename Body>
void for_each_piece(NestBuilder& nest, int64_t pitch, Body&& body) {
  for (const Tiles& piece : vector_pieces(pitch, nest.max_lanes())) {
    nest.loop("channel", piece.count, [&](LoopVariable c) {
      body(static_cast<int>(piece.size), [&](const Address& address) {
        return stepped(moved(address, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
      });
    });
  }
}

class DepthwiseDataGradient {
 public:
  DepthwiseDataGradient(const Conv2d& conv, const BackwardContext& context)
      : window_(conv.window),
        context_(context),
        nest_("depthwise_conv2d_data_gradient", context.isa) {}

  LoopNest lower() && {
    const MapLayout& in = context_.input_gradient;
    const MapLayout& out = context_.output_gradient;
    const int64_t taps = window_.kernel_height * window_.kernel_width;
    weights_ = nest_.buffer(Operand::kWeights, TensorRole::kWeights,
                            static_cast<uint64_t>(taps * in.channel_bytes()));
    output_gradient_ =
        nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context_.batch));
    input_gradient_ =
        nest_.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context_.batch));
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      for (const StridePhase& row : row_phases(window_, in.shape)) {
        nest_.loop("row", row.inputs, [&](LoopVariable y) {
          for (const StridePhase& column : column_phases(window_, in.shape)) {
            lower_row(row, column, n, y);
          }
        });
      }
    });
    return std::move(nest_).finish();
  }

 private:
  void lower_row(const StridePhase& row, const StridePhase& column, LoopVariable n,
                 LoopVariable y) {
    const MapLayout& in = context_.input_gradient;
    const MapLayout& out = context_.output_gradient;
    const int64_t input_pixel = window_.stride_width * in.channel_bytes();
    for (const Tiles& tiles : balanced_tiles(column.inputs, kPixels)) {
      nest_.loop("column", tiles.count, [&](LoopVariable x) {
        Address from = moved(output_gradient_,
                             out.pixel_bytes(row.first_output, column.first_output + tiles.start));
        from = stepped(stepped(from, n, out.image_bytes()), y, out.row_bytes());
        from = stepped(from, x, tiles.size * out.channel_bytes());
        Address to = moved(input_gradient_, in.pixel_bytes(row.first_input, column.first_input) +
                                                tiles.start * input_pixel);
        to = stepped(stepped(to, n, in.image_bytes()), y, window_.stride_height * in.row_bytes());
        to = stepped(to, x, tiles.size * input_pixel);
        for_each_piece(nest_, in.channel_pitch, [&](int lanes, const auto& at) {
          lower_tile(row, column, tiles.size, lanes, at(from), at(weights_), at(to));
        });
      });
    }
  }

  void lower_tile(const StridePhase& row, const StridePhase& column, int64_t pixels, int lanes,
                  const Address& from, const Address& weights, const Address& to) {
    const int64_t tap_bytes = context_.input_gradient.channel_bytes();
    const int64_t row_bytes = window_.kernel_width * tap_bytes;
    const MapLayout& out = context_.output_gradient;
    std::vector<Register> sums;
    for (int64_t p = 0; p < pixels; ++p) sums.push_back(nest_.constant(lanes, 0));
    nest_.loop("kernel_row", row.taps, [&](LoopVariable r) {
      nest_.loop("kernel_column", column.taps, [&](LoopVariable s) {
        const Address tap =
            moved(weights, row.last_tap() * row_bytes + column.last_tap() * tap_bytes);
        const Register weight = nest_.load(
            lanes,
            stepped(stepped(tap, r, -row.tap_step * row_bytes), s, -column.tap_step * tap_bytes));
        const Address first = stepped(stepped(from, r, row.dilation * out.row_bytes()), s,
                                      column.dilation * out.channel_bytes());
        for (int64_t p = 0; p < pixels; ++p) {
          const Register dy = nest_.load(lanes, moved(first, p * out.channel_bytes()));
          const Register sum = sums[static_cast<size_t>(p)];
          nest_.assign(sum, Opcode::kMulAdd, dy, weight, sum);
        }
      });
    });
    for (int64_t p = 0; p < pixels; ++p) {
      nest_.store(sums[static_cast<size_t>(p)],
                  moved(to, p * window_.stride_width * context_.input_gradient.channel_bytes()));
    }
  }

  const Window2d& window_;
  const BackwardContext& context_;
  NestBuilder nest_;
  Address weights_, output_gradient_, input_gradient_;
};

// A row of a kernel at a time: its sums stay in registers while the map passes by.
class DepthwiseWeightGradient {
 public:
  DepthwiseWeightGradient(const Conv2d& conv, const BackwardContext& context)
      : window_(conv.window),
        context_(context),
        nest_("depthwise_conv2d_weight_gradient", context.isa) {}

  LoopNest lower() && {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output_gradient;
    const int64_t taps = window_.kernel_height * window_.kernel_width;
    const Address input =
        nest_.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context_.batch));
    const Address gradient =
        nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context_.batch));
    const Address weights = nest_.buffer(Operand::kWeightGradient, TensorRole::kGradient,
                                         static_cast<uint64_t>(taps * in.channel_bytes()));
    const Address bias = nest_.buffer(Operand::kBiasGradient, TensorRole::kGradient,
                                      static_cast<uint64_t>(in.channel_bytes()));
    for_each_piece(nest_, in.channel_pitch, [&](int lanes, const auto& at) {
      lower_bias(lanes, at(moved(gradient, out.pixel_bytes(0, 0))), at(bias));
      nest_.loop("kernel_row", window_.kernel_height, [&](LoopVariable r) {
        const int64_t first = in.pixel_bytes(-window_.pad_top, -window_.pad_left);
        const int64_t row_bytes = window_.kernel_width * in.channel_bytes();
        lower_kernel_row(
            lanes, stepped(at(moved(input, first)), r, window_.dilation_height * in.row_bytes()),
            at(moved(gradient, out.pixel_bytes(0, 0))), stepped(at(weights), r, row_bytes));
      });
    });
    return std::move(nest_).finish();
  }

 private:
  // Calls body(input pixel, gradient pixel) for every output.
  template <typename Body>
  void for_each_output(const Address& input, const Address& gradient, const Body& body) {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output_gradient;
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      nest_.loop("row", out.shape.height, [&](LoopVariable y) {
        nest_.loop("column", out.shape.width, [&](LoopVariable x) {
          const Address from = stepped(stepped(stepped(input, n, in.image_bytes()), y,
                                               window_.stride_height * in.row_bytes()),
                                       x, window_.stride_width * in.channel_bytes());
          body(from, stepped(stepped(stepped(gradient, n, out.image_bytes()), y, out.row_bytes()),
                             x, out.channel_bytes()));
        });
      });
    });
  }

  void lower_bias(int lanes, const Address& gradient, const Address& bias) {
    const Register sum = nest_.constant(lanes, 0);
    for_each_output(gradient, gradient, [&](const Address&, const Address& pixel) {
      nest_.assign(sum, Opcode::kAdd, sum, nest_.load(lanes, pixel));
    });
    nest_.store(sum, bias);
  }

  void lower_kernel_row(int lanes, const Address& input, const Address& gradient,
                        const Address& weights) {
    const int64_t weight_bytes = context_.input().channel_bytes();
    const int64_t tap_bytes = window_.dilation_width * weight_bytes;
    for (const Tiles& tiles : balanced_tiles(window_.kernel_width, tile_rows(context_.isa))) {
      nest_.loop("kernel_column", tiles.count, [&](LoopVariable s) {
        const auto at = [&](const Address& address, int64_t bytes) {
          return stepped(moved(address, tiles.start * bytes), s, tiles.size * bytes);
        };
        std::vector<Register> sums;
        for (int64_t t = 0; t < tiles.size; ++t) sums.push_back(nest_.constant(lanes, 0));
        for_each_output(at(input, tap_bytes), gradient,
                        [&](const Address& from, const Address& pixel) {
                          const Register dy = nest_.load(lanes, pixel);
                          for (int64_t t = 0; t < tiles.size; ++t) {
                            const Register sum = sums[static_cast<size_t>(t)];
                            const Register value = nest_.load(lanes, moved(from, t * tap_bytes));
                            nest_.assign(sum, Opcode::kMulAdd, value, dy, sum);
                          }
                        });
        for (int64_t t = 0; t < tiles.size; ++t) {
          nest_.store(sums[static_cast<size_t>(t)],
                      moved(at(weights, weight_bytes), t * weight_bytes));
        }
      });
    }
  }

  const Window2d& window_;
  const BackwardContext& context_;
  NestBuilder nest_;
};

}  // namespace

LoopNest lower_depthwise_conv2d_data_gradient(const Conv2d& conv, const BackwardContext& context) {
  return DepthwiseDataGradient(conv, context).lower();
}

LoopNest lower_depthwise_conv2d_weight_gradient(const Conv2d& conv,
                                                const BackwardContext& context) {
  return DepthwiseWeightGradient(conv, context).lower();
}

}  // namespace wattgrind
