#include <string>

#include "estimator/base/error.h"
#include "estimator/network/binary_functions.h"
#include "kernels/gradients/backward.h"
#include "kernels/parts/sweep.h"

namespace wattgrind {
namespace {

// The gradients of z = f(a, b) by one of its operands. Where the operand is repeated along the
// output, the gradient is added up over the output's values that read it.
class BinaryBackward {
 public:
  BinaryBackward(const Binary& binary, const BackwardContext& context, const std::string& what)
      : binary_(binary),
        context_(context),
        nest_(std::string(word_of(binary.function)) + what, context.isa) {}

  LoopNest lower_in_place() && {
    const MapLayout& layout = context_.output_gradient;
    const Address gradient =
        nest_.buffer(Operand::kGradient, TensorRole::kGradient, layout.bytes(context_.batch));
    std::vector<SweptMap> maps = {{gradient, layout}};
    add_operands(maps);
    Sweep sweep(nest_, context_.batch, layout.shape, maps, padding_stays_zero());
    sweep.run([&] { nest_.store(value(sweep, false), sweep.at(kGradient)); });
    return std::move(nest_).finish();
  }

  LoopNest lower_by_input() && {
    const bool by_second = context_.input_index == 1;
    const MapLayout& layout = context_.input_gradient;
    const SweptMap result{{}, layout};
    return std::move(*this).lower(by_second, Operand::kInputGradient, result,
                                  layout.bytes(context_.batch));
  }

  LoopNest lower_by_constant() && {
    const SweptMap result{{}, parameter_layout(binary_.constant, context_.output), false};
    return std::move(*this).lower(true, Operand::kWeightGradient, result,
                                  parameter_bytes(result.layout));
  }

 private:
  enum Map : size_t { kGradient, kFirst, kSecond };

  LoopNest lower(bool by_second, Operand operand, SweptMap result, uint64_t result_bytes) && {
    const MapLayout& dy = context_.output_gradient;
    std::vector<SweptMap> maps = {
        {nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient, dy.bytes(context_.batch)),
         dy}};
    add_operands(maps);
    result.buffer = nest_.buffer(operand, TensorRole::kGradient, result_bytes);
    maps.push_back(result);
    const size_t place = maps.size() - 1;
    const bool is_repeated = result.layout.shape != dy.shape || !result.has_images;
    Sweep sweep(nest_, context_.batch, dy.shape, maps, padding_stays_zero());
    if (is_repeated) {
      sweep.add_up(place, 1, [&] { return std::vector{value(sweep, by_second)}; });
    } else {
      sweep.run([&] { nest_.store(value(sweep, by_second), sweep.at(place)); });
    }
    return std::move(nest_).finish();
  }

  // Sums and differences pass the gradient on whatever the operands are.
  bool reads_operands() const {
    return binary_.function != BinaryFunction::kAdd &&
           binary_.function != BinaryFunction::kSubtract;
  }

  void add_operands(std::vector<SweptMap>& maps) {
    if (!reads_operands()) return;
    const MapLayout& first = context_.input();
    maps.push_back(
        {nest_.buffer(Operand::kInput, TensorRole::kInput, first.bytes(context_.batch)), first});
    if (has_constant(binary_)) {
      const MapLayout layout = parameter_layout(binary_.constant, context_.output);
      maps.push_back(
          {nest_.buffer(Operand::kWeights, TensorRole::kWeights, parameter_bytes(layout)), layout,
           false});
    } else if (!binary_.scalar) {
      const MapLayout& second = context_.inputs[1];
      maps.push_back(
          {nest_.buffer(Operand::kInput, TensorRole::kInput, second.bytes(context_.batch), 1),
           second});
    }
  }

  // A gradient of zero stays zero but where it is divided by zero.
  bool padding_stays_zero() const { return binary_.function != BinaryFunction::kDivide; }

  // The gradient by a value of the layer's first or second operand.
  Register value(Sweep& sweep, bool by_second) const {
    const Register dy = sweep.load(kGradient);
    // Where the second operand stands first, a is the second.
    const bool by_b = by_second != binary_.reversed;
    const auto minus = [&](Register r) { return sweep.apply(Opcode::kSub, sweep.constant(0), r); };
    if (binary_.function == BinaryFunction::kAdd) return dy;
    if (binary_.function == BinaryFunction::kSubtract) return by_b ? minus(dy) : dy;
    Register a = sweep.load(kFirst);
    Register b = binary_.scalar ? sweep.constant(*binary_.scalar) : sweep.load(kSecond);
    if (binary_.reversed) std::swap(a, b);
    const Register zero = sweep.constant(0);
    switch (binary_.function) {
      case BinaryFunction::kMultiply:
        return sweep.apply(Opcode::kMul, dy, by_b ? a : b);
      case BinaryFunction::kDivide: {
        const Register by_a = sweep.apply(Opcode::kDiv, dy, b);
        if (!by_b) return by_a;
        return minus(sweep.apply(Opcode::kMul, by_a, sweep.apply(Opcode::kDiv, a, b)));
      }
      // Of equal operands the second gets the gradient.
      case BinaryFunction::kMinimum:
        return by_b ? sweep.apply(Opcode::kSelectGt, b, a, zero, dy)
                    : sweep.apply(Opcode::kSelectGt, b, a, dy, zero);
      case BinaryFunction::kMaximum:
        return by_b ? sweep.apply(Opcode::kSelectGt, a, b, zero, dy)
                    : sweep.apply(Opcode::kSelectGt, a, b, dy, zero);
      case BinaryFunction::kPrelu: {
        const Register scaled = sweep.apply(Opcode::kMul, dy, by_b ? a : b);
        return sweep.apply(Opcode::kSelectGt, a, zero, by_b ? zero : dy, scaled);
      }
      default:
        break;
    }
    CHECK(false, "function {}", static_cast<int>(binary_.function));
  }

  const Binary& binary_;
  const BackwardContext& context_;
  NestBuilder nest_;
};

}  // namespace

bool passes_gradient_on(const Binary& binary) {
  return binary.function == BinaryFunction::kAdd ||
         (binary.function == BinaryFunction::kSubtract && !binary.reversed);
}

LoopNest lower_data_gradient(const Binary& binary, const BackwardContext& context) {
  BinaryBackward backward(binary, context, "_data_gradient");
  return context.in_place ? std::move(backward).lower_in_place()
                          : std::move(backward).lower_by_input();
}

LoopNest lower_weight_gradient(const Binary& binary, const BackwardContext& context) {
  return BinaryBackward(binary, context, "_weight_gradient").lower_by_constant();
}

}  // namespace wattgrind
