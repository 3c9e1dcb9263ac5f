#include "kernels/layers/lowering.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {
namespace {

// The pixels of a tile: their sums stay in registers while the weights of a vector of channels pass
// by.
constexpr int64_t kPixels = 4;

class DepthwiseLowering {
 public:
  DepthwiseLowering(const Conv2d& conv, const LayerContext& context)
      : window_(conv.window), context_(context), nest_("depthwise_conv2d", context.isa) {}

  LoopNest lower() && {
    const int64_t pitch = context_.input().channel_pitch;
    const int64_t taps = window_.kernel_height * window_.kernel_width;
    const auto floats = [](int64_t count) { return static_cast<uint64_t>(count * kFloatBytes); };
    input_ =
        nest_.buffer(Operand::kInput, TensorRole::kInput, context_.input().bytes(context_.batch));
    weights_ = nest_.buffer(Operand::kWeights, TensorRole::kWeights, floats(taps * pitch));
    bias_ = nest_.buffer(Operand::kBias, TensorRole::kBias, floats(pitch));
    output_ =
        nest_.buffer(Operand::kOutput, TensorRole::kOutput, context_.output.bytes(context_.batch));
    input_.offset_bytes = context_.input().pixel_bytes(-window_.pad_top, -window_.pad_left);
    output_.offset_bytes = context_.output.pixel_bytes(0, 0);
    const FeatureShape& shape = context_.output.shape;
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      nest_.loop("row", shape.height, [&](LoopVariable y) {
        const Address input = stepped(stepped(input_, n, context_.input().image_bytes()), y,
                                      window_.stride_height * context_.input().row_bytes());
        const Address output = stepped(stepped(output_, n, context_.output.image_bytes()), y,
                                       context_.output.row_bytes());
        for (const Tiles& tiles : balanced_tiles(shape.width, kPixels)) {
          lower_pixels(tiles, input, output);
        }
      });
    });
    return std::move(nest_).finish();
  }

 private:
  int64_t input_pixel_bytes() const {
    return window_.stride_width * context_.input().channel_bytes();
  }

  void lower_pixels(const Tiles& tiles, const Address& input, const Address& output) {
    nest_.loop("column", tiles.count, [&](LoopVariable x) {
      const Address from = stepped(moved(input, tiles.start * input_pixel_bytes()), x,
                                   tiles.size * input_pixel_bytes());
      const Address to = stepped(moved(output, tiles.start * context_.output.channel_bytes()), x,
                                 tiles.size * context_.output.channel_bytes());
      for (const Tiles& piece : vector_pieces(context_.input().channel_pitch, nest_.max_lanes())) {
        nest_.loop("channel", piece.count, [&](LoopVariable c) {
          const auto at = [&](const Address& address) {
            return stepped(moved(address, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
          };
          lower_tile(tiles.size, static_cast<int>(piece.size), at(from), at(weights_), at(bias_),
                     at(to));
        });
      }
    });
  }

  void lower_tile(int64_t pixels, int lanes, const Address& input, const Address& weights,
                  const Address& bias, const Address& output) {
    const Register start = nest_.load(lanes, bias);
    std::vector<Register> sums;
    for (int64_t p = 0; p < pixels; ++p) sums.push_back(nest_.apply(Opcode::kMove, start));
    const int64_t tap_bytes = context_.input().channel_bytes();
    nest_.loop("kernel_row", window_.kernel_height, [&](LoopVariable r) {
      nest_.loop("kernel_column", window_.kernel_width, [&](LoopVariable s) {
        const Register weight = nest_.load(
            lanes, stepped(stepped(weights, r, window_.kernel_width * tap_bytes), s, tap_bytes));
        const Address from =
            stepped(stepped(input, r, window_.dilation_height * context_.input().row_bytes()), s,
                    window_.dilation_width * tap_bytes);
        for (int64_t p = 0; p < pixels; ++p) {
          const Register value = nest_.load(lanes, moved(from, p * input_pixel_bytes()));
          const Register sum = sums[static_cast<size_t>(p)];
          nest_.assign(sum, Opcode::kMulAdd, value, weight, sum);
        }
      });
    });
    for (int64_t p = 0; p < pixels; ++p) {
      nest_.store(sums[static_cast<size_t>(p)], moved(output, p * context_.output.channel_bytes()));
    }
  }

  const Window2d& window_;
  const LayerContext& context_;
  NestBuilder nest_;
  Address input_, weights_, bias_, output_;
};

}  // namespace

LoopNest lower_depthwise_conv2d(const Conv2d& conv, const LayerContext& context) {
  return DepthwiseLowering(conv, context).lower();
}

}  // namespace wattgrind
