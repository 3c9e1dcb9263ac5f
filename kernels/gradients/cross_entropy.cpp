#include "kernels/gradients/backward.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

constexpr float kSmallestProbability = 1e-7f;  // Keras's backend epsilon

}  // namespace

LoopNest lower_cross_entropy(const BackwardContext& context) {
  const MapLayout& out = context.output;
  const MapLayout& in = context.input_gradient;
  const MapLayout labelling = label_layout(out.shape.channels);
  NestBuilder nest("softmax_cross_entropy_backward", context.isa);
  const Address probabilities =
      moved(nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch)),
            out.pixel_bytes(0, 0));
  const Address labels =
      nest.buffer(Operand::kLabels, TensorRole::kInput, labelling.bytes(context.batch));
  const Address gradient =
      moved(nest.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context.batch)),
            in.pixel_bytes(0, 0));
  const Address loss = nest.buffer(Operand::kLoss, TensorRole::kOutput,
                                   static_cast<uint64_t>(context.batch * kFloatBytes));
  nest.loop("image", context.batch, [&](LoopVariable n) {
    Register total = kNoRegister;
    for (const Tiles& piece : vector_pieces(out.shape.channels, nest.max_lanes())) {
      const int lanes = static_cast<int>(piece.size);
      const Register sum = nest.constant(lanes, 0);
      nest.loop("class", piece.count, [&](LoopVariable c) {
        const auto at = [&](const Address& address, const MapLayout& layout) {
          const Address first = moved(address, piece.start * kFloatBytes);
          return stepped(stepped(first, n, layout.image_bytes()), c, piece.size * kFloatBytes);
        };
        const Register p = nest.load(lanes, at(probabilities, out));
        const Register y = nest.load(lanes, at(labels, labelling));
        const Register scale = nest.constant(lanes, 1.0f / static_cast<float>(context.batch));
        const Register error = nest.apply(Opcode::kSub, p, y);
        nest.store(nest.apply(Opcode::kMul, error, scale), at(gradient, in));
        // In this order the maximum passes on a probability that is no number.
        const Register bounded =
            nest.apply(Opcode::kMax, nest.constant(lanes, kSmallestProbability), p);
        nest.assign(sum, Opcode::kMulAdd, y, emit_log(nest, bounded), sum);
      });
      const Register folded = lanes == 1 ? sum : nest.reduce(Opcode::kReduceAdd, sum);
      total = total == kNoRegister ? folded : nest.apply(Opcode::kAdd, total, folded);
    }
    nest.store(nest.apply(Opcode::kSub, nest.constant(1, 0), total), stepped(loss, n, kFloatBytes));
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
