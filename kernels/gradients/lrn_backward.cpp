#include "kernels/gradients/backward.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

// With b_c = k + a * sum of x_j^2 over the window of c, a = alpha / size, and y_c = x_c b_c^-beta:
//   dx_c = dy_c b_c^-beta - 2 a beta x_c * sum of dy_j x_j b_j^(-beta - 1) over all j whose window
// holds c. Squares and the ratios of the second sum pass through scratch rows of one pixel's
// channels with zeros around them.
class LrnBackward {
 public:
  LrnBackward(const Lrn& lrn, const BackwardContext& context)
      : lrn_(lrn),
        context_(context),
        nest_("lrn_backward", context.isa),
        before_((lrn.size - 1) / 2),
        scale_(lrn.alpha / static_cast<double>(lrn.size)) {}

  LoopNest lower() && {
    const MapLayout& x = context_.input();
    const MapLayout& dy = context_.output_gradient;
    const MapLayout& dx = context_.input_gradient;
    const auto row_bytes = static_cast<uint64_t>((x.channel_pitch + lrn_.size - 1) * kFloatBytes);
    const Address input =
        nest_.buffer(Operand::kInput, TensorRole::kInput, x.bytes(context_.batch));
    squares_ = nest_.buffer(Operand::kSquares, TensorRole::kScratch, row_bytes);
    ratios_ = nest_.buffer(Operand::kRatios, TensorRole::kScratch, row_bytes);
    const Address output_gradient =
        nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient, dy.bytes(context_.batch));
    const Address input_gradient =
        nest_.buffer(Operand::kInputGradient, TensorRole::kGradient, dx.bytes(context_.batch));
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      nest_.loop("row", x.shape.height, [&](LoopVariable row) {
        nest_.loop("column", x.shape.width, [&](LoopVariable column) {
          const auto pixel = [&](const Address& map, const MapLayout& layout) {
            const Address first =
                stepped(moved(map, layout.pixel_bytes(0, 0)), n, layout.image_bytes());
            return stepped(stepped(first, row, layout.row_bytes()), column, layout.channel_bytes());
          };
          lower_pixel(pixel(input, x), pixel(output_gradient, dy), pixel(input_gradient, dx));
        });
      });
    });
    return std::move(nest_).finish();
  }

 private:
  // Calls body(lanes, at) for the vectors of a pixel; at(address) moves an address to the vector.
  template <typename Body>
  void for_each_vector(const Body& body) {
    for (const Tiles& piece : vector_pieces(context_.input().channel_pitch, nest_.max_lanes())) {
      nest_.loop("channel", piece.count, [&](LoopVariable c) {
        body(static_cast<int>(piece.size), [&](const Address& address) {
          return stepped(moved(address, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
        });
      });
    }
  }

  void lower_pixel(const Address& x, const Address& dy, const Address& dx) {
    for_each_vector([&](int lanes, const auto& at) {
      const Register value = nest_.load(lanes, at(x));
      nest_.store(nest_.apply(Opcode::kMul, value, value),
                  moved(at(squares_), before_ * kFloatBytes));
    });
    // A window reaches `before_` back and the rest ahead; the channels whose windows hold this one
    // lie the other way round.
    const int64_t ahead = lrn_.size - 1 - before_;
    for_each_vector([&](int lanes, const auto& at) {
      const Register k = value(lanes, lrn_.k);
      const Register scale = value(lanes, scale_);
      const Register base = nest_.apply(Opcode::kMulAdd, window_sum(lanes, at(squares_)), scale, k);
      const Register power = emit_power(nest_, base, -lrn_.beta);
      const Register direct = nest_.apply(Opcode::kMul, nest_.load(lanes, at(dy)), power);
      nest_.store(direct, at(dx));
      const Register product = nest_.apply(Opcode::kMul, direct, nest_.load(lanes, at(x)));
      nest_.store(nest_.apply(Opcode::kDiv, product, base),
                  moved(at(ratios_), ahead * kFloatBytes));
    });
    for_each_vector([&](int lanes, const auto& at) {
      const Register sum = window_sum(lanes, at(ratios_));
      const Register factor = value(lanes, -2 * scale_ * lrn_.beta);
      const Register scaled = nest_.apply(Opcode::kMul, nest_.load(lanes, at(x)), factor);
      const Register direct = nest_.load(lanes, at(dx));
      nest_.store(nest_.apply(Opcode::kMulAdd, scaled, sum, direct), at(dx));
    });
  }

  Register window_sum(int lanes, const Address& first) {
    Register sum = nest_.load(lanes, first);
    for (int64_t j = 1; j < lrn_.size; ++j) {
      const Register next = nest_.load(lanes, moved(first, j * kFloatBytes));
      sum = nest_.apply(Opcode::kAdd, sum, next);
    }
    return sum;
  }

  Register value(int lanes, double v) { return nest_.constant(lanes, static_cast<float>(v)); }

  const Lrn& lrn_;
  const BackwardContext& context_;
  NestBuilder nest_;
  const int64_t before_;
  const double scale_;
  Address squares_, ratios_;
};

}  // namespace

LoopNest lower_data_gradient(const Lrn& lrn, const BackwardContext& context) {
  return LrnBackward(lrn, context).lower();
}

}  // namespace wattgrind
