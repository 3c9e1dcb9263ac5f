#include "kernels/layers/byte_lowering.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/byte_values.h"

namespace wattgrind {
namespace {

class ByteDepthwiseLowering {
 public:
  ByteDepthwiseLowering(const Conv2d& conv, const LayerContext& context)
      : window_(conv.window), context_(context), nest_("depthwise_conv2d_int8", context.isa) {}

  LoopNest lower() && {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output;
    const auto bytes = [&](int64_t count) {
      return static_cast<uint64_t>(count * in.channel_pitch);
    };
    Operands at;
    at.input = moved(nest_.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context_.batch)),
                     in.pixel_bytes(-window_.pad_top, -window_.pad_left));
    at.weights = nest_.buffer(Operand::kWeights, TensorRole::kWeights,
                              bytes(window_.kernel_height * window_.kernel_width));
    at.bias = nest_.buffer(Operand::kBias, TensorRole::kBias, bytes(kFloatBytes));
    at.scales = nest_.buffer(Operand::kScales, TensorRole::kBias, bytes(kFloatBytes));
    at.output =
        moved(nest_.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context_.batch)),
              out.pixel_bytes(0, 0));
    epilogue_ = make_byte_epilogue(nest_, context_);
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      nest_.loop("row", out.shape.height, [&](LoopVariable y) {
        for (const Tiles& tiles : balanced_tiles(out.shape.width, kMostPixels)) {
          nest_.loop("column", tiles.count, [&](LoopVariable x) {
            Operands pixels = at;
            pixels.input = pixel(at.input, tiles, n, y, x, in.image_bytes(),
                                 window_.stride_height * in.row_bytes(), input_pixel_bytes());
            pixels.output = pixel(at.output, tiles, n, y, x, out.image_bytes(), out.row_bytes(),
                                  out.channel_bytes());
            emit_channels(tiles.size, pixels);
          });
        }
      });
    });
    return std::move(nest_).finish();
  }

 private:
  // Sums that stay in registers, enough to hide latency.
  static constexpr int64_t kMostPixels = 4;

  struct Operands {
    Address input, weights, bias, scales, output;
  };

  int64_t input_pixel_bytes() const {
    return window_.stride_width * context_.input().channel_bytes();
  }

  static Address pixel(const Address& map, const Tiles& tiles, LoopVariable n, LoopVariable y,
                       LoopVariable x, int64_t image, int64_t row, int64_t column) {
    return stepped(stepped(stepped(moved(map, tiles.start * column), n, image), y, row), x,
                   tiles.size * column);
  }

  void emit_channels(int64_t pixels, const Operands& at) {
    for (const Tiles& piece : vector_pieces(context_.input().channel_pitch, nest_.max_lanes())) {
      nest_.loop("channel", piece.count, [&](LoopVariable c) {
        const auto vector = [&](const Address& address, int64_t bytes) {
          return stepped(moved(address, piece.start * bytes), c, piece.size * bytes);
        };
        emit_tile(pixels, static_cast<int>(piece.size),
                  {vector(at.input, kByteBytes), vector(at.weights, kByteBytes),
                   vector(at.bias, kFloatBytes), vector(at.scales, kFloatBytes),
                   vector(at.output, context_.output.value_bytes)});
      });
    }
  }

  void emit_tile(int64_t pixels, int lanes, const Operands& at) {
    const MapLayout& in = context_.input();
    const Register bias = nest_.load(lanes, at.bias);
    std::vector<Register> sums;
    for (int64_t p = 0; p < pixels; ++p) sums.push_back(nest_.apply(Opcode::kMove, bias));
    nest_.loop("kernel_row", window_.kernel_height, [&](LoopVariable r) {
      nest_.loop("kernel_column", window_.kernel_width, [&](LoopVariable s) {
        const Address input =
            stepped(stepped(at.input, r, window_.dilation_height * in.row_bytes()), s,
                    window_.dilation_width * in.channel_bytes());
        const Address weights = stepped(
            stepped(at.weights, r, window_.kernel_width * in.channel_pitch), s, in.channel_pitch);
        const Register weight = nest_.load_bytes(lanes, true, weights);
        for (int64_t p = 0; p < pixels; ++p) {
          const Register value = nest_.load_bytes(lanes, stores_signed_bytes(nest_.isa()),
                                                  moved(input, p * input_pixel_bytes()));
          const Register sum = sums[static_cast<size_t>(p)];
          nest_.assign(sum, Opcode::kMulAddInt16, value, weight, sum);
        }
      });
    });
    const Register scale = nest_.load(lanes, at.scales);
    for (int64_t p = 0; p < pixels; ++p) {
      const Register sum = nest_.apply(Opcode::kToFloat, sums[static_cast<size_t>(p)]);
      epilogue_(nest_.apply(Opcode::kMul, sum, scale),
                moved(at.output, p * context_.output.channel_bytes()));
    }
  }

  const Window2d& window_;
  const LayerContext& context_;
  NestBuilder nest_;
  ByteEpilogue epilogue_;
};

}  // namespace

LoopNest lower_byte_depthwise(const Conv2d& conv, const LayerContext& context) {
  return ByteDepthwiseLowering(conv, context).lower();
}

}  // namespace wattgrind
