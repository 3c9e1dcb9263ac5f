#include "kernels/layers/lowering.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

class LrnLowering {
 public:
  LrnLowering(const Lrn& lrn, const LayerContext& context)
      : lrn_(lrn), context_(context), nest_("lrn", context.isa) {}

  LoopNest lower() && {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output;
    input_ = nest_.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context_.batch));
    // The window of channel c is [c - before, c - before + size): `before` zeros stand in front,
    // the rest behind. Only the middle is ever written.
    const int64_t scratch_values = in.channel_pitch + lrn_.size - 1;
    scratch_ = nest_.buffer(Operand::kScratch, TensorRole::kScratch,
                            static_cast<uint64_t>(scratch_values * kFloatBytes));
    output_ = nest_.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context_.batch));
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      nest_.loop("row", in.shape.height, [&](LoopVariable y) {
        nest_.loop("column", in.shape.width, [&](LoopVariable x) {
          const auto pixel = [&](const Address& address, const MapLayout& layout) {
            const Address first =
                stepped(moved(address, layout.pixel_bytes(0, 0)), n, layout.image_bytes());
            return stepped(stepped(first, y, layout.row_bytes()), x, layout.channel_bytes());
          };
          lower_pixel(pixel(input_, in), pixel(output_, out));
        });
      });
    });
    return std::move(nest_).finish();
  }

 private:
  void lower_pixel(const Address& input, const Address& output) {
    const auto pieces = vector_pieces(context_.input().channel_pitch, nest_.max_lanes());
    const int64_t before = (lrn_.size - 1) / 2;
    for (const Tiles& piece : pieces) {
      nest_.loop("channel", piece.count, [&](LoopVariable c) {
        const int lanes = static_cast<int>(piece.size);
        const Register x = nest_.load(lanes, at(input, piece, c));
        const Address square = moved(at(scratch_, piece, c), before * kFloatBytes);
        nest_.store(nest_.apply(Opcode::kMul, x, x), square);
      });
    }
    for (const Tiles& piece : pieces) {
      nest_.loop("channel", piece.count, [&](LoopVariable c) {
        lower_vector(static_cast<int>(piece.size), at(input, piece, c), at(scratch_, piece, c),
                     at(output, piece, c));
      });
    }
  }

  void lower_vector(int lanes, const Address& input, const Address& squares,
                    const Address& output) {
    Register sum = nest_.load(lanes, squares);
    for (int64_t j = 1; j < lrn_.size; ++j) {
      const Register square = nest_.load(lanes, moved(squares, j * kFloatBytes));
      sum = nest_.apply(Opcode::kAdd, sum, square);
    }
    const auto scale = static_cast<float>(lrn_.alpha / static_cast<double>(lrn_.size));
    const Register k = nest_.constant(lanes, static_cast<float>(lrn_.k));
    const Register base = nest_.apply(Opcode::kMulAdd, sum, nest_.constant(lanes, scale), k);
    const Register factor = emit_power(nest_, base, -lrn_.beta);
    const Register x = nest_.load(lanes, input);
    nest_.store(nest_.apply(Opcode::kMul, x, factor), output);
  }

  static Address at(const Address& address, const Tiles& piece, LoopVariable c) {
    return stepped(moved(address, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
  }

  const Lrn& lrn_;
  const LayerContext& context_;
  NestBuilder nest_;
  Address input_, scratch_, output_;
};

}  // namespace

LoopNest lower(const Lrn& lrn, const LayerContext& context) {
  return LrnLowering(lrn, context).lower();
}

}  // namespace wattgrind
