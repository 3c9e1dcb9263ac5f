#include "estimator/base/error.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

class SoftmaxLowering {
 public:
  explicit SoftmaxLowering(const LayerContext& context)
      : context_(context), nest_("softmax", context.isa) {
    if (context.in_place) {
      input_ = output_ =
          nest_.buffer(Operand::kMap, TensorRole::kOutput, context.input().bytes(context.batch));
    } else {
      input_ =
          nest_.buffer(Operand::kInput, TensorRole::kInput, context.input().bytes(context.batch));
      output_ =
          nest_.buffer(Operand::kOutput, TensorRole::kOutput, context.output.bytes(context.batch));
    }
  }

  LoopNest lower() && {
    CHECK(context_.input().shape.height == 1 && context_.input().shape.width == 1,
          "softmax of a map of {} x {}", context_.input().shape.height,
          context_.input().shape.width);
    pieces_ = vector_pieces(context_.input().shape.channels, nest_.max_lanes());
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      const Address from = stepped(input_, n, context_.input().image_bytes());
      const Address to = stepped(output_, n, context_.output.image_bytes());
      const Register largest = fold(from, Opcode::kMax, Opcode::kReduceMax);
      for (const Tiles& piece : pieces_) {
        each(piece, [&](LoopVariable c, int lanes) {
          const Register x = nest_.load(lanes, at(from, piece, c));
          const Register shifted = nest_.apply(Opcode::kSub, x, nest_.splat(lanes, largest));
          nest_.store(emit_exp(nest_, shifted), at(to, piece, c));
        });
      }
      const Register sum = fold(to, Opcode::kAdd, Opcode::kReduceAdd);
      const Register scale = nest_.apply(Opcode::kDiv, nest_.constant(1, 1.0f), sum);
      for (const Tiles& piece : pieces_) {
        each(piece, [&](LoopVariable c, int lanes) {
          const Register x = nest_.load(lanes, at(to, piece, c));
          nest_.store(nest_.apply(Opcode::kMul, x, nest_.splat(lanes, scale)), at(to, piece, c));
        });
      }
    });
    return std::move(nest_).finish();
  }

 private:
  template <typename Body>
  void each(const Tiles& piece, Body&& body) {
    nest_.loop("class", piece.count,
               [&](LoopVariable c) { body(c, static_cast<int>(piece.size)); });
  }

  static Address at(const Address& address, const Tiles& piece, LoopVariable c) {
    return stepped(moved(address, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
  }

  // One lane: all values at `address` folded by `opcode`.
  Register fold(const Address& address, Opcode opcode, Opcode reduction) {
    Register total = kNoRegister;
    for (const Tiles& piece : pieces_) {
      const int lanes = static_cast<int>(piece.size);
      // The first vector starts the fold; the others follow in a loop.
      const Register part = nest_.load(lanes, moved(address, piece.start * kFloatBytes));
      if (piece.count > 1) {
        nest_.loop("class", piece.count - 1, [&](LoopVariable c) {
          const Address from = moved(at(address, piece, c), piece.size * kFloatBytes);
          nest_.assign(part, opcode, part, nest_.load(lanes, from));
        });
      }
      const Register folded = lanes == 1 ? part : nest_.reduce(reduction, part);
      total = total == kNoRegister ? folded : nest_.apply(opcode, total, folded);
    }
    return total;
  }

  const LayerContext& context_;
  NestBuilder nest_;
  Address input_, output_;
  std::vector<Tiles> pieces_;
};

}  // namespace

LoopNest lower(const Softmax&, const LayerContext& context) {
  return SoftmaxLowering(context).lower();
}

}  // namespace wattgrind
